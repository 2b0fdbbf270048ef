package dualwrite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Unit is the application's part of a write: statements on tx in the shape that
// the release declares, and tx.Touch for every row of the change that they
// insert, update or delete. It may be run several times, each time in a new
// transaction, so it must not have effects elsewhere.
type Unit func(ctx context.Context, tx *Tx) error

// WriteOptions are for the rare cases. The zero value is right.
type WriteOptions struct {
	// Resolve is asked when the answer to the COMMIT was lost. It has to find
	// out on another connection whether the unit took effect, with a locking
	// read (FOR UPDATE) of something the unit alone writes, such as a row with
	// an idempotency key: a locking read waits for a COMMIT that is still under
	// way, where a plain one would answer too early. If it did not take effect,
	// the unit is tried again. Defaults to returning [ErrUnknownOutcome].
	Resolve func(ctx context.Context) (committed bool, err error)
}

// Write runs a unit of work in one transaction: fence, fn, mirror, commit. When
// it returns nil both shapes are durable. The unit is tried again as a whole
// after a deadlock, a lock wait timeout or a lost connection, even if fn hid
// that error: half a write is never committed. Errors of fn roll back and come
// back as they are. See the package comment for the others.
func (c *Change) Write(ctx context.Context, fn Unit) error {
	return c.WriteWith(ctx, WriteOptions{}, fn)
}

// WriteWith is [Change.Write] with options.
func (c *Change) WriteWith(ctx context.Context, opts WriteOptions, fn Unit) error {
	if c.refuse != nil {
		return c.refuse
	}
	if err := c.client.gate.enter(); err != nil {
		return err
	}
	defer c.client.gate.leave()
	w := &write{change: c, opts: opts, fn: fn, started: time.Now()}
	err := c.client.cfg.Retry.internal().Retry(ctx, w.again, w.attempt)
	c.statements.tend(ctx, c.client.db, c.client.now())
	c.client.cfg.Metrics.Wrote(c.name, w.mode, outcomeOf(err), time.Since(w.started))
	return err
}

func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Done
	case errors.Is(err, ErrUnknownOutcome):
		return Unknown
	case errors.Is(err, ErrNotAllowed), errors.Is(err, ErrLeaseLost):
		return Refused
	}
	return Failed
}

// write is one call of Write.
type write struct {
	change  *Change
	opts    WriteOptions
	fn      Unit
	started time.Time
	mode    migrate.Mode // of the last attempt
	races   int          // attempts lost to another writer's identity

	// retry says whether the last attempt failed in a way that asks for
	// another. It is not read off the error: fn may return an error of some
	// other database.
	retry retryable
}

// retryable says whether an attempt may be made again.
type retryable int

const (
	final retryable = iota
	tryAgain
)

func (w *write) again(err error) bool {
	if w.retry == final {
		return false
	}
	why := mysqlx.Classify(err)
	w.change.client.cfg.Metrics.Retried(w.change.name, string(why))
	return true
}

// attempt is one transaction.
func (w *write) attempt(ctx context.Context) (err error) {
	w.retry = final
	if _, err := w.change.client.serving(); err != nil {
		return err
	}
	s, err := w.change.client.begin(ctx)
	if err != nil {
		return w.ours(fmt.Errorf("begin: %w", err))
	}
	t := w.change.newTx(s)
	defer func() {
		// Also when fn panics. After a commit it does nothing.
		t.end()
		w.change.client.release(s)
	}()
	if err := t.assume(ctx); err != nil {
		return w.ours(err)
	}
	w.mode = t.setting.Mode
	if err := w.run(ctx, t); err != nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		s.end() // whoever finds out what came of it may need the connection
		return w.settle(ctx, err)
	}
	if s.ending == landed {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t.closeRows()
	return w.commit(ctx, s)
}

// run runs fn. What went wrong inside the transaction counts for more than what
// fn made of it.
func (w *write) run(ctx context.Context, t *Tx) error {
	mine := w.fn(ctx, t)
	if poison := t.poisoned(); poison != nil {
		w.retry = again(poison)
		if mine != nil && errors.Is(mine, poison) {
			return mine
		}
		return fmt.Errorf("a statement of the unit failed, so it was rolled back: %w", poison)
	}
	if mine != nil && w.lostRace(t, mine) {
		w.retry = tryAgain
	}
	return mine
}

// maxRaces is how often an INSERT that found its key taken is tried again. Each
// time the server hands out another key, so two writers meet once or twice.
const maxRaces = 3

