package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	classify "github.com/underpin-db/underpin/migrate/ddl"
)

// coster finds out what the statements of a plan cost: the classification says
// it of the live table, and the server is held to it on the scratch.
type coster struct {
	server classify.Server
	// live are the facts of the live tables; nil for one that is not there.
	live  map[string]*classify.Table
	costs []Cost
}

// knows reports whether the cost of a statement is recorded.
func (c *coster) knows(sql string) bool {
	return slices.ContainsFunc(c.costs, func(k Cost) bool { return k.SQL == sql })
}

// facts are what the cost of a statement hangs on: the scratch as the
// statements before it have left it, with what a scratch does not have.
func (b *builder) facts(ctx context.Context, s *scratch, name string) (*classify.Table, error) {
	c := &b.coster
	live, known := c.live[name]
	if !known {
		var err error
		if live, err = classify.ReadTable(ctx, b.db, c.server, name); err != nil && !errors.Is(err, classify.ErrNoTable) {
			return nil, err
		}
		c.live[name] = live
	}
	t, err := classify.ReadTable(ctx, s.conn, c.server, s.of(name))
	if err != nil || live == nil {
		return t, err
	}
	t.RowVersions += live.RowVersions
	t.Checks = append(t.Checks, live.Checks...)
	t.ForeignKeys, t.Cascading, t.Referenced, t.Versioning = live.ForeignKeys, live.Cascading, live.Referenced, live.Versioning
	return t, nil
}

// judge says what a statement costs, or refuses it; ok is false then.
func (b *builder) judge(ctx context.Context, s *scratch, st Statement, at Position) (c Cost, ok bool, err error) {
	if b.coster.live == nil {
		if b.coster.server, err = classify.ReadServer(ctx, b.db); err != nil {
			return c, false, explain(err)
		}
		b.coster.live = map[string]*classify.Table{}
	}
	if !st.clauses() {
		return costOf(b.coster.server, nil, st), true, nil
	}
	t, err := b.facts(ctx, s, st.Table)
	if err != nil {
		return c, false, fmt.Errorf("read what %q would cost: %w", st.SQL, explain(err))
	}
	c, err = judge(b.coster.server, t, st)
	if reason, known := unjudged(err); known {
		b.refuse(CodeDDLForbidden, oneLine(st.SQL), at, reason, "carry it out by hand, or write it in another way")
		return c, false, nil
	}
	return c, err == nil, err
}

// keepCost records what a statement costs. Of one that is met again, on the way
// back or a second time, the first counts.
func (b *builder) keepCost(c Cost) {
	if b.coster.knows(c.SQL) {
		return
	}
	b.coster.costs = append(b.coster.costs, c)
	for _, p := range c.verdict.Parts {
		if live := b.coster.live[c.statement.Table()]; live != nil && p.Operation.Kind == classify.AddCheck {
			live.Checks = append(live.Checks, p.Operation.Name) // the scratch has it under another name, or not at all
		}
	}
}

// carryOut carries a statement out on the scratch, where text has the scratch's
// name, in the way that the classification says. Where the server refuses that
// way, the next is taken, and the plan says so: what the server says wins. Of a
// statement that has a cost already nothing is said: by now the scratch bears the
// marks of having been there and back.
func (b *builder) carryOut(ctx context.Context, s *scratch, c Cost, text string, at Position) error {
	for {
		asserted, err := c.Over(text)
		if err != nil {
			return err
		}
		err = s.exec(ctx, "/* underpin plan */ "+asserted)
		why, refused := classify.ClauseRefused(err)
		next, more := c.Next()
		if !refused || !more {
			b.keepCost(c)
			return err
		}
		if b.coster.knows(c.SQL) {
			c = next
			continue
		}
		words, _ := serverWords(err)
		b.warn(CodeCost, oneLine(c.SQL), at, fmt.Sprintf("%s would do it %s, and refuses: %s (%s)", c.Server, c.Class, why, s.unscratch(words)),
			fmt.Sprintf("it is planned as the next way, %s: %s", next.Class, next.Words))
		c = next
	}
}

// checkCosts warns of statements that apply refuses unless it is allowed to.
func (b *builder) checkCosts(list []Statement, at Position, of TableFacts) {
	for _, st := range list {
		i := slices.IndexFunc(b.coster.costs, func(c Cost) bool { return c.SQL == st.SQL })
		if i < 0 || b.coster.costs[i].Class.Gentle() {
			continue
		}
		c := b.coster.costs[i]
		why, instead := c.hardship()
		b.warn(CodeCopies, oneLine(st.SQL), at,
			fmt.Sprintf("%s, on %s: %s%s, over about %s rows and %s", c.Class, c.Server, why, c.Words, count(of.Rows), size(of.DataBytes+of.IndexBytes)),
			instead+"; or apply with --allow-copy at a quiet time")
	}
}
