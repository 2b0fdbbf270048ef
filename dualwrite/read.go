package dualwrite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Querier is what a reader reads from: the pool, or the snapshot of a shadow
// read.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Reader reads a value from one shape. It must read through q and nothing
// else, and must not write.
type Reader[T any] func(ctx context.Context, q Querier) (T, error)

// ReadOptions are for the rarer cases. The zero value is right.
type ReadOptions[T any] struct {
	// Equal compares what the two shapes answered in a shadow read. Defaults
	// to reflect.DeepEqual.
	Equal func(source, target T) bool
	// Sticky is what the ramp goes by, in place of the row's key: a tenant,
	// say, so that all that one tenant sees comes from one shape.
	Sticky any
}

// Read reads a value from the shape that answers at the moment: from the source
// through readOld or from the target through readNew. key is the row's key: a
// single value, or a [Key] of several parts. A read that concerns no single
// row, such as a list, passes nil: while rows are still being brought over it is
// answered by the source, and the ramp takes it as one key.
//
// Read does not change what the readers return. It adds [ErrLeaseLost] if the
// process fell out of the fleet while the read was under way: what was read may
// be out of date and is not returned. A release that writes the target shape
// always reads the target, so its readOld may be nil; otherwise a reader may be
// nil as long as its turn does not come, and then the read fails with
// [ErrNoReader].
func Read[T any](ctx context.Context, c *Change, key any, readOld, readNew Reader[T]) (T, error) {
	return ReadWith(ctx, c, key, ReadOptions[T]{}, readOld, readNew)
}

// ReadWith is [Read] with options.
func ReadWith[T any](ctx context.Context, c *Change, key any, opts ReadOptions[T], readOld, readNew Reader[T]) (T, error) {
	var none T
	r, err := c.beginRead()
	if err != nil {
		return none, err
	}
	defer r.end()
	from, err := c.choose(ctx, r.view, key, opts.Sticky)
	if err != nil {
		return none, err
	}
	read := readOld
	if from == migrate.TargetShape {
		read = readNew
	}
	if read == nil {
		return none, fmt.Errorf("change %s in mode %s: %w: pass a reader of the %s shape", c.name, r.view.setting.Mode, ErrNoReader, from)
	}
	if readOld != nil && readNew != nil && c.samples(r.view) {
		offer(ctx, c, r.view, key, opts, readOld, readNew)
	}
	value, err := read(ctx, c.client.db)
	if lost := c.client.served(r.lease); lost != nil {
		return none, lost
	}
	c.client.cfg.Metrics.Read(c.name, from)
	return value, err
}

// reading is a read in flight.
type reading struct {
	change *Change
	view   *view
	lease  *lease
}

// beginRead counts a read in: neither an acknowledgement nor Close can pass it
// by until it has ended.
func (c *Change) beginRead() (reading, error) {
	if c.refuse != nil {
		return reading{}, c.refuse
	}
	if err := c.client.gate.enter(); err != nil {
		return reading{}, err
	}
	l, err := c.client.serving()
	if err != nil {
		c.client.gate.leave()
		return reading{}, err
	}
	v := c.hold()
	if v.refused != nil {
		v.release()
		c.client.gate.leave()
		return reading{}, v.refused
	}
	return reading{c, v, l}, nil
}

func (r reading) end() {
	r.view.release()
	r.change.client.gate.leave()
}

// choose returns the shape to read, after bringing the row over if that is what
// the mode asks for.
func (c *Change) choose(ctx context.Context, v *view, key, sticky any) (migrate.Shape, error) {
	if c.capability.Writes == migrate.TargetShape {
		return migrate.TargetShape, nil
	}
	switch v.setting.Mode.Reads() {
	case migrate.ReadsTarget:
		return migrate.TargetShape, nil
	case migrate.ReadsByRamp:
		if sticky == nil {
			sticky = key
		}
		return c.ramp(v.setting.Ramp, sticky)
	case migrate.ReadsTargetOrCopies:
		if key == nil {
			return migrate.SourceShape, nil
		}
		return c.bringOver(ctx, v, keyOf(key))
	}
	return migrate.SourceShape, nil
}

