package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// sampleWords is what the plan found out about real rows.
func sampleWords(p *plan.Plan) string {
	return fmt.Sprintf("of %d rows sampled, %d names do not come back as they were", p.Sample.Rows, p.Sample.Source.Changed)
}

// backfill runs a worker process, kills it in the middle and has another one
// finish.
func (s *story) backfill(ctx context.Context) error {
	if err := s.reach(ctx, migrate.Backfilling); err != nil {
		return err
	}
	now, err := s.setting(ctx)
	if err != nil {
		return err
	}
	first, err := s.worker(ctx, "worker/1", now.Epoch)
	if err != nil {
		return err
	}
	defer first.kill() // does nothing once it has ended
	if err := s.killWorker(ctx, first, now.Epoch); err != nil {
		return err
	}
	second, err := s.worker(ctx, "worker/2", now.Epoch)
	if err != nil {
		return err
	}
	defer second.kill()
	if err := second.wait(ctx); err != nil {
		return err
	}
	p, err := backfill.Status(ctx, s.arena.db, changeName, backfill.Backfill, now.Epoch)
	if err != nil {
		return err
	}
	if !p.Complete() {
		return fmt.Errorf("worker/2 has ended, and the backfill has done %d of %d spans with %d rows quarantined", p.SpansDone, p.Spans, p.Quarantined)
	}
	s.line.say("  worker/2 took over and finished: %d rows, %d of them changed", p.Rows, p.Changed)
	return nil
}

// worker starts a backfill worker as a process of its own.
func (s *story) worker(ctx context.Context, place string, run uint64) (*process, error) {
	return launch(ctx, append(slices.Clone(s.cfg.Command), "worker"), place, "", workerTask{
		DSN: s.arena.admin.FormatDSN(), Change: s.plan.Change, Run: run, Owner: place, Rows: s.cfg.Rows,
	}, func(*process, []byte) {})
}

// killWorker waits until a worker is well on its way, and kills it.
func (s *story) killWorker(ctx context.Context, w *process, run uint64) error {
	for {
		p, err := backfill.Status(ctx, s.arena.db, changeName, backfill.Backfill, run)
		if err != nil {
			return err
		}
		if p.Spans > 0 && p.SpansDone == p.Spans {
			return fmt.Errorf("%s was done before it could be killed: use more rows", w.place)
		}
		if p.Rows*3 > uint64(s.cfg.Rows) {
			w.kill()
			s.result.Kills++
			s.line.mark(signKill, "%s killed with SIGKILL after %d of %d spans, %d rows", w.place, p.SpansDone, p.Spans, p.Rows)
			return nil
		}
		if err := w.breathe(ctx); err != nil {
			return err
		}
	}
}

// killApplication kills a process of r1 and starts another in its place.
func (s *story) killApplication(ctx context.Context) error {
	victim := s.cast.of(releaseReady)[0]
	held, unknown, err := s.cast.kill(ctx, victim)
	if err != nil {
		return err
	}
	s.result.Kills++
	s.line.mark(signKill, "%s killed with SIGKILL, %d writes under way", victim.place, unknown)
	p, err := s.cast.start(ctx, releaseReady)
	if err != nil {
		return err
	}
	if err := s.cast.give(ctx, p, held...); err != nil {
		return err
	}
	s.line.say("  %s has taken its place", p.place)
	return s.dwell(ctx, 1)
}

// verified carries the change to verified and counts what the engine compared
// on the way.
func (s *story) verified(ctx context.Context) error {
	if err := s.reach(ctx, migrate.Verified); err != nil {
		return err
	}
	now, err := s.setting(ctx)
	if err != nil {
		return err
	}
	// The verification is recorded under the epoch that it was made in, the one
	// before this.
	var recorded struct {
		Report backfill.Report `json:"report"`
	}
	_, ok, err := control.Step(ctx, s.arena.db, changeName, "verified", now.Epoch-1, &recorded)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the change is verified, and no verification is recorded")
	}
	s.count(recorded.Report)
	return nil
}

// verifyOnceMore compares every pair while releases of both shapes write.
func (s *story) verifyOnceMore(ctx context.Context) error {
	report, err := backfill.Verify(ctx, engine.VerifyConfig(s.arena.db, s.plan))
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	s.count(report)
	s.line.say("  verified while both write: %s, %d of them names that the old shape cannot tell apart", report, report.Finer)
	return nil
}

// count adds up what verifications found.
func (s *story) count(r backfill.Report) {
	s.result.Verified += r.Compared
	s.result.Different += r.Differ()
	s.result.Finer = r.Finer
	for _, key := range r.Examples[:min(len(r.Examples), maxExamples)] {
		s.result.Examples = append(s.result.Examples, fmt.Sprintf("in phase %s row %s was not in step", r.Phase, key))
	}
}

