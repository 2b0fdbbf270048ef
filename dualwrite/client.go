package dualwrite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// Client is this process as a member of the fleet. It is safe for concurrent
// use.
type Client struct {
	db      *sql.DB
	cfg     Config
	changes []*Change // by name
	now     func() time.Time

	gate    gate
	chain   chain
	lease   atomic.Pointer[lease]
	replay  *replayer
	compare *comparer

	stop context.CancelFunc
	done sync.WaitGroup

	// The beat's own, see beat.go. There is one beat at a time; the lock is for
	// tests, which beat by hand.
	beating  sync.Mutex
	pulse    pulse
	member   *fleet.Member
	reported map[string]fleet.Applied
	renewed  time.Time
}

// lease is what the process may go by until it is renewed. Every renewal
// replaces it; every announcement begins a new term.
type lease struct {
	term  uint64
	until time.Time
	why   error // not nil: why the process may not serve, whatever until says
}

// Join announces this process to the fleet and starts to follow the settings of
// its changes. It refuses, with a [*NotAllowedError], when the release may not
// work under a present setting; it also refuses where its writes would fail
// later: without control tables ([control.ErrNotInitialised]), with newer ones,
// in a session that is not strict, or with a plan whose statements the server
// does not take.
//
// db is the application's own pool and stays its owner's to close, after
// [Client.Close]. It needs room for one connection besides those of the
// application, which the client keeps for its heartbeats; where the pool has no
// more than one they share it. While units follow each other closely it keeps one
// more, if at least half of the pool is free, see [ChainProven]. ctx bounds the
// joining only.
func Join(ctx context.Context, db *sql.DB, cfg Config) (*Client, error) {
	return join(ctx, db, cfg, time.Now)
}

func join(ctx context.Context, db *sql.DB, cfg Config, now func() time.Time) (*Client, error) {
	if instance, ok := identityOf(db); ok && cfg.Instance == "" {
		cfg.Instance, cfg.Tagged = instance, migrate.Yes
	}
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := control.Check(ctx, db); err != nil {
		return nil, fmt.Errorf("join the fleet of %s: %w", cfg.Service, err)
	}
	c := &Client{db: db, cfg: cfg, now: now, reported: map[string]fleet.Applied{}, pulse: pulse{db: db}}
	c.gate.idle = make(chan struct{}, 1)
	c.chain.linger, c.chain.life = chainLinger, chainLife
	c.chain.on = cfg.Chain == ChainProven && chains(ctx, db)
	for _, s := range cfg.Changes {
		change, err := newChange(c, s)
		if err != nil {
			return nil, err
		}
		c.changes = append(c.changes, change)
	}
	slices.SortFunc(c.changes, func(a, b *Change) int { return strings.Compare(a.name, b.name) })
	if err := c.admit(ctx); err != nil {
		if c.member != nil { // announced, but then the settings could not be read
			err = errors.Join(err, c.within(context.WithoutCancel(ctx), c.member.Leave))
		}
		c.pulse.close()
		return nil, fmt.Errorf("join the fleet of %s: %w", cfg.Service, err)
	}
	if err := c.beat(ctx); err != nil { // tried again at every poll
		c.cfg.Logger.WarnContext(ctx, "underpin: "+err.Error())
	}
	c.start(ctx)
	return c, nil
}

// admit makes everything that has to hold before the process may serve, and
// announces it.
func (c *Client) admit(ctx context.Context) error {
	for _, change := range c.changes {
		if err := change.prepare(ctx); err != nil {
			return err
		}
	}
	return c.within(ctx, c.announce)
}

// start starts the goroutines; Close stops them and waits for them.
func (c *Client) start(ctx context.Context) {
	ctx, c.stop = context.WithCancel(context.WithoutCancel(ctx))
	c.replay = newReplayer()
	c.compare = newComparer(c)
	c.done.Go(func() { c.follow(ctx) })
	c.done.Go(func() { c.compare.run(ctx) })
}

// Change returns the handle of a declared change. For a name that is not
// declared every call on the handle fails with [ErrNotDeclared].
func (c *Client) Change(name string) *Change {
	for _, change := range c.changes {
		if change.name == name {
			return change
		}
	}
	return &Change{client: c, name: name, refuse: fmt.Errorf("change %q: %w", name, ErrNotDeclared)}
}

// Instance returns the id under which the process is announced.
func (c *Client) Instance() string { return c.cfg.Instance }

// Close lets the work in flight end, refusing new work with [ErrClosed], stops
// the client's goroutines and takes the process out of the fleet. If ctx ends
// before the work has, the process stays in the fleet until its lease runs out,
// because its reads may still be under way. Closing twice is harmless.
func (c *Client) Close(ctx context.Context) error {
	if !c.gate.close() {
		return nil
	}
	c.unchain()
	drained := c.gate.wait(ctx)
	c.stop()
	c.done.Wait()
	for _, change := range c.changes {
		change.statements.close()
	}
	err := c.replay.close()
	defer c.pulse.close()
	if drained != nil {
		return errors.Join(fmt.Errorf("close: work is still in flight, the lease runs out by itself: %w", drained), err)
	}
	left := c.within(ctx, c.member.Leave)
	if mysqlx.Classify(left) == mysqlx.ClassConnection {
		left = c.within(ctx, c.member.Leave) // over a new one: the beat that was stopped may have cost the old
	}
	if left != nil {
		err = errors.Join(err, fmt.Errorf("close: the lease runs out by itself: %w", left))
	}
	return err
}

// serving returns the lease under which work may begin, or why it may not.
func (c *Client) serving() (*lease, error) {
	l := c.lease.Load()
	if l.why != nil {
		return nil, l.why
	}
	if l.expired(c.now()) {
		return nil, ErrLeaseLost
	}
	return l, nil
}

// served reports whether the process was a member all the time since it began
// under l: in the same term, and not past its end.
func (c *Client) served(l *lease) error {
	now, err := c.serving()
	if err != nil {
		return err
	}
	if now.term != l.term {
		return ErrLeaseLost // and joined again meanwhile
	}
	return nil
}

// expired compares both clocks: the monotonic one is not moved by anybody, but
// it stands still while the machine is suspended; the other does not.
func (l *lease) expired(now time.Time) bool {
	return !now.Before(l.until) || now.UnixNano() >= l.until.UnixNano()
}

// gate counts the work in flight and can be closed. Entering is two atomic
// operations.
type gate struct {
	inside atomic.Int64
	closed atomic.Bool
	idle   chan struct{} // has room for one; says that inside may be 0
}

func (g *gate) enter() error {
	g.inside.Add(1)
	if g.closed.Load() {
		g.leave()
		return ErrClosed
	}
	return nil
}

func (g *gate) leave() {
	if g.inside.Add(-1) == 0 && g.closed.Load() {
		select {
		case g.idle <- struct{}{}:
		default:
		}
	}
}

// close reports whether it was this call that closed the gate.
func (g *gate) close() (first bool) { return g.closed.CompareAndSwap(false, true) }

// wait waits until nothing is inside a closed gate.
func (g *gate) wait(ctx context.Context) error {
	for g.inside.Load() != 0 {
		select {
		case <-g.idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
