package backfill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Worker carries out one run of a job, together with the workers of other
// processes if there are any. It is made by [New]; Run may be called again
// after it has returned, not while it runs.
type Worker struct {
	cfg       Config
	mapper    *shape.Mapper
	direction shape.Direction
	gate      *gate
	bell      *bell // rings when one of this process's workers is done with a span
}

// Result is how far a run has come, by the work of all its workers.
type Result struct {
	Spans uint64 `json:"spans"`
	Done  uint64 `json:"spans_done"`
	Rows  uint64 `json:"rows"` // of the authority, looked at
	// Changed counts rows of the follower written; a row of which several
	// independent columns were out of step counts as often.
	Changed     uint64 `json:"changed"`
	Quarantined uint64 `json:"quarantined"`
}

// Complete reports whether every span is done and every row fitted.
func (r Result) Complete() bool { return r.Spans > 0 && r.Done == r.Spans && r.Quarantined == 0 }

// New checks the configuration and returns a worker. It does not touch the
// database.
func New(cfg Config) (*Worker, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	mapper, err := shape.New(cfg.Change.Name, cfg.Change.Mapping)
	if err != nil {
		return nil, fmt.Errorf("backfill: %w", err)
	}
	return &Worker{cfg: cfg, mapper: mapper, direction: jobs[cfg.Job].direction}, nil
}

// Run makes the spans if nobody has, retries what is quarantined, and works on
// spans until all are done, by whomever, or ctx ends. The result is valid with
// an error too, as far as it could be read. Errors to decide by are
// [ErrSuperseded], [ErrTooManyQuarantined], [ErrNotConverging] and ctx's own;
// after any of them Run may be called again and goes on where it was.
func (w *Worker) Run(ctx context.Context) (Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	var background, workers sync.WaitGroup
	w.gate, w.bell = newGate(w.cfg), newBell()
	background.Go(func() { w.gate.run(ctx) })
	background.Go(func() { w.report(ctx) })
	err := w.prepare(ctx)
	if err == nil {
		for i := range w.cfg.Workers {
			workers.Go(func() {
				if err := w.work(ctx, fmt.Sprintf("%s/%d", w.cfg.Owner, i+1)); err != nil {
					stop(err) // the first error ends the others
				}
			})
		}
		workers.Wait()
		err = context.Cause(ctx)
	}
	stop(nil)
	background.Wait()
	return w.finish(context.WithoutCancel(ctx), err)
}

// finish reads the result, whatever ended the run.
func (w *Worker) finish(ctx context.Context, cause error) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	var p Progress
	err := w.cfg.backoff().Retry(ctx, passing, func(ctx context.Context) (err error) {
		p, err = Status(ctx, w.cfg.DB, w.cfg.Change.Name, w.cfg.Job, w.cfg.Run)
		return err
	})
	if err == nil && w.cfg.Progress != nil {
		w.cfg.Progress(p)
	}
	if cause != nil {
		err = fmt.Errorf("%s: %w", w.cfg.run(), cause)
	}
	return Result{p.Spans, p.SpansDone, p.Rows, p.Changed, p.Quarantined}, err
}

// prepare makes the spans and retries quarantined rows.
func (w *Worker) prepare(ctx context.Context) error {
	for _, step := range []func(context.Context, *hand) error{w.plan, w.retryQuarantined} {
		h := w.newHand(w.cfg.Owner)
		err := h.persist(ctx, step)
		h.close(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// lookAgain is how long to wait for workers of other processes.
const lookAgain = 200 * time.Millisecond

// work takes spans until all are done.
func (w *Worker) work(ctx context.Context, owner string) error {
	h := w.newHand(owner)
	defer h.close(ctx)
	for {
		var span control.Span
		var ok bool
		err := h.persist(ctx, func(ctx context.Context, h *hand) (err error) {
			span, ok, err = control.TakeSpan(ctx, h.session, w.cfg.run(), owner, w.cfg.Lease)
			return err
		})
		switch {
		case err != nil:
			return err
		case ok:
			err = h.span(ctx, span)
			w.bell.ring()
		default:
			var done bool
			if done, err = w.allDone(ctx, h); done {
				return nil
			}
		}
		if errors.Is(err, control.ErrLost) {
			w.cfg.Logger.Warn("lost a span to another worker", "span", span.N, "owner", owner)
			continue
		}
		if err != nil {
			return err
		}
	}
}

// allDone reports whether every span is done; if not it has waited, for another
// worker to finish its span, or a while, for other processes to finish theirs or
// for their leases to run out.
func (w *Worker) allDone(ctx context.Context, h *hand) (done bool, err error) {
	rung := w.bell.next()
	err = h.persist(ctx, func(ctx context.Context, h *hand) error {
		totals, err := control.CountSpans(ctx, h.session, w.cfg.run())
		if err != nil {
			return err
		}
		if totals.Spans == 0 {
			return fmt.Errorf("the spans are gone: %w", ErrSuperseded)
		}
		if done = totals.Done == totals.Spans; done {
			return nil
		}
		_, err = w.setting(ctx, h.session)
		return err
	})
	if done || err != nil {
		return done, err
	}
	look := time.NewTimer(min(w.cfg.Lease/4, lookAgain))
	defer look.Stop()
	select {
	case <-rung:
	case <-look.C:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return false, nil
}

// setting reads, without a lock, whether the run is still on.
func (w *Worker) setting(ctx context.Context, q mysqlx.Querier) (migrate.Setting, error) {
	s, err := control.Setting(ctx, q, w.cfg.Change.Name)
	if err != nil {
		return s, err
	}
	return s, w.current(s)
}

// current returns ErrSuperseded unless the run is on under the setting.
func (w *Worker) current(s migrate.Setting) error {
	if s.Phase == jobs[w.cfg.Job].phase && s.Epoch == w.cfg.Run {
		return nil
	}
	return fmt.Errorf("%w: it is in phase %s at epoch %d", ErrSuperseded, s.Phase, s.Epoch)
}

// fence is the first statement of every transaction of a worker.
func (w *Worker) fence(ctx context.Context, s *mysqlx.Session) (migrate.StepRule, error) {
	f, err := control.Fence(ctx, s, w.cfg.Change.Name)
	if err != nil {
		return "", err
	}
	return f.Setting.Rule, w.current(f.Setting)
}
