package dualwrite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

const (
	compareQueue   = 64              // shadow reads that may wait; more are dropped
	compareTimeout = 5 * time.Second // of one shadow read: it holds up acknowledgements
)

// samples decides whether to compare this read. Both shapes have to be complete
// and kept in step for a difference to mean anything.
func (c *Change) samples(v *view) bool {
	switch v.setting.Phase {
	case migrate.Verified, migrate.ReadingNew:
		return c.support.Shadow > 0 && rand.IntN(migrate.RampFull) < c.support.Shadow
	}
	return false
}

// tally counts the shadow reads of the present phase.
type tally struct {
	mu sync.Mutex
	at fleet.Applied
}

// enter begins a new count if the phase is a new one.
func (t *tally) enter(since uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at.ShadowEpoch != since {
		t.at = fleet.Applied{ShadowEpoch: since}
	}
}

// add counts a comparison made under the phase that began at since.
func (t *tally) add(since uint64, outcome Outcome, key any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at.ShadowEpoch != since {
		return
	}
	t.at.ShadowReads++
	if outcome == Differs {
		t.at.ShadowDiffs++
		if t.at.ShadowSample == "" {
			t.at.ShadowSample = fmt.Sprint([]any(keyOf(key))...)
		}
	}
}

func (t *tally) report() fleet.Applied {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// job is a shadow read that waits for its turn.
type job struct {
	change  *Change
	view    *view // held: the job reads the source
	ctx     context.Context
	key     any
	compare func(ctx context.Context, q Querier) Outcome
}

// offer queues a shadow read, or drops it if there is no room: the request goes
// on either way.
func offer[T any](ctx context.Context, c *Change, v *view, key any, opts ReadOptions[T], readOld, readNew Reader[T]) {
	equal := opts.Equal
	if equal == nil {
		equal = func(a, b T) bool { return reflect.DeepEqual(a, b) }
	}
	v.reads.Add(1) // the read in whose place this is holds it already
	j := job{change: c, view: v, ctx: context.WithoutCancel(ctx), key: key}
	j.compare = func(ctx context.Context, q Querier) Outcome {
		before, err := readOld(ctx, q)
		after, err2 := readNew(ctx, q)
		switch {
		case transient(err) || transient(err2):
			return Failed
		case err != nil && err2 != nil:
			return Done // neither shape has it
		case err != nil || err2 != nil || !equal(before, after):
			return Differs
		}
		return Done
	}
	select {
	case c.client.compare.jobs <- j:
	default:
		v.release()
		c.client.cfg.Metrics.Shadowed(c.name, Dropped)
	}
}

// transient reports whether an error says nothing about the data.
func transient(err error) bool {
	return err != nil && costsTransaction(err)
}

// comparer makes the shadow reads of a client, one after the other.
type comparer struct {
	client *Client
	jobs   chan job
}

func newComparer(c *Client) *comparer { return &comparer{c, make(chan job, compareQueue)} }

// run works until ctx ends, and lets go of what is still queued then.
func (w *comparer) run(ctx context.Context) {
	for {
		select {
		case j := <-w.jobs:
			w.one(ctx, j)
		case <-ctx.Done():
			w.drop()
			return
		}
	}
}

func (w *comparer) drop() {
	for {
		select {
		case j := <-w.jobs:
			j.view.release()
		default:
			return
		}
	}
}

func (w *comparer) one(life context.Context, j job) {
	defer j.view.release()
	ctx, cancel := context.WithTimeout(j.ctx, compareTimeout)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	outcome := w.inSnapshot(ctx, j)
	// A view that was replaced meanwhile may be of a phase in which the source
	// is no longer written.
	if j.change.current.Load() != j.view {
		outcome = Dropped
	}
	if outcome == Done || outcome == Differs {
		j.change.shadow.add(j.view.since, outcome, j.key)
	}
	w.client.cfg.Metrics.Shadowed(j.change.name, outcome)
}

const (
	shadowIsolation = `/* underpin shadow */ SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
	shadowBegin     = `/* underpin shadow */ START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`
	shadowEnd       = `/* underpin shadow */ ROLLBACK`
)

// inSnapshot compares in one snapshot: every transaction writes both shapes, so
// live writes make no false alarm.
func (w *comparer) inSnapshot(ctx context.Context, j job) Outcome {
	conn, err := w.client.db.Conn(ctx)
	if err != nil {
		return Failed
	}
	defer conn.Close()
	for _, statement := range []string{shadowIsolation, shadowBegin} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return discard(conn)
		}
	}
	outcome := j.compare(ctx, conn)
	if _, err := conn.ExecContext(ctx, shadowEnd); err != nil {
		return discard(conn)
	}
	return outcome
}

// discard keeps a connection whose state is not known out of the pool.
func discard(conn *sql.Conn) Outcome {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	return Failed
}
