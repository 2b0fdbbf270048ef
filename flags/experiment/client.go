package experiment

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// ErrClosed says that the client has been closed.
var ErrClosed = errors.New("the client is closed")

// Client gives units their branches and records what they do. Make one a
// process; it is safe for concurrent use.
type Client struct {
	db  *sql.DB
	cfg Config
	now atomic.Pointer[view]

	memory    *memory
	exposures chan *request
	events    chan event
	source    [8]byte // tells this client's events from all others
	serial    atomic.Uint64
	counts    counters

	// closing is held for reading by whoever adds to a queue, so that nothing is
	// added once Close has begun.
	closing sync.RWMutex
	closed  bool

	leaving chan struct{}   // closed first by Close: do not wait for room
	stop    chan struct{}   // closed by Close once nothing is added: finish what is queued
	alive   context.Context // ends when Close's patience does
	kill    context.CancelFunc
	owned   sync.WaitGroup
	ending  sync.Once
	lost    error // what Close returns
}

// view is the running experiments at one moment.
type view struct {
	version uint64
	byName  map[string]*running
	byFlag  map[string][]*running
}

// running is an experiment that takes units.
type running struct {
	id         uint32
	generation uint32
	name       string
	segments   []string
	drawer     drawer
}

// Open reads the running experiments and starts the client's goroutines, which
// Close ends. The control tables have to be there; ctx bounds Open only. db may
// be the application's own pool; it stays the caller's.
func Open(ctx context.Context, db *sql.DB, cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := control.Check(ctx, db); err != nil {
		return nil, err
	}
	if err := control.CheckAutocommit(ctx, db); err != nil {
		return nil, err
	}
	c := &Client{
		db: db, cfg: cfg, memory: newMemory(cfg.Remember), leaving: make(chan struct{}), stop: make(chan struct{}),
		exposures: make(chan *request, cfg.Exposures), events: make(chan event, cfg.Events),
	}
	if _, err := rand.Read(c.source[:]); err != nil {
		return nil, fmt.Errorf("name the client's events: %w", err)
	}
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	c.alive, c.kill = context.WithCancel(context.WithoutCancel(ctx))
	c.owned.Go(c.poll)
	c.owned.Go(c.recordEvents)
	for range cfg.Writers {
		c.owned.Go(c.recordExposures)
	}
	return c, nil
}

// Close takes nothing new, stores what is queued and ends the client's
// goroutines. If ctx ends first the rest is dropped, and the error says how
// much. It may be called several times, and returns the same.
func (c *Client) Close(ctx context.Context) error {
	c.ending.Do(func() {
		close(c.leaving)
		c.closing.Lock()
		c.closed = true
		c.closing.Unlock()
		close(c.stop)
		unwatch := context.AfterFunc(ctx, c.kill)
		before := c.Stats()
		c.owned.Wait()
		unwatch()
		c.kill()
		after := c.Stats()
		exposures, events := after.DroppedExposures-before.DroppedExposures, after.DroppedEvents-before.DroppedEvents
		if exposures+events > 0 {
			c.lost = fmt.Errorf("closed with %d exposures and %d events that could not be stored", exposures, events)
		}
	})
	return c.lost
}

// poll keeps the view fresh.
func (c *Client) poll() {
	for {
		wait := time.NewTimer(c.cfg.Poll/2 + mathrand.N(c.cfg.Poll/2+1))
		select {
		case <-c.stop:
			wait.Stop()
			return
		case <-wait.C:
		}
		ctx, cancel := context.WithTimeout(c.alive, c.cfg.Timeout)
		if err := c.look(ctx); err != nil && c.alive.Err() == nil {
			c.counts.failed.Add(1)
			c.cfg.Logger.Warn("experiments could not be read; the last copy stays in use", "error", err)
		}
		cancel()
	}
}

// look replaces the view if anything has changed.
func (c *Client) look(ctx context.Context) error {
	version, err := control.ExperimentsVersion(ctx, c.db)
	if err != nil {
		return err
	}
	if now := c.now.Load(); now != nil && now.version == version {
		return nil
	}
	rows, err := control.RunningExperiments(ctx, c.db)
	if err != nil {
		return err
	}
	v := &view{version: version, byName: map[string]*running{}, byFlag: map[string][]*running{}}
	for _, row := range rows {
		var r record
		if err := json.Unmarshal(row.Spec, &r); err != nil {
			return fmt.Errorf("read the definition of experiment %s: %w", row.Name, err)
		}
		e := &running{row.ID, row.Generation, row.Name, r.Definition.Segments, newDrawer(r)}
		v.byName[row.Name] = e
		v.byFlag[row.Flag] = append(v.byFlag[row.Flag], e)
	}
	c.now.Store(v)
	return nil
}

// statement runs one statement that may be repeated, again and again for a
// while after errors that pass.
func (c *Client) statement(fn func(ctx context.Context) error) error {
	return mysqlx.Backoff{}.Retry(c.alive, func(err error) bool {
		return c.alive.Err() == nil && (mysqlx.RetryUnit(err) || errors.Is(err, context.DeadlineExceeded))
	}, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
		defer cancel()
		return fn(ctx)
	})
}

// counters are the running totals behind Stats.
type counters struct {
	stored, events, crossed, failed                atomic.Uint64
	droppedExposures, droppedEvents, refusedEvents atomic.Uint64
}

// Stats are totals since the client was opened.
type Stats struct {
	StoredExposures uint64 // first exposures that are in the table, this client's or an earlier one's
	StoredEvents    uint64
	// DroppedExposures and DroppedEvents found the queue full, could not be stored
	// in spite of retries, or could not be stored before Close gave up.
	DroppedExposures uint64
	DroppedEvents    uint64
	// RefusedEvents could never be stored: a metric that is no name, a unit that is
	// empty or too long, a value that is no finite number.
	RefusedEvents uint64
	// Crossed units were shown a branch by hash that was not the stored one.
	Crossed uint64
	// Failed are polls and batches that failed after all retries.
	Failed uint64
}

// Stats returns the totals so far.
func (c *Client) Stats() Stats {
	return Stats{
		StoredExposures: c.counts.stored.Load(), StoredEvents: c.counts.events.Load(),
		DroppedExposures: c.counts.droppedExposures.Load(), DroppedEvents: c.counts.droppedEvents.Load(),
		RefusedEvents: c.counts.refusedEvents.Load(), Crossed: c.counts.crossed.Load(), Failed: c.counts.failed.Load(),
	}
}