func (s *story) readNew(ctx context.Context) error {
	if err := s.verified(ctx); err != nil {
		return err
	}
	if err := s.dwell(ctx, 1); err != nil {
		return err
	}
	if err := s.reach(ctx, migrate.ReadingNew); err != nil {
		return err
	}
	if err := s.ramp(ctx, migrate.RampFull/4); err != nil {
		return err
	}
	return s.dwell(ctx, 1)
}

// ramp raises the share of reads on the target, at least to ramp, as the soak
// time allows. It asks for new_only to do so, which cannot be reached while r1
// is live.
func (s *story) ramp(ctx context.Context, ramp uint16) error {
	for {
		now, err := s.setting(ctx)
		if err != nil || now.Ramp >= ramp {
			return err
		}
		out, err := s.engine.Apply(ctx, changeName, engine.WalkOptions{To: migrate.OnlyNew})
		if err != nil {
			return err
		}
		if out.Phase != migrate.ReadingNew {
			return fmt.Errorf("the change went to %s while r1 is live, which cannot work there", out.Phase)
		}
		if err := mysqlx.Wait(ctx, poll); err != nil {
			return err
		}
	}
}

// backAndForth goes back to where nothing but the source is written, and
// forward again.
func (s *story) backAndForth(ctx context.Context) error {
	s.line.mark(signRollback, "rolling back from read_new to expanded")
	s.result.Rollbacks++
	err := s.arrive(s.engine.Rollback(ctx, changeName, engine.WalkOptions{To: migrate.Expanded, Wait: patience}))
	if err != nil {
		return err
	}
	// What is written here reaches the old column only.
	if err := s.dwell(ctx, 2); err != nil {
		return err
	}
	s.line.say("forward again")
	if err := s.verified(ctx); err != nil {
		return err
	}
	if err := s.reach(ctx, migrate.ReadingNew); err != nil {
		return err
	}
	return s.ramp(ctx, migrate.RampFull)
}

// sideBySide starts r2 beside r1 and has both write the same rows; in the
// middle they swap what they own.
func (s *story) sideBySide(ctx context.Context) error {
	old := s.cast.of(releaseReady)
	for i := range old {
		p, err := s.cast.start(ctx, releaseNew)
		if err != nil {
			return err
		}
		if err := s.cast.give(ctx, p, s.cast.heldBy(old[i])[:2]...); err != nil {
			return err
		}
		s.line.mark(signRelease, "%s has started beside %s", p.place, old[i].place)
	}
	if err := s.dwell(ctx, 2.5); err != nil {
		return err
	}
	for i, p := range s.cast.of(releaseNew) {
		now, then := s.cast.heldBy(p), s.cast.heldBy(old[i])
		if err := s.cast.give(ctx, p, then...); err != nil {
			return err
		}
		if err := s.cast.give(ctx, old[i], now...); err != nil {
			return err
		}
	}
	s.line.say("  r1 and r2 have swapped the names they own")
	if err := s.dwell(ctx, 2.5); err != nil {
		return err
	}
	if err := s.verifyOnceMore(ctx); err != nil {
		return err
	}
	return s.refused(ctx, migrate.OnlyNew, migrate.GuardFleetSupports, "release "+releaseReady)
}

// onlyNew ends r1 and stops writing the old column.
func (s *story) onlyNew(ctx context.Context) error {
	next := s.cast.of(releaseNew)
	for i, p := range s.cast.of(releaseReady) {
		if err := s.cast.give(ctx, next[i%len(next)], s.cast.heldBy(p)...); err != nil {
			return err
		}
		if err := s.cast.stop(ctx, p); err != nil {
			return err
		}
		s.line.mark(signRelease, "%s has replaced %s", next[i%len(next)].place, p.place)
		if err := s.dwell(ctx, 0.7); err != nil {
			return err
		}
	}
	if err := s.reach(ctx, migrate.OnlyNew); err != nil {
		return err
	}
	return s.dwell(ctx, 2)
}

// contract drops the old column. An r0 that somebody forgot is in the way first.
func (s *story) contract(ctx context.Context) error {
	forgotten, err := s.cast.start(ctx, releaseIdleOld)
	if err != nil {
		return err
	}
	if err := s.refused(ctx, migrate.Contracted, migrate.GuardNoStrangers, userOf(releaseOld)); err != nil {
		return err
	}
	if err := s.cast.stop(ctx, forgotten); err != nil {
		return err
	}
	s.line.say("  %s has been stopped", forgotten.place)
	if err := s.reach(ctx, migrate.Contracted); err != nil {
		return err
	}
	return s.dwell(ctx, 2)
}
