package flags

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Start says what [Open] does where no copy of the flags can be had.
type Start string

// The ways to start.
const (
	// StartWithCopy: Open fails. The zero value means it.
	StartWithCopy Start = "with copy"
	// StartAnyway: Open succeeds, and until a copy arrives every evaluation
	// returns its fallback and [ErrNotReady].
	StartAnyway Start = "anyway"
)

// Config is what a client is made of. Only Source is required.
type Config struct {
	Source Source
	// Hints tell of changes before the poll finds them. The poll alone is enough.
	Hints []Hinter
	// Assigner is asked before a flag's own rules: an experiment's client, so that
	// an evaluation gives a user the branch and records the exposure. Nil asks
	// nobody.
	Assigner Assigner
	// Poll is within what time a change is seen while the store answers at once.
	// Each wait is drawn between 0.45 and 0.85 of it, so that many clients do not
	// ask at the same moment. Defaults to 1 s.
	Poll time.Duration
	// Timeout bounds one poll. Defaults to 5 s.
	Timeout time.Duration
	// MaxAge is the age from which on the whole copy is reported as stale, by
	// event and by [Client.Status]. Flags have bounds of their own, which decide
	// what is served. Defaults to [DefaultStaleAfter].
	MaxAge time.Duration
	// Rewind is how long a store has to stay behind the copy before the client
	// takes its word over the copy's; replicas lag for less, a failover that lost
	// changes never catches up. Defaults to 1 min.
	Rewind time.Duration
	// Snapshot is the file that keeps the last copy for a start without the
	// store; empty keeps none. Processes must not share one.
	Snapshot string
	// Start says what Open does without any copy.
	Start Start
	// StartTimeout bounds the first poll, in Open. Defaults to 5 s.
	StartTimeout time.Duration
	// Metrics defaults to [NoMetrics].
	Metrics Metrics
	// Logger is told of trouble that nobody waits for. Defaults to slog.Default.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.Source == nil {
		return c, errors.New("flags: a Source is needed")
	}
	c.Start = cmp.Or(c.Start, StartWithCopy)
	if c.Start != StartWithCopy && c.Start != StartAnyway {
		return c, fmt.Errorf("flags: Start is %q, which is no way to start", c.Start)
	}
	for _, d := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{{&c.Poll, time.Second}, {&c.Timeout, 5 * time.Second}, {&c.MaxAge, DefaultStaleAfter}, {&c.Rewind, time.Minute}, {&c.StartTimeout, 5 * time.Second}} {
		if *d.field < 0 {
			return c, fmt.Errorf("flags: a time of %s is negative", *d.field)
		}
		*d.field = cmp.Or(*d.field, d.fallback)
	}
	if c.Metrics == nil {
		c.Metrics = NoMetrics{}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}

// Client evaluates flags from a copy that it keeps up to date. It is safe for
// concurrent use. Evaluations take no lock, wait for no I/O and never panic.
type Client struct {
	cfg  Config
	copy atomic.Pointer[snapshot] // nil until there is one
	age  atomic.Int64             // of the copy, as the watch last measured it

	hinted  chan struct{} // holds one wish to poll
	stop    context.CancelFunc
	running sync.WaitGroup

	keeper keeper // the poller's own

	taking sync.Mutex // held to replace the copy; guards told
	told   told       // what the copy has from hints alone

	mu        sync.Mutex // guards what follows
	confirmed time.Time  // with the monotonic clock; zero: nobody knows
	last      error      // of the last poll
	observers map[int]func(Event)
	nextID    int
}

// Open gets a first copy of the flags and keeps it up to date until Close. If
// the store does not answer, the snapshot on disk serves, at the age that it
// has. ctx bounds the opening only.
func Open(ctx context.Context, cfg Config) (*Client, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, hinted: make(chan struct{}, 1), observers: map[int]func(Event){}}
	c.keeper = keeper{path: cfg.Snapshot, base: &snapshot{assigner: cfg.Assigner}}
	c.age.Store(int64(UnknownAge))
	unread := c.restore()
	first, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	err = c.poll(first)
	cancel()
	if err != nil && c.copy.Load() == nil && cfg.Start == StartWithCopy {
		return nil, fmt.Errorf("flags: no copy to start with: %w", errors.Join(err, unread))
	}
	if err != nil {
		cfg.Logger.Warn("flags: starting without the store", "error", err, "version", c.Status().At.Version)
	}
	c.start()
	return c, nil
}

// start sets the goroutines going.
func (c *Client) start() {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.running.Go(func() { c.pollOn(ctx) })
	c.running.Go(func() { c.watch(ctx) })
	for _, h := range c.cfg.Hints {
		c.running.Go(func() {
			h.Watch(ctx, c.hint, func(err error) {
				if ctx.Err() == nil {
					c.cfg.Logger.Warn("flags: a source of hints is in trouble; the poll goes on", "error", err)
				}
			})
		})
	}
}