// lostRace recognises two writers that were given one identity: while both shapes are
// written and both tables number their rows, the server may hand this writer a
// number that the other side's writer has just brought over. The next attempt
// gets another number.
func (w *write) lostRace(t *Tx, err error) bool {
	if mysqlx.Classify(err) != mysqlx.ClassDuplicate || !both(t.setting.Mode) || w.races == maxRaces {
		return false
	}
	index := indexOf(err)
	if index != "PRIMARY" || !t.numbers() {
		return false
	}
	w.races++
	return true
}

func again(err error) retryable {
	if mysqlx.RetryUnit(err) {
		return tryAgain
	}
	return final
}

// ours marks an error of our own statement.
func (w *write) ours(err error) error {
	w.retry = again(err)
	var race *identityRaceError
	if errors.As(err, &race) && w.races < maxRaces {
		w.races++
		w.retry = tryAgain
	}
	return err
}

// commit commits.
func (w *write) commit(ctx context.Context, s *session) error {
	err := w.change.client.commit(ctx, s)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		// database/sql looks at the context before it sends the COMMIT and never
		// after: nothing was sent.
		return fmt.Errorf("roll back: %w", context.Cause(ctx))
	}
	return w.settle(ctx, err)
}

// settle decides what an error of ours means and, if nobody knows whether the
// unit was committed, asks.
func (w *write) settle(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, mysqlx.ErrUnknownOutcome):
		return w.ours(err)
	case w.opts.Resolve == nil:
		return fmt.Errorf("write of change %s: %w", w.change.name, err)
	}
	committed, failed := w.opts.Resolve(ctx)
	switch {
	case failed != nil:
		return fmt.Errorf("write of change %s: %w; asking for it failed too: %w", w.change.name, err, failed)
	case committed:
		return nil
	}
	w.retry = tryAgain
	// Without %w: the outcome is known now.
	return fmt.Errorf("write of change %s: the connection broke before the COMMIT took effect: %s", w.change.name, fmt.Sprint(err))
}

// assume puts the fence off until the mirror, if a mirror is to be expected:
// its statement takes the fence in passing, which saves a round trip, and the
// transaction holds the fence for a shorter time. What the unit does until then
// does not depend on the setting, only on the shape that the release declares.
// Where no mirror is to be expected, the fence comes first.
func (t *Tx) assume(ctx context.Context) error {
	c := t.change
	v := c.current.Load()
	if p := c.plan.Load(); v.refused == nil && both(v.setting.Mode) && p != nil && p.epoch == v.setting.Epoch && c.pin.Load() == nil {
		t.setting, t.pending = v.setting, p
		return nil
	}
	return t.begin(ctx)
}

// begin takes the fence and decides whether the release may write under what it
// says. From here to the end of the transaction no transition can happen.
func (t *Tx) begin(ctx context.Context) error {
	c := t.change
	sent := time.Now()
	f, err := c.fence(ctx, t.sql)
	if err != nil {
		return err
	}
	c.client.cfg.Metrics.Fenced(c.name, time.Since(sent))
	t.setting, t.pending = f.setting, nil
	if refused := c.judgeCached(f.setting); refused != nil {
		return refused
	}
	if both(f.setting.Mode) && !f.strict {
		return fmt.Errorf("change %s: %w", c.name, ErrNotStrict)
	}
	return nil
}

// fenced is what a fence found.
type fenced struct {
	setting migrate.Setting
	strict  bool // the session refuses values that do not fit
}

// fence takes the fence. In the usual case it reads the epoch only: if that is
// the one that this process knows, so is the rest of the setting.
func (c *Change) fence(ctx context.Context, tx mysqlx.Querier) (fenced, error) {
	epoch, isStrict, err := c.fencer.Epoch(ctx, tx)
	if err != nil {
		return fenced{}, err
	}
	if pin := c.pin.Load(); pin != nil {
		return fenced{*pin, isStrict}, nil
	}
	if v := c.current.Load(); v.setting.Epoch == epoch {
		return fenced{v.setting, isStrict}, nil
	}
	f, err := c.fencer.Fence(ctx, tx)
	return fenced{f.Setting, isStrict}, err
}

// judgeCached is judge without the work, where the reads' view knows already.
func (c *Change) judgeCached(s migrate.Setting) *NotAllowedError {
	if v := c.current.Load(); v.setting == s {
		return v.refused
	}
	return c.judge(s)
}
