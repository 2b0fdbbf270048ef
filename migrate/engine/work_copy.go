package engine

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate/plan"
)

// copyForward runs the backfill of this visit to its end, beside whatever other
// workers there are, adds the indexes that were put off, then compares every
// pair.
func (s *step) copyForward(ctx context.Context) ([]Verdict, error) {
	if refused, err := s.copyRows(ctx, backfill.Backfill); err != nil || len(refused) > 0 {
		return refused, err
	}
	if err := s.addIndexes(ctx); err != nil {
		return nil, err
	}
	return nil, s.verify(ctx)
}

// copyBack rebuilds the source from the target, then compares every pair.
func (s *step) copyBack(ctx context.Context) ([]Verdict, error) {
	if refused, err := s.copyRows(ctx, backfill.Reverse); err != nil || len(refused) > 0 {
		return refused, err
	}
	return nil, s.verify(ctx)
}

// CopyConfig is how a worker of a change is configured: by its plan. The
// underpin backfill command uses it too, so that workers everywhere keep the
// same manners.
func CopyConfig(db *sql.DB, c control.Change, p *plan.Plan, job backfill.Job) backfill.Config {
	return backfill.Config{
		DB: db, Change: p.Change, Job: job, Run: c.Setting.Epoch,
		ChunkTarget: time.Duration(p.Backfill.ChunkTarget),
		Throttle:    throttle(db, p),
	}
}

// VerifyConfig is how a verification of a change is configured: by its plan,
// with the manners of the copy. The underpin verify command uses it too.
func VerifyConfig(db *sql.DB, p *plan.Plan) backfill.VerifyConfig {
	return backfill.VerifyConfig{DB: db, Change: p.Change, Throttle: throttle(db, p)}
}

// throttle is what holds up work on many rows: too many running threads. What
// takes credentials to reach is Config.Throttle's.
func throttle(db *sql.DB, p *plan.Plan) []backfill.Throttler {
	return []backfill.Throttler{backfill.ThreadsRunning{DB: db, Limit: p.Backfill.MaxThreadsRunning}}
}

// copyRows runs a job of this visit to its end. It refuses if rows do not fit.
func (s *step) copyRows(ctx context.Context, job backfill.Job) ([]Verdict, error) {
	cfg := CopyConfig(s.e.cfg.DB, s.change, s.plan, job)
	cfg.Owner, cfg.Workers = s.e.cfg.Actor, s.e.cfg.Workers
	if cfg.Workers == 0 {
		suitable, err := backfill.SuitableWorkers(ctx, s.e.cfg.DB, s.plan.Change, job)
		if err != nil {
			return nil, err
		}
		cfg.Workers = suitable
	}
	if s.e.cfg.Throttle != nil {
		more, done, err := s.e.cfg.Throttle(ctx, s.plan.Backfill)
		if err != nil {
			return nil, err
		}
		defer done()
		cfg.Throttle = append(cfg.Throttle, more...)
	}
	cfg.Progress = func(p backfill.Progress) {
		s.progress(string(job), p.Rows, p.Expected)
	}
	worker, err := backfill.New(cfg)
	if err != nil {
		return nil, err
	}
	if _, err := worker.Run(ctx); err != nil {
		return nil, err
	}
	copied, err := s.copied(ctx, job)
	if err != nil {
		return nil, err
	}
	if !copied.Holds {
		copied.Guard = s.edge.Guards[0]
		return []Verdict{copied}, nil
	}
	return nil, nil
}

// verify compares every pair and records the verdict, good or bad.
func (s *step) verify(ctx context.Context) error {
	cfg := VerifyConfig(s.e.cfg.DB, s.plan)
	cfg.Workers = s.e.cfg.Workers
	cfg.Progress = func(r backfill.Report) { s.progress("verify", r.Compared, max(s.plan.Facts.Source.Rows, r.Compared)) }
	report, err := backfill.Verify(ctx, cfg)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	v := verification{Clean: report.Clean(), Report: report}
	if err := control.StepDone(ctx, s.e.cfg.DB, s.change.Name, stepVerified, s.change.Setting.Epoch, v); err != nil {
		return err
	}
	s.e.point(PointAfterRecord)
	s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "note",
		Message: fmt.Sprintf("%s compared, %d differ", plural(report.Compared, "row"), report.Differ())})
	return s.e.audit(ctx, s.change.Name, "verify", v)
}

func (s *step) progress(what string, done, total uint64) {
	s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "progress", Message: what, Done: done, Total: total})
}
