package querykiller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// The defaults of [Config].
const (
	DefaultInterval     = 200 * time.Millisecond
	DefaultVerifyWithin = 5 * time.Second
	DefaultTimeout      = 5 * time.Second
)

// minWait is the least time between two polls, whatever is due: it bounds what
// polling costs.
const minWait = 10 * time.Millisecond

// maxSnapshotAge is how old a snapshot may be when a kill is begun. Which
// statement it is the server checks again; what it does may have changed.
const maxSnapshotAge = time.Second

// Config is what a killer needs. Server and Rules are required; every other
// zero value is right.
type Config struct {
	Server Server
	Rules  *Rules
	// Name of the server, for decisions and logs.
	Name string
	// Recorder keeps the decisions. Without one they are only logged.
	Recorder Recorder
	// Logger defaults to slog.Default.
	Logger *slog.Logger
	// Interval is the longest time between two polls, unless Share stretches it;
	// defaults to [DefaultInterval]. The killer polls earlier when a budget runs out
	// earlier.
	Interval time.Duration
	// Share is how much of one core of the server looks may take, as a fraction;
	// defaults to [DefaultShare]. Where Interval would take more it is stretched: to
	// half of the least that a rule gives a statement, and to a second, at most, and
	// not at all while a victim is watched or anything is due within a second, or where
	// a rule asks for what a look does not foresee (locks, states, rows, numbers of
	// equals). What is due is looked at
	// in time in any case.
	Share float64
	// Mode says whether what is decided is also carried out.
	Mode Mode
	// VerifyWithin is how long a victim may live after its kill before that is an
	// alarm; defaults to [DefaultVerifyWithin].
	VerifyWithin time.Duration
	// Timeout of one poll or one kill; defaults to [DefaultTimeout].
	Timeout time.Duration
	// UndoRate returns how many rows the server undoes in a second as measured
	// lately, zero if it was not. It has to return at once.
	UndoRate func() float64
	// Clock is for tests; defaults to the monotonic clock of this machine.
	Clock Clock
	// OnPoll, if set, is told of every poll after its decisions, from the killer's
	// goroutine. It has to return at once.
	OnPoll func(Poll)
}

// Mode says whether a killer kills.
type Mode string

// The modes. The zero value kills.
const (
	ModeKill Mode = ""
	// ModeDryRun decides and records, and kills nothing.
	ModeDryRun Mode = "dry_run"
)

// Clock is the time the killer goes by. It never asks it for an age: those come
// from the server.
type Clock interface {
	Now() time.Time
	// Wait waits for d, or returns the context's error.
	Wait(ctx context.Context, d time.Duration) error
}

// Poll is what a poll came to.
type Poll struct {
	Snapshot *Snapshot     // nil if it failed
	Verdicts []Verdict     // in the order of the sessions
	Took     time.Duration // the look alone
	Interval time.Duration // see [Status]
	Overload bool
	Err      error
}

// Status is how the killer fares.
type Status struct {
	Polls  uint64 `json:"polls"`
	Failed uint64 `json:"failed"` // polls
	Kills  uint64 `json:"kills"`  // that the server took
	// Victims are those killed and not yet seen to be gone.
	Victims  int    `json:"victims"`
	Overload string `json:"overload,omitempty"` // why budgets are tightened; empty if they are not
	// Interval is the longest time between two polls at present: [Config.Interval],
	// or more where looks are dear.
	Interval time.Duration `json:"interval"`
	// Stopped says why the breaker has stopped the killer; empty if it has not.
	Stopped  string    `json:"stopped,omitempty"`
	LastPoll time.Time `json:"last_poll"` // by the clock of this machine
	// LastError is that of the latest poll; nil if it went well.
	LastError error `json:"-"`
	// Degraded is what the latest poll could not see.
	Degraded []string `json:"degraded,omitempty"`
}

