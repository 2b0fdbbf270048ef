package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// The query that sends sampled rows through the mapping is nested, a level a
// step, so that each step sees the columns of the one before under the names
// it expects. Values that only travel have names of their own:
//
//	base   a window of source rows, by key
//	level1 k: the key, s: source values that backward assigns, c: columns that
//	       backward reads from the same row, v = f(base)
//	level2 m: whether v fits, t: what the target stores of v
//	level3 t, k and c under the target's column names; w = g(level3)
//	level4 r: what the source stores of w
//	level5 r, and what else forward reads, under the source's names; x = f(level5)
//	level6 u: what the target stores of x
//	top    everything as text

// travel is the prefix of the names of values that only travel.
const travel = "_underpin_"

// name returns the quoted name of a travelling value.
func name(kind string, i int) string { return mysqlx.Quote(fmt.Sprintf("%s%s%d", travel, kind, i)) }

// fits codes of level2.
const (
	codeFits   = 0
	codeNull   = 1
	codeMisfit = 2
)

// selection is a SELECT list under construction.
type selection []string

// add adds an expression under a name, which has to be quoted.
func (s *selection) add(expr, as string) { *s = append(*s, expr+" AS "+as) }

// keep adds travelling values as they are.
func (s *selection) keep(kind string, n int) {
	for i := range n {
		s.add(name(kind, i), name(kind, i))
	}
}

// from wraps a query into the next level.
func (s selection) from(query, alias string) string {
	return "SELECT " + strings.Join(s, ",\n  ") + "\nFROM (" + query + ") AS " + alias
}

// sampler builds and runs the queries of a sample.
type sampler struct {
	*builder
	// carried are the source columns that backward does not assign and that
	// backward (in a column change) or forward reads.
	carried []column
}

// newSampler returns a sampler for what the builder has resolved.
func newSampler(b *builder) *sampler {
	s := &sampler{builder: b}
	reads := slices.Clone(b.where.columns)
	for _, list := range [][]assignment{b.forward, b.backward} {
		for _, a := range list {
			reads = append(reads, a.columns...)
		}
	}
	for _, c := range b.live.source.columns {
		targets := b.columnChange() && assigns(b.forward, c.Name) // there already
		if slices.Contains(reads, c.Name) && !assigns(b.backward, c.Name) && !s.isKey(c.Name) && !targets {
			s.carried = append(s.carried, c)
		}
	}
	return s
}

// isKey reports whether a source column is part of the key.
func (s *sampler) isKey(name string) bool {
	return slices.ContainsFunc(s.sourceKey, func(k column) bool { return k.Name == name })
}

// query returns the whole query over a window: a WHERE over the key (may be
// empty), an order, and a limit on the rows of the source that are looked at.
func (s *sampler) query(where, order string, limit int) string {
	var l1, l2, l3, l4, l5, l6, top selection
	k, n, m, c := len(s.sourceKey), len(s.backward), len(s.forward), len(s.carried)
	s.level1(&l1)
	l2.keep("k", k)
	l2.keep("s", n)
	l2.keep("c", c)
	for i, a := range s.forward {
		v := name("v", i)
		l2.add(a.to.fitCode(v), name("m", i))
		l2.add(a.to.fill(a.to.rule().stored, v), name("t", i))
	}
	s.level3(&l3)
	l4.keep("k", k)
	l4.keep("s", n)
	l4.keep("c", c)
	l4.keep("m", m)
	l4.keep("t", m)
	for j, a := range s.backward {
		l4.add(a.value.Over("level3"), name("w", j))
	}
	s.level5(&l5)
	l6.keep("k", k)
	l6.keep("s", n)
	l6.keep("m", m)
	l6.keep("t", m)
	l6.keep("r", n)
	for i, a := range s.forward {
		l6.add("("+a.value.Over("level5")+")", name("x", i))
	}
	s.top(&top)

	q := s.window(where, order, limit)
	filter := ""
	if s.where.value != "" {
		filter = "\nWHERE " + s.where.value.Over("base")
	}
	q = l1.from(q, "base") + filter
	for _, level := range []struct {
		list  selection
		alias string
	}{{l2, "level1"}, {l3, "level2"}, {l4, "level3"}, {l5, "level4"}, {l6, "level5"}, {top, "level6"}} {
		q = level.list.from(q, level.alias)
	}
	return q
}