// Close ends the polling, waits for it, and keeps the last copy on disk where
// that was asked for. Evaluations go on being answered from that copy, which
// ages no further.
func (c *Client) Close() error {
	c.stop()
	c.running.Wait()
	return c.save(saveNow)
}

// Status is how a client stands.
type Status struct {
	At    Position
	Flags int
	// Age is how long ago the store last confirmed the copy; negative where
	// nobody knows.
	Age time.Duration
	// Err is that of the last poll, nil if it succeeded.
	Err error
}

// Stale reports whether the copy has not been confirmed for longer than
// [Config.MaxAge].
func (c *Client) Stale() bool { return time.Duration(c.age.Load()) > c.cfg.MaxAge }

// Status returns how the client stands.
func (c *Client) Status() Status {
	out := Status{Age: -1}
	if s := c.copy.Load(); s != nil {
		out.At, out.Flags = s.at, len(s.flags)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out.Err = c.last
	if !c.confirmed.IsZero() {
		out.Age = time.Since(c.confirmed)
	}
	return out
}

// find looks a flag up in the present copy: without a snapshot there is no copy,
// without a flag it has no such one.
func (c *Client) find(name string) (*snapshot, *compiled) {
	s := c.copy.Load()
	if s == nil {
		return nil, nil
	}
	f := s.flags[name]
	if f != nil {
		f.use()
	}
	return s, f
}

// ask evaluates a flag against the present copy.
func (c *Client) ask(name string, t *Target) answer {
	s, f := c.find(name)
	return s.evaluate(f, t, time.Duration(c.age.Load()))
}

// Bool returns the value of a boolean flag for a target. Where there is no such
// flag, or it is of another type, it returns the fallback; [Client.BoolDetail]
// says why. The context is not waited on: it is there for the day on which an
// evaluation is traced.
func (c *Client) Bool(_ context.Context, name string, t Target, fallback bool) bool {
	s, f := c.find(name)
	if f != nil && f.common != unsaid && time.Duration(c.age.Load()) <= f.bound && (f.assigner == nil || !f.assigner.Assigns(name)) {
		return f.common == saidTrue // what most evaluations are: everybody gets it
	}
	return c.boolFor(s, f, t, fallback)
}

// boolFor is Bool where the target matters.
func (c *Client) boolFor(s *snapshot, f *compiled, t Target, fallback bool) bool {
	return plain(c, s.evaluate(f, &t, time.Duration(c.age.Load())), fallback, boolean)
}

// BoolDetail is Bool with variant, reason, version and error.
func (c *Client) BoolDetail(_ context.Context, name string, t Target, fallback bool) Detail[bool] {
	return detail(c, name, c.ask(name, &t), fallback, boolean)
}

// String is Bool for a string flag.
func (c *Client) String(_ context.Context, name string, t Target, fallback string) string {
	return plain(c, c.ask(name, &t), fallback, text)
}

// StringDetail is BoolDetail for a string flag.
func (c *Client) StringDetail(_ context.Context, name string, t Target, fallback string) Detail[string] {
	return detail(c, name, c.ask(name, &t), fallback, text)
}

// Float is Bool for a number flag.
func (c *Client) Float(_ context.Context, name string, t Target, fallback float64) float64 {
	return plain(c, c.ask(name, &t), fallback, float)
}

// FloatDetail is BoolDetail for a number flag.
func (c *Client) FloatDetail(_ context.Context, name string, t Target, fallback float64) Detail[float64] {
	return detail(c, name, c.ask(name, &t), fallback, float)
}

// Int is Bool for a number flag; a variant with a fraction is of another type.
func (c *Client) Int(_ context.Context, name string, t Target, fallback int64) int64 {
	return plain(c, c.ask(name, &t), fallback, integer)
}

// IntDetail is BoolDetail for a whole number.
func (c *Client) IntDetail(_ context.Context, name string, t Target, fallback int64) Detail[int64] {
	return detail(c, name, c.ask(name, &t), fallback, integer)
}

// JSON is Bool for a JSON flag. The document belongs to the client: read it, and
// change a copy.
func (c *Client) JSON(_ context.Context, name string, t Target, fallback json.RawMessage) json.RawMessage {
	return plain(c, c.ask(name, &t), fallback, document)
}

// JSONDetail is BoolDetail for a JSON flag.
func (c *Client) JSONDetail(_ context.Context, name string, t Target, fallback json.RawMessage) Detail[json.RawMessage] {
	return detail(c, name, c.ask(name, &t), fallback, document)
}
