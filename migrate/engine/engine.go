package engine

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Copying says what to do about DDL for which the server offers nothing but
// copying the table while writers wait.
type Copying string

// The answers.
const (
	// RefuseCopying refuses such DDL.
	RefuseCopying Copying = ""
	// AllowCopying executes it all the same.
	AllowCopying Copying = "allow"
)

// Defaults of [Config].
const (
	DefaultLease       = 15 * time.Second
	DefaultFenceWait   = time.Second
	DefaultDDLLockWait = 2 * time.Second
	DefaultDDLAttempts = 30
	DefaultPoll        = time.Second
)

// Config is what an [Engine] works with. DB and Actor are required; the zero
// value of everything else is right.
type Config struct {
	// DB is a pool opened with mysqlx.Open on the application's database.
	DB *sql.DB
	// Actor is who acts, for the audit: "user@host".
	Actor string
	// Lease is how long the engine stays the controller without a sign of
	// life. Defaults to DefaultLease.
	Lease time.Duration
	// FenceWait bounds how long one attempt at a transition waits for
	// transactions in flight, and so how long it may hold up new ones. The
	// server counts whole seconds. Defaults to DefaultFenceWait.
	FenceWait time.Duration
	// DDLLockWait bounds one attempt of a DDL statement to get its metadata
	// lock, and so how long it may hold up others. The server counts whole
	// seconds. Defaults to DefaultDDLLockWait.
	DDLLockWait time.Duration
	// DDLAttempts is how often a DDL statement, or a transition, is tried while
	// something is in its way. Defaults to DefaultDDLAttempts.
	DDLAttempts int
	// SignOff is asked before every step forward. Nil asks for no signatures.
	SignOff SignOff
	// Ramp is asked how far the ramp of reads may go; package flags/openfeature
	// has one. Nil leaves it to the plan.
	Ramp RampHolder
	// Copying says what to do about DDL that would copy the table.
	Copying Copying
	// Poll is how often a guard that does not hold is measured again while
	// waiting. Defaults to DefaultPoll.
	Poll time.Duration
	// Workers is how many backfill workers the engine runs in its own process.
	// Defaults to what suits the server, see backfill.SuitableWorkers.
	Workers int
	// Throttle opens what is asked whether the copy may go on, beside the limit
	// of running threads that the engine sees to: the plan's replicas, which
	// take credentials to reach. done is called when the copy has ended.
	Throttle func(ctx context.Context, limits plan.Backfill) (list []backfill.Throttler, done func(), err error)
	// EvidenceWindow is how long connections are watched for code without the
	// library. Defaults to that of package fleet.
	EvidenceWindow time.Duration
	// Report is told what happens, if it is not nil; it must not block.
	Report func(Event)
	// Points is called at named points, for tests of crashes.
	Points func(Point)
}

// Event is something that happened on the walk, for people.
type Event struct {
	At      time.Time     `json:"at"`
	Change  string        `json:"change"`
	Phase   migrate.Phase `json:"phase"`
	What    string        `json:"what"`             // "transition", "ddl", "progress", "waiting", "note"
	Message string        `json:"message"`          // a sentence
	Done    uint64        `json:"done,omitempty"`   // of a progress
	Total   uint64        `json:"total,omitempty"`  // of a progress; an estimate
	Millis  int64         `json:"millis,omitempty"` // how long it took
}

// Point is a named point of the walk.
type Point string

// The points, in the order in which a step passes them.
const (
	PointBeforeWork   Point = "before work"
	PointAfterDDL     Point = "after ddl"    // a statement took effect and is not recorded
	PointAfterRecord  Point = "after record" // a step is recorded
	PointAfterWork    Point = "after work"
	PointBeforeCommit Point = "before commit of a transition"
	PointAfterCommit  Point = "after commit of a transition"
)

// Errors that are decisions.
var (
	// ErrPaused says that somebody has paused the change.
	ErrPaused = errors.New("the change is paused")
	// ErrPlanChanged says that a change is under way under another plan.
	ErrPlanChanged = errors.New("the change is under way under another plan")
	// ErrNameUsed says that a change of that name was finished before.
	ErrNameUsed = errors.New("a change of that name is finished, and names are used once")
	// ErrNoPlan says that the change is known but nobody has recorded a plan.
	ErrNoPlan = errors.New("no plan is recorded for the change: apply its plan first")
)

// Engine carries changes through their phases. It is safe for concurrent use;
// two walks of one change exclude each other by the controller's lease.
type Engine struct{ cfg Config }