// window returns the query for the rows that are looked at.
func (s *sampler) window(where, order string, limit int) string {
	var cols []string
	for _, c := range s.live.source.columns {
		reads := s.isKey(c.Name) || assigns(s.backward, c.Name) || slices.ContainsFunc(s.carried, func(x column) bool { return x.Name == c.Name })
		if reads {
			cols = append(cols, mysqlx.Quote(c.Name))
		}
	}
	q := "SELECT " + strings.Join(cols, ", ") + "\nFROM " + mysqlx.Quote(s.live.source.name)
	if where != "" {
		q += "\nWHERE " + where
	}
	return q + fmt.Sprintf("\nORDER BY %s\nLIMIT %d", order, limit)
}

// level1 selects what travels and f over the window.
func (s *sampler) level1(l *selection) {
	for i, k := range s.sourceKey {
		l.add("base."+mysqlx.Quote(k.Name), name("k", i))
	}
	for j, a := range s.backward {
		l.add("base."+mysqlx.Quote(a.to.Name), name("s", j))
	}
	for i, c := range s.carried {
		l.add("base."+mysqlx.Quote(c.Name), name("c", i))
	}
	for i, a := range s.forward {
		l.add("("+a.value.Over("base")+")", name("v", i))
	}
}

// level3 gives the target's names to what the target holds.
func (s *sampler) level3(l *selection) {
	l.keep("k", len(s.sourceKey))
	l.keep("s", len(s.backward))
	l.keep("c", len(s.carried))
	l.keep("m", len(s.forward))
	l.keep("t", len(s.forward))
	for i, a := range s.forward {
		l.add(name("t", i), mysqlx.Quote(a.to.Name))
	}
	for i, k := range s.targetKey {
		l.add(name("k", i), mysqlx.Quote(k.Name))
	}
	if s.columnChange() {
		for i, c := range s.carried {
			l.add(name("c", i), mysqlx.Quote(c.Name))
		}
	}
}

// level5 gives the source's names to what g makes of the target.
func (s *sampler) level5(l *selection) {
	l.keep("k", len(s.sourceKey))
	l.keep("s", len(s.backward))
	l.keep("m", len(s.forward))
	l.keep("t", len(s.forward))
	for j, a := range s.backward {
		stored := a.to.fill(a.to.rule().stored, name("w", j))
		l.add(stored, name("r", j))
		l.add(stored, mysqlx.Quote(a.to.Name))
	}
	for i, k := range s.sourceKey {
		l.add(name("k", i), mysqlx.Quote(k.Name))
	}
	for i, c := range s.carried {
		l.add(name("c", i), mysqlx.Quote(c.Name))
	}
}

// top selects everything as text.
func (s *sampler) top(l *selection) {
	for i, k := range s.sourceKey {
		l.add(k.asText(name("k", i)), name("k", i))
	}
	for j, a := range s.backward {
		l.add(a.to.asText(name("s", j)), name("s", j))
		l.add(a.to.asText(name("r", j)), name("r", j))
	}
	for i, a := range s.forward {
		l.add(name("m", i), name("m", i))
		l.add(a.to.asText(name("t", i)), name("t", i))
		l.add(a.to.asText(a.to.fill(a.to.rule().stored, name("x", i))), name("u", i))
	}
}

// asText returns SQL for the text of a stored value, from which two values
// that differ in a byte differ.
func (c column) asText(value string) string { return c.fill(c.rule().shown, value) }

// fitCode returns SQL for whether a column takes a value.
func (c column) fitCode(value string) string {
	null := codeFits
	if c.Null == migrate.NotNull {
		null = codeNull
	}
	return fmt.Sprintf("CASE WHEN %s IS NULL THEN %d WHEN COALESCE(%s, 0) THEN %d ELSE %d END",
		value, null, c.fill(c.rule().fits, value), codeFits, codeMisfit)
}

// limited returns a SELECT that the server itself ends after a time.
func limited(query string, flavour Flavour, limit time.Duration) string {
	if flavour == MariaDB {
		return fmt.Sprintf("/* underpin plan */ SET STATEMENT max_statement_time=%.3f FOR %s", limit.Seconds(), query)
	}
	rest := strings.TrimPrefix(query, "SELECT ")
	return fmt.Sprintf("/* underpin plan */ SELECT /*+ MAX_EXECUTION_TIME(%d) */ %s", limit.Milliseconds(), rest)
}