// ramp decides by the place of a key.
func (c *Change) ramp(ramp uint16, key any) (migrate.Shape, error) {
	var place uint16
	var err error
	switch k := key.(type) {
	case nil:
		place, err = c.salt.Bucket()
	case Key:
		place, err = c.salt.Bucket(k...)
	default:
		place, err = c.salt.Bucket(key)
	}
	if err != nil {
		return "", fmt.Errorf("read of change %s: %w", c.name, err)
	}
	if place < ramp {
		return migrate.TargetShape, nil
	}
	return migrate.SourceShape, nil
}

// bringOver makes sure that the target holds the row, and returns the shape to
// read. A row that cannot be brought over is read from the source, which is
// complete and in step all the while: a read does not fail for it.
func (c *Change) bringOver(ctx context.Context, v *view, parts Key) (migrate.Shape, error) {
	if v.plan == nil {
		return "", fmt.Errorf("change %s: %w", c.name, ErrNoPlan)
	}
	key, err := v.plan.mapper.NewKey(parts...)
	if err != nil {
		return "", fmt.Errorf("read of change %s: %w", c.name, err)
	}
	scope := shape.Keys(key)
	missing, err := c.any(ctx, c.client.db, v.plan.mapper.Unmapped(scope))
	if err != nil || !missing {
		return migrate.TargetShape, err
	}
	// Without this look a read of a row that does not exist would lock the gap
	// where it would be.
	exists, err := c.any(ctx, c.client.db, v.plan.mapper.FollowerAny(shape.Backward, scope))
	if err != nil || !exists {
		return migrate.TargetShape, err
	}
	copied, err := c.copyRow(ctx, v.plan, scope)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil || copied == leftAlone:
		c.client.cfg.Metrics.Copied(c.name, Failed)
		return migrate.SourceShape, nil //nolint:nilerr // the source answers too; the metric tells of the failure
	}
	c.client.cfg.Metrics.Copied(c.name, Done)
	return migrate.TargetShape, nil
}

// any reports whether a query yields a row.
func (c *Change) any(ctx context.Context, q Querier, s shape.Statement) (bool, error) {
	query, args := inline(s)
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("read of change %s: %w", c.name, err)
	}
	defer rows.Close()
	found := rows.Next()
	return found, rows.Err()
}

// copied says what copyRow did.
type copied int

const (
	leftAlone copied = iota // the mode has moved on; the source is right
	broughtOver
)

// copyRow brings one row over in a transaction of its own: fence, lock of the
// source row, reconcile. The row cannot change between being read and being
// written, nor can it be deleted.
func (c *Change) copyRow(ctx context.Context, p *plan, scope shape.Scope) (done copied, err error) {
	again := func(err error) bool { return again(err) == tryAgain }
	err = c.client.cfg.Retry.internal().Retry(ctx, again, func(ctx context.Context) error {
		done, err = c.copyOnce(ctx, p, scope)
		return err
	})
	return done, err
}

func (c *Change) copyOnce(ctx context.Context, p *plan, scope shape.Scope) (copied, error) {
	tx, err := c.client.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return leftAlone, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	f, err := c.fence(ctx, tx)
	if err != nil {
		return leftAlone, err
	}
	if f.setting.Mode != migrate.CopyOnRead {
		return leftAlone, nil
	}
	if !f.strict {
		return leftAlone, ErrNotStrict
	}
	query, args := inline(p.mapper.Lock(shape.Forward, scope))
	var locked int64
	if err := tx.QueryRowContext(ctx, query, args...).Scan(&locked); err != nil {
		return leftAlone, err
	}
	for _, s := range p.mapper.Reconcile(shape.Forward, f.setting.Rule, scope) {
		query, args := inline(s)
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return leftAlone, err
		}
	}
	if strays, ok := p.mapper.Strays(scope, 1); ok {
		left, err := c.any(ctx, tx, strays)
		if err != nil || left {
			return leftAlone, err
		}
	}
	// If the outcome is unknown, reading the source is right either way.
	return broughtOver, tx.Commit()
}