// New returns an engine, or an error that names what is missing in cfg.
func New(cfg Config) (*Engine, error) {
	if cfg.DB == nil || cfg.Actor == "" {
		return nil, errors.New("engine: Config.DB and Config.Actor are required")
	}
	cfg.Lease = cmp.Or(cfg.Lease, DefaultLease)
	cfg.FenceWait = cmp.Or(cfg.FenceWait, DefaultFenceWait)
	cfg.DDLLockWait = cmp.Or(cfg.DDLLockWait, DefaultDDLLockWait)
	cfg.DDLAttempts = cmp.Or(cfg.DDLAttempts, DefaultDDLAttempts)
	cfg.Poll = cmp.Or(cfg.Poll, DefaultPoll)
	if cfg.FenceWait < time.Second || cfg.DDLLockWait < time.Second {
		return nil, fmt.Errorf("engine: lock waits of %s and %s: the server counts whole seconds, so at least 1s", cfg.FenceWait, cfg.DDLLockWait)
	}
	return &Engine{cfg}, nil
}

// Submit records a plan for a change that is not under way, and does nothing
// if the very same plan is recorded. [ErrPlanChanged] says that the change has
// left planned under another plan.
func (e *Engine) Submit(ctx context.Context, p *plan.Plan) error {
	spec, err := p.Marshal()
	if err != nil {
		return err
	}
	hash := p.Hash()
	name := p.Change.Name
	if err := control.Register(ctx, e.cfg.DB, name, p.Change.Service); err != nil {
		return err
	}
	return e.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		c, err := control.Get(ctx, tx, name)
		if err != nil {
			return err
		}
		switch {
		case c.PlanHash == hash:
			return nil
		case c.Setting.Phase == migrate.Contracted || c.Setting.Phase == migrate.Closed:
			return fmt.Errorf("change %s: %w", name, ErrNameUsed)
		case c.Setting.Phase != migrate.Planned:
			return fmt.Errorf("change %s is in phase %s: %w (recorded %.12s, given %.12s); go on with the recorded one, or roll back to planned first",
				name, c.Setting.Phase, ErrPlanChanged, c.PlanHash, hash)
		}
		c.Service, c.PlanHash, c.Spec = p.Change.Service, hash, spec
		if err := control.RecordPlan(ctx, tx, c); err != nil {
			return err
		}
		return control.Audit(ctx, tx, e.cfg.Actor, name, "plan", map[string]string{"hash": hash})
	})
}

// Pause stops a change where it stands: no transition, no backfill chunk. The
// application goes on in the present mode. why must not be empty.
func (e *Engine) Pause(ctx context.Context, change, why string) error {
	if why == "" {
		return errors.New("a pause needs a reason")
	}
	return e.setPaused(ctx, change, "pause", why)
}

// Resume lets a paused change go on.
func (e *Engine) Resume(ctx context.Context, change string) error {
	return e.setPaused(ctx, change, "resume", "")
}

func (e *Engine) setPaused(ctx context.Context, change, action, why string) error {
	if _, err := control.Get(ctx, e.cfg.DB, change); err != nil {
		return err
	}
	return e.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := control.SetPaused(ctx, tx, change, why); err != nil {
			return err
		}
		return control.Audit(ctx, tx, e.cfg.Actor, change, action, map[string]string{"why": why})
	})
}

// load reads a change and its plan, which must not have been edited.
func (e *Engine) load(ctx context.Context, q mysqlx.Querier, change string) (control.Change, *plan.Plan, error) {
	c, err := control.Get(ctx, q, change)
	if err != nil {
		return c, nil, err
	}
	if c.PlanHash == "" {
		return c, nil, fmt.Errorf("change %s: %w", change, ErrNoPlan)
	}
	p, err := plan.Unmarshal(c.Spec)
	if err != nil {
		return c, nil, fmt.Errorf("change %s: the recorded plan: %w", change, err)
	}
	if p.Hash() != c.PlanHash {
		return c, nil, fmt.Errorf("change %s: %w: the recorded plan does not have the recorded hash %.12s; restore _underpin_change.spec",
			change, ErrPlanChanged, c.PlanHash)
	}
	return c, p, nil
}

// inTx runs a short transaction on control state, retried as a whole. A commit
// whose outcome is unknown is returned as mysqlx.ErrUnknownOutcome.
func (e *Engine) inTx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	return mysqlx.Backoff{}.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) error {
		tx, err := e.cfg.DB.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer tx.Rollback() // a no-op after the commit
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return mysqlx.Commit(tx)
	})
}

func (e *Engine) report(ev Event) {
	if e.cfg.Report != nil {
		ev.At = time.Now()
		e.cfg.Report(ev)
	}
}

func (e *Engine) point(p Point) {
	if e.cfg.Points != nil {
		e.cfg.Points(p)
	}
}
