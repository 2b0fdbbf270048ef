package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// backfilled is the result of the backfill command.
type backfilled struct {
	Change string `json:"change"`
	backfill.Progress
	Complete   bool `json:"complete"`
	Superseded bool `json:"superseded,omitempty"` // the change moved on meanwhile
}

// backfillOptions are the flags of the backfill command.
type backfillOptions struct {
	workers int
	wait    bool
	timeout time.Duration
}

// backfillJobs is which job there is to do in a phase.
var backfillJobs = map[migrate.Phase]backfill.Job{
	migrate.Backfilling: backfill.Backfill,
	migrate.Reversing:   backfill.Reverse,
}

// backfillCommand runs a worker process.
func backfillCommand(a *app) *cobra.Command {
	var o backfillOptions
	c := &cobra.Command{
		Use:     "backfill NAME",
		GroupID: groupWork,
		Short:   "Work on the rows of a change until all are in step",
		Long: `Work on the rows of a change, beside whatever other workers there are, until all
are in step. Start as many of these processes as you like, on as many machines;
kill them as you like: spans are held by lease and cursors are durable. They wait
while the change is paused or the server or a replica is busier than the plan
allows. underpin apply does this work too; extra processes make it faster.`,
		Example: "  underpin backfill split-user-name --workers 4\n  underpin backfill split-user-name --wait --timeout 1h",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if o.workers < 1 {
				return usagef("--workers %d: one at least", o.workers)
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error { return a.backfill(ctx, db, args[0], o) })
		},
	}
	c.Flags().IntVar(&o.workers, "workers", 2, "workers in this process, each with a connection")
	c.Flags().BoolVar(&o.wait, "wait", false, "wait until there is something to do")
	c.Flags().DurationVar(&o.timeout, "timeout", 0, "how long to wait for that at most (default: for ever)")
	return c
}

func (a *app) backfill(ctx context.Context, db *sql.DB, name string, o backfillOptions) error {
	r := a.newReporter()
	defer r.close()
	a.resumable.Store(true)
	c, p, err := a.awaitWork(ctx, db, name, o, r)
	if err != nil {
		return err
	}
	cfg := engine.CopyConfig(db, c, p, backfillJobs[c.Setting.Phase])
	cfg.Owner, cfg.Workers = a.actor(), o.workers
	cfg.Progress = func(p backfill.Progress) {
		r.progress(string(p.Job), p.Rows, p.Expected)
		if p.Waiting != "" {
			r.waiting(p.Waiting)
		}
	}
	replicas, closeReplicas, err := a.throttle(ctx, p.Backfill)
	if err != nil {
		return err
	}
	defer closeReplicas()
	cfg.Throttle = append(cfg.Throttle, replicas...)
	worker, err := backfill.New(cfg)
	if err != nil {
		return err
	}
	_, err = worker.Run(ctx)
	r.close()
	return a.endBackfill(ctx, db, cfg, err)
}

// endBackfill prints how far the run has come.
func (a *app) endBackfill(ctx context.Context, db *sql.DB, cfg backfill.Config, err error) error {
	out := backfilled{Change: cfg.Change.Name, Superseded: errors.Is(err, backfill.ErrSuperseded)}
	if err != nil && !out.Superseded {
		return err
	}
	if out.Progress, err = backfill.Status(ctx, db, cfg.Change.Name, cfg.Job, cfg.Run); err != nil {
		return err
	}
	out.Complete = out.Progress.Complete()
	if err := a.emit(out, func(p *page) { p.backfilled(out) }); err != nil || out.Complete || out.Superseded {
		return err
	}
	return outcome{exitRefused}
}

