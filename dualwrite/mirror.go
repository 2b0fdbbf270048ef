package dualwrite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Key is the key of a row, part by part. Parts are integers of any type,
// strings or []byte. Where a function takes a key as any, a single value stands
// for a key of one column.
type Key []any

// keyOf brings a key given as any into parts; nil is no key.
func keyOf(key any) Key {
	switch k := key.(type) {
	case nil:
		return nil
	case Key:
		return k
	}
	return Key{key}
}

// finish makes the other shape follow. It runs after the unit's own statements
// and before the COMMIT.
func (t *Tx) finish(ctx context.Context) error {
	t.mu.Lock()
	changed, nothing, keys := t.changed, t.nothing, t.keys
	t.over = true
	t.mu.Unlock()
	if changed && !nothing && len(keys) == 0 {
		return fmt.Errorf("change %s: %w", t.change.name, ErrNothingTouched)
	}
	for _, k := range keys {
		if len(k) == 0 {
			return fmt.Errorf("change %s: Touch was called without a key: %w", t.change.name, shape.ErrKeyParts)
		}
	}
	began := time.Now()
	mirrored, err := t.follow(ctx, keys)
	if mirrored && err == nil {
		t.change.client.cfg.Metrics.Mirrored(t.change.name, time.Since(began))
	}
	return err
}

// follow takes the fence, unless that is done, and makes the other shape follow
// if the setting asks for it.
func (t *Tx) follow(ctx context.Context, keys []Key) (mirrored bool, err error) {
	if t.pending != nil {
		if done, err := t.ride(ctx, keys); err != nil || done {
			return done, err
		}
	}
	if len(keys) == 0 || !both(t.setting.Mode) {
		return false, nil
	}
	p, err := t.change.fencedPlan(ctx, t.sql, t.setting)
	if err != nil {
		return false, err
	}
	m, err := t.newMirror(p, keys)
	if err != nil {
		return false, err
	}
	return true, m.explain(ctx, m.run(ctx))
}

func (t *Tx) newMirror(p *plan, keys []Key) (*mirror, error) {
	sorted, err := sortedKeys(p.mapper, keys)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", t.change.name, err)
	}
	return &mirror{tx: t, plan: p, direction: t.change.follows(), keys: sorted}, nil
}

// mirror is the work of bringing the other shape of some rows into step.
type mirror struct {
	tx        *Tx
	plan      *plan
	direction shape.Direction
	keys      []shape.Key
}

func (m *mirror) run(ctx context.Context) error {
	if err := m.reconcile(ctx); err != nil {
		return err
	}
	return m.check(ctx)
}

// reconcile brings the follower into step. For a column change that is an UPDATE,
// or one for each part of the mapping. For a table change it is, in full, a
// deletion, the updates and an insertion; but most units need one of them, and
// which one follows from the kinds of statements they ran:
//
//   - Only inserts: the follower cannot have the rows yet, so they are inserted
//     without looking. If it has one after all, that is a duplicate key, and all
//     of it runs.
//   - Only deletes: the deletion.
//   - Only updates: the updates of pairs. If one of them met as many pairs as
//     there are keys, all pairs are there and now in step. Otherwise some were in
//     step already or have no follower, or lost it to the mapping's condition:
//     the other two run.
//   - Anything else, or statements that were not run through this Tx: all of it.
//
// In a merge the follower forward is columns of rows that are there anyway, so
// that only inserts need all of it: the row may be one of either table.
func (m *mirror) reconcile(ctx context.Context) error {
	if !m.column() && m.tx.kinds == isDelete {
		return m.each(ctx, m.plan.mapper.Remove(m.direction, m.scope()))
	}
	first := m.first(m.plan.mapper)
	if first == nil {
		return m.all(ctx)
	}
	most, err := m.most(ctx, first)
	if mysqlx.Classify(err) == mysqlx.ClassDuplicate {
		return m.all(ctx) // the value may be free once the deletion has run
	}
	if err != nil {
		return err
	}
	return m.rest(ctx, most)
}

// first is the statements that may do the whole work, rendered by the plan's
// mapper or by the one that takes the fence in passing.
func (m *mirror) first(mapper *shape.Mapper) []shape.Statement {
	rule := m.tx.setting.Rule
	switch {
	case !m.column() && m.tx.kinds != isUpdate:
	case rule == migrate.StepExact && m.direction == shape.Forward:
		return []shape.Statement{mapper.Overwrite(m.direction, m.scope())}
	default:
		return mapper.Update(m.direction, rule, m.scope())
	}
	if m.tx.kinds == isInsert {
		if fill, ok := mapper.Fill(m.direction, m.scope()); ok {
			return []shape.Statement{fill}
		}
	}
	return nil
}

// rest does what the first statements left to do. most is how many rows the one
// that changed most has changed.
func (m *mirror) rest(ctx context.Context, most int64) error {
	if m.column() || m.tx.kinds == isInsert || most == int64(len(m.keys)) {
		return nil
	}
	return m.each(ctx, m.plan.mapper.Remove(m.direction, m.scope()), m.plan.mapper.Insert(m.direction, m.scope()))
}

// most runs statements and returns how many rows the one that changed most has
// changed.
func (m *mirror) most(ctx context.Context, statements []shape.Statement) (most int64, err error) {
	for _, s := range statements {
		n, err := m.exec(ctx, s)
		if err != nil {
			return most, err
		}
		most = max(most, n)
	}
	return most, nil
}

func (m *mirror) column() bool { return m.plan.mapper.Mapping().Kind() == migrate.ColumnChange }

func (m *mirror) scope() shape.Scope { return shape.Keys(m.keys...) }

// all runs every statement of the reconcile.
func (m *mirror) all(ctx context.Context) error {
	return m.each(ctx, m.plan.mapper.Reconcile(m.direction, m.tx.setting.Rule, m.scope())...)
}

func (m *mirror) each(ctx context.Context, statements ...shape.Statement) error {
	for _, s := range statements {
		if _, err := m.exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (m *mirror) exec(ctx context.Context, s shape.Statement) (affected int64, err error) {
	query, args := inline(s)
	return affectedBy(m.tx.sql.ExecContext(ctx, query, args...))
}

func affectedBy(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// check makes sure after a backward mirror that the source can represent what
// the target holds: a value that changes on its way would be found by nobody
// until the next verification. After a forward mirror of a merge it makes sure
// that no source row is left without a target row to go to. That one locks what
// it reads: a unit that deletes the target row comes before or after this one.
func (m *mirror) check(ctx context.Context) error {
	if m.direction == shape.Backward {
		return m.none(ctx, m.plan.mapper.Differing(m.tx.setting.Rule, m.scope(), 1), m.plan.mapper.Mapping().Source.Name,
			"the source does not hold what the target says, however the mapping is applied; write a value that it can hold")
	}
	strays, ok := m.plan.mapper.Strays(m.scope(), 1)
	if !ok {
		return nil
	}
	strays.SQL += "\nLOCK IN SHARE MODE"
	target := m.plan.mapper.Mapping().Target.Name
	return m.none(ctx, strays, target, "table "+target+" has no row with this key for the source's row to be merged into; "+
		"insert that row before or in the same unit, and delete it after or in the same unit")
}

// none makes sure that a query of keys yields none.
func (m *mirror) none(ctx context.Context, q shape.Statement, table, reason string) error {
	query, args := inline(q)
	rows, err := m.tx.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		key, err := m.plan.mapper.ScanKey(rows)
		if err != nil {
			return err
		}
		return &UnrepresentableError{Change: m.tx.change.name, Table: table, Key: key.String(), Reason: reason}
	}
	return rows.Err()
}
