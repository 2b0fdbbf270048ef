package dualwrite

import (
	"context"
	"errors"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// ride runs the first statements of the mirror with the fence joined into them.
// If they changed anything, the fence is taken, the setting is what was assumed,
// and done is true once the rest of the mirror has run too.
//
// If they changed nothing, either there was nothing to change or the setting has
// moved on, and if one failed, that may be because the plan it came from is
// gone. So the fence is taken by itself then, and the caller goes on by what
// that says. Nothing is lost by taking it late: no part of this transaction is
// visible before it commits, and it commits under the setting that its fence
// has read, with the rows that it wrote locked all the time.
func (t *Tx) ride(ctx context.Context, keys []Key) (done bool, err error) {
	if len(keys) == 0 {
		return false, t.begin(ctx)
	}
	assumed := t.setting
	m, err := t.newMirror(t.pending, keys)
	if err != nil {
		return false, err
	}
	idle := false
	if first := m.ridden(); first != nil {
		// An epoch only rises. The plan's was the row's when it was read, so if
		// one of several statements still met it, all of them did.
		most, err := m.riding(ctx, first)
		switch {
		case err != nil && (costsTransaction(err) || errors.Is(err, mysqlx.ErrUnknownOutcome)):
			return false, m.explain(ctx, err)
		case err == nil && most > 0:
			t.pending = nil
			if t.sql.ending == landed {
				return true, nil
			}
			return true, m.explain(ctx, m.after(ctx, most))
		}
		idle = err == nil && m.column()
	}
	if err := t.begin(ctx); err != nil {
		return false, err
	}
	// Likewise: at the same epoch still, the statements found every pair in step.
	if idle && t.setting == assumed {
		return true, m.explain(ctx, m.check(ctx))
	}
	return false, nil
}

// after completes a mirror whose first statements changed rows.
func (m *mirror) after(ctx context.Context, most int64) error {
	if err := m.rest(ctx, most); err != nil {
		return err
	}
	return m.check(ctx)
}

// ridden is a statement of the mirror that carries the fence.
type ridden struct {
	shape.Statement
	landing string // the same and the COMMIT; empty for more rows than one
}

// ridden is the first statements of the mirror with the fence joined into them;
// nil if there are none. The usual mirror, of one row, is not rendered again for
// every row.
func (m *mirror) ridden() (out []ridden) {
	render := func() []shape.Statement { return m.first(m.plan.riding) }
	if len(m.keys) == 1 {
		for _, u := range m.plan.usual(occasion{m.tx.setting.Rule, m.tx.kinds}, m.keys[0], render) {
			out = append(out, u.about(m.keys[0]))
		}
		return out
	}
	for _, s := range render() {
		out = append(out, ridden{Statement: s})
	}
	return out
}

// riding runs the first statements, which carry the fence, the cheapest way there
// is: one about one row may be prepared, and if it is the whole mirror it may
// bring the COMMIT with it. It returns how many rows the one that changed most
// has changed.
func (m *mirror) riding(ctx context.Context, first []ridden) (most int64, err error) {
	for _, s := range first {
		n, err := m.rideOne(ctx, s, len(first) == 1)
		if err != nil {
			return most, err
		}
		most = max(most, n)
	}
	return most, nil
}

func (m *mirror) rideOne(ctx context.Context, s ridden, whole bool) (affected int64, err error) {
	if len(m.keys) != 1 || m.tx.change.client.cfg.Prepare == PrepareNothing || !numbered(s.Statement) {
		return m.exec(ctx, s.Statement)
	}
	if whole && m.mayLand() {
		if n, tried, err := m.land(ctx, s); tried {
			return n, err
		}
	}
	if stmt := m.tx.change.statements.of(m.plan.epoch, s.SQL); stmt != nil {
		return affectedBy(m.tx.sql.run(ctx, stmt, s.Args))
	}
	return m.exec(ctx, s.Statement)
}

// mayLand reports whether nothing is left to do after a mirror of one statement
// that changed its row, but to commit. A backward mirror is checked afterwards,
// and so is that of a merge.
func (m *mirror) mayLand() bool {
	return m.tx.owner == ownedByWrite && m.tx.change.client.cfg.Commit == CommitWithMirror &&
		m.direction == shape.Forward && m.plan.mapper.Mapping().Kind() != migrate.MergeChange &&
		m.tx.change.statements.compound()
}