// backfilled shows how a run ended.
func (p *page) backfilled(r backfilled) {
	switch {
	case r.Superseded:
		p.line("%s %s has moved on; nothing is left to do here", p.good("✓"), p.bold(r.Change))
	case r.Complete:
		p.line("%s every row of %s has been passed over", p.good("✓"), p.bold(r.Change))
	default:
		p.line("%s %s of %s: not fit the other shape: %s", p.bad("✗"), p.bold(r.Change), r.Job, count(r.Quarantined, "row"))
		p.line("  underpin status %s lists them; mend them and run this again", r.Change)
	}
	p.line("  %s", copyWords(r.Progress))
}

// copyWords says how far a copy is.
func copyWords(c backfill.Progress) string {
	text := fmt.Sprintf("%s of about %s, %s written, %d of %s done", grouped(c.Rows), count(c.Expected, "row"), grouped(c.Changed),
		c.SpansDone, count(c.Spans, "span"))
	if c.SpansDone < c.Spans && c.Rate > 0 {
		text += fmt.Sprintf(", %s rows/s, %s left", grouped(uint64(c.Rate)), ago(c.ETA))
	}
	if c.Quarantined > 0 {
		text += fmt.Sprintf(", %s quarantined", grouped(c.Quarantined))
	}
	return text
}

// awaitWork returns the change once it is in a phase with work to do.
func (a *app) awaitWork(ctx context.Context, db *sql.DB, name string, o backfillOptions, r *reporter) (control.Change, *plan.Plan, error) {
	deadline := time.Now().Add(o.timeout)
	for {
		c, err := control.Get(ctx, db, name)
		if err != nil && (!o.wait || !errors.Is(err, control.ErrNoChange)) {
			return c, nil, err
		}
		if _, ok := backfillJobs[c.Setting.Phase]; ok {
			p, err := plan.Unmarshal(c.Spec)
			if err != nil {
				return c, nil, fmt.Errorf("change %s: the recorded plan: %w", name, err)
			}
			return c, p, nil
		}
		switch {
		case !o.wait:
			return c, nil, &refusedError{
				err:  fmt.Errorf("change %s is in phase %s, in which there is nothing to copy", name, c.Setting.Phase),
				hint: "underpin apply " + name + " leads on; --wait waits for it",
			}
		case o.timeout > 0 && !time.Now().Before(deadline):
			return c, nil, &timeoutError{fmt.Errorf("change %s came to no phase with something to copy within %s", name, o.timeout)}
		}
		r.waiting(fmt.Sprintf("%s has nothing to copy yet", name))
		if err := mysqlx.Wait(ctx, statusEvery); err != nil {
			return c, nil, err
		}
	}
}

// replicas opens the replicas that the plan names, as the same user.
func (a *app) replicas(ctx context.Context, b plan.Backfill) (lag backfill.ReplicaLag, closeAll func(), err error) {
	lag.Limit = time.Duration(b.MaxReplicaLag)
	closeAll = func() {
		for _, r := range lag.Replicas {
			_ = r.DB.Close() // nothing is lost with it
		}
	}
	dsn, err := a.dsn()
	if err != nil {
		return lag, closeAll, err
	}
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return lag, closeAll, err
	}
	for _, address := range b.Replicas {
		if _, _, err := net.SplitHostPort(address); err != nil {
			address = net.JoinHostPort(address, "3306")
		}
		cfg.Net, cfg.Addr = "tcp", address
		db, err := mysqlx.Open(ctx, cfg.FormatDSN(), mysqlx.Options{MaxOpen: 1})
		if err != nil {
			closeAll()
			return lag, func() {}, fmt.Errorf("replica %s: %w", address, err)
		}
		lag.Replicas = append(lag.Replicas, backfill.Replica{Name: address, DB: db})
	}
	return lag, closeAll, nil
}

// throttle is [engine.Config].Throttle: the replicas that the plan names.
func (a *app) throttle(ctx context.Context, limits plan.Backfill) ([]backfill.Throttler, func(), error) {
	if len(limits.Replicas) == 0 {
		return nil, func() {}, nil
	}
	lag, done, err := a.replicas(ctx, limits)
	if err != nil {
		return nil, nil, err
	}
	return []backfill.Throttler{lag}, done, nil
}