// Killer polls a server and kills what the rules say. Run is called once; the
// other methods may be called at any time from any goroutine.
type Killer struct {
	Config

	mu     sync.Mutex
	rules  *Rules
	status Status
	reset  bool // of the breaker, asked for

	// What follows belongs to Run.
	judging  *Rules // those of the last poll
	targets  map[StatementID]*target
	strikes  []strike
	overload overload
	pace     pace
	all      meter
	byRule   map[string]*meter
	boot     string
	failing  int  // polls in a row
	unseen   bool // a session is due by what is remembered of it
}

// New returns a killer. It does not touch the server yet.
func New(c Config) (*Killer, error) {
	switch {
	case c.Server == nil:
		return nil, errors.New("query killer: no server is given")
	case c.Rules == nil || len(c.Rules.Rules) == 0:
		return nil, errors.New("query killer: there are no rules: give a file, or a budget for the default ones")
	}
	if c.Share = cmp.Or(c.Share, DefaultShare); !(c.Share > 0 && c.Share <= 1) {
		return nil, fmt.Errorf("query killer: the share of a core is %g: it has to be more than zero, and one at most", c.Share)
	}
	c.Interval = max(cmp.Or(c.Interval, DefaultInterval), minWait)
	c.VerifyWithin = cmp.Or(c.VerifyWithin, DefaultVerifyWithin)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Clock == nil {
		c.Clock = monotonic{}
	}
	return &Killer{
		Config: c, rules: c.Rules, pace: pace{interval: c.Interval},
		targets: map[StatementID]*target{}, byRule: map[string]*meter{},
	}, nil
}

// SetRules replaces the rules from the next poll on. What was begun under the
// old ones is still verified.
func (k *Killer) SetRules(r *Rules) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rules = r
}

// ResetBreaker lets a killer kill again that its breaker has stopped.
func (k *Killer) ResetBreaker() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reset = true
}

// Status returns how the killer fares.
func (k *Killer) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

// Run polls until the context is done, and then returns nil. A poll that fails
// is logged, counted and tried again with growing waits, for as long as it
// takes: nothing is ever killed on an older one. Run does not close the server.
func (k *Killer) Run(ctx context.Context) error {
	defer k.abandon(context.WithoutCancel(ctx), "the killer was stopped")
	for ctx.Err() == nil {
		wait := k.poll(ctx)
		if err := k.Clock.Wait(ctx, wait); err != nil {
			break
		}
	}
	return nil
}

// backoff spaces polls that fail; the killer may keep trying.
var backoff = mysqlx.Backoff{}

// poll does one poll with all that follows from it, and returns how long to
// wait for the next.
func (k *Killer) poll(ctx context.Context) time.Duration {
	begun := k.Clock.Now()
	call, cancel := context.WithTimeout(ctx, k.Timeout)
	snap, err := k.Server.Poll(call)
	cancel()
	polled := k.Clock.Now().Sub(begun)
	if ctx.Err() != nil {
		return 0
	}
	p := Poll{Err: err}
	var wait time.Duration
	if err != nil {
		k.failing++
		wait = max(k.Interval, backoff.Delay(k.failing))
		if k.failing == 1 {
			k.Logger.ErrorContext(ctx, "the server cannot be polled: nothing is killed until it can", "server", k.Name, "error", err)
		}
	} else {
		if k.failing > 0 {
			k.Logger.InfoContext(ctx, "the server can be polled again", "server", k.Name, "failed_polls", k.failing)
		}
		k.failing = 0
		p.Snapshot = snap
		p.Verdicts = k.carryOut(ctx, snap, polled)
		k.keepPace(ctx, snap)
		wait = max(k.nextPoll(p.Verdicts, polled, k.Clock.Now().Sub(begun)-polled), 0)
	}
	p.Took = polled
	p.Overload, p.Interval = k.overload.on, k.pace.interval
	k.note(p)
	if k.OnPoll != nil {
		k.OnPoll(p)
	}
	return wait
}

