package dualwrite

import (
	"context"
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
	if len(keys) == 0 || !both(t.setting.Mode) {
		return nil
	}
	p, err := t.change.fencedPlan(ctx, t.sql, t.setting)
	if err != nil {
		return err
	}
	began := time.Now()
	m := &mirror{tx: t, plan: p, direction: t.change.follows()}
	if m.keys, err = sortedKeys(p.mapper, keys); err != nil {
		return fmt.Errorf("change %s: %w", t.change.name, err)
	}
	if err := m.run(ctx); err != nil {
		return m.explain(ctx, err)
	}
	t.change.client.cfg.Metrics.Mirrored(t.change.name, time.Since(began))
	return nil
}

// mirror is the work of bringing the other shape of some rows into step.
type mirror struct {
	tx        *Tx
	plan      *plan
	direction shape.Direction
	keys      []shape.Key
}

func (m *mirror) run(ctx context.Context) error {
	var err error
	switch {
	case m.plan.mapper.Mapping().Kind() == migrate.ColumnChange:
		err = m.all(ctx)
	default:
		err = m.table(ctx)
	}
	if err != nil || m.direction == shape.Forward {
		return err
	}
	return m.check(ctx)
}

// table mirrors a table change. In full that is three statements: delete, update,
// insert. Most units need one of them, and which one follows from the kinds of
// statements they ran:
//
//   - Only inserts: the follower cannot have the rows yet, so they are inserted
//     without looking. If it has one after all, that is a duplicate key, and all
//     three statements run.
//   - Only deletes: the deletion.
//   - Only updates: the update of pairs, a statement for each part of the mapping.
//     If one of them changed as many pairs as there are keys, all pairs are there
//     and now in step. Otherwise some were in step already or have no follower,
//     or lost it to the mapping's condition: the other two run.
//   - Anything else, or statements that were not run through this Tx: all three.
func (m *mirror) table(ctx context.Context) error {
	mapper, scope := m.plan.mapper, shape.Keys(m.keys...)
	switch m.tx.kinds {
	case isInsert:
		fill, _ := mapper.Fill(m.direction, scope)
		if _, err := m.exec(ctx, fill); mysqlx.Classify(err) != mysqlx.ClassDuplicate {
			return err
		}
	case isDelete:
		return m.each(ctx, mapper.Remove(m.direction, scope))
	case isUpdate:
		most, err := m.update(ctx, mapper.Update(m.direction, m.tx.setting.Rule, scope))
		switch {
		case mysqlx.Classify(err) == mysqlx.ClassDuplicate:
			// It may go away once the deletion has run.
		case err != nil || most == int64(len(m.keys)):
			return err
		default:
			return m.each(ctx, mapper.Remove(m.direction, scope), mapper.Insert(m.direction, scope))
		}
	}
	return m.all(ctx)
}

// update runs the updates of all parts and returns how many pairs the one that
// changed most has changed.
func (m *mirror) update(ctx context.Context, statements []shape.Statement) (most int64, err error) {
	for _, s := range statements {
		n, err := m.exec(ctx, s)
		if err != nil {
			return most, err
		}
		most = max(most, n)
	}
	return most, nil
}

// all runs every statement of the reconcile.
func (m *mirror) all(ctx context.Context) error { return m.each(ctx, m.statements()...) }

func (m *mirror) statements() []shape.Statement {
	return m.plan.mapper.Reconcile(m.direction, m.tx.setting.Rule, shape.Keys(m.keys...))
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
	res, err := m.tx.sql.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// check makes sure after a backward mirror that the source can represent what
// the target holds: a value that changes on its way would be found by nobody
// until the next verification.
func (m *mirror) check(ctx context.Context) error {
	query, args := inline(m.plan.mapper.Differing(m.tx.setting.Rule, shape.Keys(m.keys...), 1))
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
		return &UnrepresentableError{
			Change: m.tx.change.name, Table: m.plan.mapper.Mapping().Source.Name, Key: key.String(),
			Reason: "the source does not hold what the target says, however the mapping is applied; write a value that it can hold",
		}
	}
	return rows.Err()
}
