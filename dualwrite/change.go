package dualwrite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Change is the handle of one declared change. It is safe for concurrent use.
type Change struct {
	client     *Client
	name       string
	support    Support
	capability migrate.Capability
	fencer     control.Fencer
	salt       flags.Salt
	refuse     error // not nil: what every call answers

	current  atomic.Pointer[view]
	plan     atomic.Pointer[plan] // the last one loaded, by whomever
	draining []*view              // the beat's own: replaced views whose reads may not have ended
	shadow   tally

	statements statements // mirrors that are prepared on the server

	// pin is the tests': the setting to work under whatever the row says.
	pin atomic.Pointer[migrate.Setting]
}

// view is a setting as the reads of this process see it, and the number of the
// reads that are going by it.
type view struct {
	setting migrate.Setting
	refused *NotAllowedError // not nil: why the release may not work under it
	plan    *plan            // nil where none is recorded
	since   uint64           // the epoch at which this process first saw the phase
	reads   atomic.Int64
}

func newChange(client *Client, s Support) (*Change, error) {
	fencer, err := control.NewFencer(s.Change)
	if err != nil {
		return nil, err
	}
	c := &Change{client: client, name: s.Change, support: s, capability: s.capability(), fencer: fencer, salt: flags.NewSalt(s.Change)}
	return c, nil
}

// Name returns the name of the change.
func (c *Change) Name() string { return c.name }

// Setting returns the setting that reads go by at the moment. It is for
// display: writes go by what their fence reads.
func (c *Change) Setting() migrate.Setting {
	if c.refuse != nil {
		return migrate.Initial()
	}
	return c.current.Load().setting
}

// judge returns nil if the release may work under the setting.
func (c *Change) judge(s migrate.Setting) *NotAllowedError {
	ok, why := c.capability.Supports(s)
	if ok {
		return nil
	}
	return &NotAllowedError{c.name, c.client.cfg.Release, s.Phase, s.Mode, why}
}

// prepare makes the change's row, reads it and tries out on the server what
// the release would run: the self test of Join.
func (c *Change) prepare(ctx context.Context) error {
	setting, hash, err := c.fencer.Setting(ctx, c.client.db)
	if errors.Is(err, control.ErrNoChange) {
		// A fence on a row that is not there locks nothing.
		if err = control.Register(ctx, c.client.db, c.name, c.client.cfg.Service); err == nil {
			setting, hash, err = c.fencer.Setting(ctx, c.client.db)
		}
	}
	if err != nil {
		return err
	}
	if refused := c.judge(setting); refused != nil {
		return refused
	}
	if err := c.selfTest(ctx); err != nil {
		return fmt.Errorf("self test of change %s: %w", c.name, err)
	}
	return c.adopt(ctx, c.client.db, setting, hash)
}

// selfTest takes the fence in a transaction that is rolled back, and has the
// server explain the statements of the plan.
func (c *Change) selfTest(ctx context.Context) error {
	tx, err := c.client.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was done
	f, err := c.fencer.Fence(ctx, tx)
	if err != nil {
		return err
	}
	if !c.support.mirrors() {
		return nil
	}
	if !strict(f.SQLMode) {
		return ErrNotStrict
	}
	if !both(f.Setting.Mode) {
		return nil // the target need not be there
	}
	p, err := c.load(ctx, tx, f.Setting.Epoch)
	if err != nil {
		return err
	}
	return c.explain(ctx, tx, p, f.Setting)
}

// explain has the server explain the mirror's statements: it resolves every
// name in them and checks the grants.
func (c *Change) explain(ctx context.Context, tx *sql.Tx, p *plan, s migrate.Setting) error {
	for _, statement := range p.mapper.Reconcile(c.follows(), s.Rule, p.anyKey()) {
		query, args := inline(statement)
		// Its rows say nothing that is wanted here.
		if _, err := tx.ExecContext(ctx, "EXPLAIN "+query, args...); err != nil {
			return fmt.Errorf("the server does not take the statement of the mirror: %w", err)
		}
	}
	return nil
}

// adopt makes a setting the current one. Only Join and the beat call it.
func (c *Change) adopt(ctx context.Context, q mysqlx.Querier, s migrate.Setting, planHash string) error {
	if pin := c.pin.Load(); pin != nil {
		s = *pin
	}
	old := c.current.Load()
	if old != nil && old.setting == s {
		return nil
	}
	v := &view{setting: s, refused: c.judge(s), since: s.Epoch}
	if planHash != "" {
		p, err := c.planAt(ctx, q, s.Epoch, planHash)
		if err != nil && v.refused == nil && s.Mode.Reads() == migrate.ReadsTargetOrCopies {
			return err
		}
		v.plan = p
	}
	if old != nil {
		if old.setting.Phase == s.Phase {
			v.since = old.since
		}
		c.draining = append(c.draining, old)
	}
	c.shadow.enter(v.since)
	c.current.Store(v)
	return nil
}

// applied returns the newest epoch of which no older read is left.
func (c *Change) applied() uint64 {
	left := c.draining[:0]
	for _, v := range c.draining {
		if v.reads.Load() != 0 {
			left = append(left, v)
		}
	}
	clear(c.draining[len(left):])
	c.draining = left
	if len(left) > 0 {
		return left[0].setting.Epoch // the oldest: views are replaced in order
	}
	return c.current.Load().setting.Epoch
}

// hold returns the current view with one more read on it. The second look makes
// sure that applied, which has replaced the view before it counts, cannot miss
// the read.
func (c *Change) hold() *view {
	for {
		v := c.current.Load()
		v.reads.Add(1)
		if c.current.Load() == v {
			return v
		}
		v.reads.Add(-1)
	}
}

func (v *view) release() { v.reads.Add(-1) }