// nextPoll returns how long to wait after a poll that took so long and acts that
// took the rest: not past the moment at which the next budget is used up, and less
// after a kill, to see soon whether it worked. A kill that can be sent ahead is to
// be there in time; for the others the poll has to be, and a busy server looks late
// at what it is asked, so that it is asked earlier by half of what the poll took.
//
// All of it counts from the poll on: while kills wait on the server nobody looks
// at what begins, so the interval goes on meanwhile. What is due by memory is read at
// once.
func (k *Killer) nextPoll(verdicts []Verdict, took, acted time.Duration) time.Duration {
	if k.unseen {
		k.unseen = false
		k.Server.Renew()
		return minWait
	}
	next := k.pace.interval
	for _, v := range verdicts {
		if v.Due <= 0 || v.Act != "" {
			continue
		}
		// How long a look takes has to be known when it is due.
		next = min(next, max(v.Due-maxStretch, k.Interval))
		lead := took / 2
		if k.ruleOf(v).ahead() && v.Due-acted > took+aheadLead {
			lead = took + aheadLead
		}
		next = min(next, v.Due-lead)
	}
	now := k.Clock.Now()
	for _, t := range k.targets {
		switch {
		case t.dying() && now.Sub(t.killedAt) < k.Interval:
			next = min(next, acted+k.Interval/4)
		case t.watched():
			next = min(next, k.Interval)
		}
	}
	return max(next, minWait) - acted
}

// On a busy server a poll and the kill that follows from it each wait for a
// processor before they do anything. So a kill is sent before its time, and the
// server waits: once a statement is due in less than the poll takes and
// aheadLead, the kills of all that are due in aheadOf are sent together. There is no
// poll until then, so that it is no longer than half of the least that a statement
// may be given, or than the interval, in which nobody looks either.
const (
	aheadLead = 100 * time.Millisecond
	aheadOf   = 400 * time.Millisecond
)

// ahead returns how far ahead to judge: not at all while nothing is due soon, and
// not past what takes a new poll: what is due by another measure, and a victim that
// has to be escalated.
func (k *Killer) ahead(s *Snapshot, verdicts []Verdict, took time.Duration) time.Duration {
	if k.Mode == ModeDryRun {
		return 0
	}
	limit := aheadOf
	for i := range k.judging.Rules {
		if r := &k.judging.Rules[i]; r.Action != ActLeave {
			limit = min(limit, max(k.tightened(r.least())/2, k.Interval))
		}
	}
	first := limit
	for i, v := range verdicts {
		t := k.targets[s.Sessions[i].Statement]
		dying := t != nil && t.dying()
		if dying && v.Escalate.To != "" {
			limit = min(limit, v.Escalate.After-k.Clock.Now().Sub(t.killedAt))
		}
		switch {
		case v.Due <= 0:
		case dying:
			limit = min(limit, v.Due)
		case k.ruleOf(v).ahead():
			first = min(first, v.Due)
		default:
			limit = min(limit, v.Due-took/2)
		}
	}
	if first > took+aheadLead*3/2 || first > limit {
		return 0
	}
	return limit
}

// tightened is what is left of a budget under overload.
func (k *Killer) tightened(budget time.Duration) time.Duration {
	if factor := k.judging.Overload.Factor; k.overload.on && factor > 0 {
		return time.Duration(float64(budget) * factor)
	}
	return budget
}

// ruleOf returns the rule of a verdict.
func (k *Killer) ruleOf(v Verdict) *Rule { return k.judging.named(v.Rule) }

// note enters a poll into the status.
func (k *Killer) note(p Poll) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := &k.status
	s.Polls++
	s.LastPoll, s.LastError = k.Clock.Now(), p.Err
	s.Victims = 0
	for _, t := range k.targets {
		if t.dying() {
			s.Victims++
		}
	}
	s.Overload, s.Interval = k.overload.cause, p.Interval
	if p.Err != nil {
		s.Failed++
		return
	}
	s.Degraded = p.Snapshot.Degraded
}

// monotonic is the clock of this machine.
type monotonic struct{}

func (monotonic) Now() time.Time { return time.Now() }

func (monotonic) Wait(ctx context.Context, d time.Duration) error { return mysqlx.Wait(ctx, d) }
