package backfill

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Job is what a worker brings into step.
type Job string

const (
	// Backfill makes target = f(source), in the phase Backfilling.
	Backfill Job = "backfill"
	// Reverse makes source = g(target), in the phase Reversing.
	Reverse Job = "reverse"
)

// jobs is where and which way each job works.
var jobs = map[Job]struct {
	phase     migrate.Phase
	direction shape.Direction
}{
	Backfill: {migrate.Backfilling, shape.Forward},
	Reverse:  {migrate.Reversing, shape.Backward},
}

// Errors that callers decide by.
var (
	// ErrSuperseded says that the change is no longer in the visit to the phase
	// that the run belongs to: it was taken a step on or back. What was done is
	// harmless, and there is nothing left to do.
	ErrSuperseded = errors.New("the run is over: the change has moved to another phase or epoch")
	// ErrTooManyQuarantined says that so many rows do not fit that the mapping
	// is more likely at fault than they are.
	ErrTooManyQuarantined = errors.New("too many rows do not fit the other shape: look at the quarantined rows and mend the mapping or the rows")
	// ErrNotConverging says that rows were reconciled and are still not in
	// step: the mapping's expressions do not yield the same twice, or something
	// (a trigger, a generated column) changes what they wrote.
	ErrNotConverging = errors.New("a row was brought into step and is not in step")
	// ErrSession says that the pool's sessions would change values silently.
	ErrSession = errors.New("the session's settings would change values silently: open the pool with the settings of underpin")
)

// Config says what a worker does. DB, Change, Job and Run are required, the
// zero value of everything else is right.
type Config struct {
	// DB is a pool that mysqlx.Open made. A worker uses one connection for each
	// of Workers and up to three more, one of them to end a cancelled statement.
	DB *sql.DB
	// Change is the change as it was planned.
	Change migrate.Change
	// Job is what to bring into step.
	Job Job
	// Run is the epoch at which the job's phase was entered.
	Run uint64
	// Owner names this process to people. It need not be unique. Defaults to
	// "worker".
	Owner string
	// SpanRows is how many keys a span has, about. Defaults to 100,000.
	SpanRows int
	// Workers is how many spans are worked on at once. Defaults to 1. See the
	// package comment for what MariaDB makes of more.
	Workers int
	// ChunkTarget is how long a chunk's transaction should take: about what
	// the application waits at most. Defaults to 100 ms.
	ChunkTarget time.Duration
	// ChunkMin and ChunkMax bound the rows of a chunk. They default to 10 and
	// 50,000; a row that does not fit is found by smaller chunks still.
	ChunkMin, ChunkMax int
	// Lease is how long a silent worker keeps its span. Defaults to 15 s.
	Lease time.Duration
	// Attempts is how often in a row a chunk is tried that meets a deadlock, a
	// lock, a lost connection or a server that is away; the delay between two
	// rises to RetryDelay. They default to 40 and 5 s, about two minutes.
	Attempts   int
	RetryDelay time.Duration
	// MaxQuarantined is how many rows may be quarantined before the run stops
	// with [ErrTooManyQuarantined]. Defaults to 1,000.
	MaxQuarantined uint64
	// Throttle is asked every ThrottleEvery whether to go on; one Wait is
	// enough to wait, and a check that fails is a Wait.
	Throttle []Throttler
	// ThrottleEvery defaults to 500 ms.
	ThrottleEvery time.Duration
	// Progress is called about once a second, and once at the end, from one
	// goroutine at a time. It must not block.
	Progress func(Progress)
	// ProgressEvery defaults to 1 s.
	ProgressEvery time.Duration
	// Logger hears of retries, quarantined rows and waits. Defaults to none.
	Logger *slog.Logger
	// Points is called at every [Point]; an error fails the step there. It is
	// for tests of crashes and nil in production.
	Points func(Point) error
}

func (c Config) withDefaults() Config {
	c.Owner = cmp.Or(c.Owner, "worker")
	c.SpanRows = cmp.Or(c.SpanRows, 100_000)
	c.Workers = cmp.Or(c.Workers, 1)
	c.ChunkTarget = cmp.Or(c.ChunkTarget, 100*time.Millisecond)
	c.ChunkMin = cmp.Or(c.ChunkMin, 10)
	c.ChunkMax = cmp.Or(c.ChunkMax, 50_000)
	c.Lease = cmp.Or(c.Lease, 15*time.Second)
	c.Attempts = cmp.Or(c.Attempts, 40)
	c.RetryDelay = cmp.Or(c.RetryDelay, 5*time.Second)
	c.MaxQuarantined = cmp.Or(c.MaxQuarantined, 1000)
	c.ThrottleEvery = cmp.Or(c.ThrottleEvery, 500*time.Millisecond)
	c.ProgressEvery = cmp.Or(c.ProgressEvery, time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.DB == nil:
		return errors.New("backfill: Config.DB is missing")
	case c.Change.Name == "":
		return errors.New("backfill: Config.Change is missing")
	case c.Run == 0:
		return errors.New("backfill: Config.Run is missing: it is the epoch at which the phase was entered")
	case c.SpanRows < 0 || c.Workers < 0 || c.ChunkMin < 0 || c.ChunkMax < 0 || c.ChunkMax < c.ChunkMin:
		return fmt.Errorf("backfill: SpanRows %d, Workers %d, ChunkMin %d, ChunkMax %d: all have to be positive, and the maximum no less than the minimum",
			c.SpanRows, c.Workers, c.ChunkMin, c.ChunkMax)
	case c.Lease < 0 || c.ChunkTarget < 0 || c.ThrottleEvery < 0 || c.ProgressEvery < 0:
		return errors.New("backfill: Lease, ChunkTarget, ThrottleEvery and ProgressEvery have to be positive")
	}
	if _, ok := jobs[c.Job]; !ok {
		return fmt.Errorf("backfill: unknown job %q: it is %q or %q", c.Job, Backfill, Reverse)
	}
	return nil
}

func (c Config) backoff() mysqlx.Backoff {
	return mysqlx.Backoff{Attempts: c.Attempts, Max: c.RetryDelay}
}

func (c Config) run() control.JobRun {
	return control.JobRun{Change: c.Change.Name, Job: string(c.Job), Run: c.Run}
}
