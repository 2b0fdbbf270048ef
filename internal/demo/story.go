package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	splitusername "github.com/underpin-db/underpin/examples/split-user-name"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"
)

// story is one telling: who plays, where, and what has been found out.
type story struct {
	cfg    Config
	arena  *arena
	line   *timeline
	rec    *recorder
	cast   *cast
	engine *engine.Engine
	plan   *plan.Plan
	result Result
}

// tell tells the story, scene after scene.
func (s *story) tell(ctx context.Context) error {
	scenes := []struct {
		title string
		play  func(context.Context) error
	}{
		{"r0, which has never heard of the change, is running", s.openingNight},
		{"the plan is made and the new columns are added", s.expand},
		{"dual_write is refused while r0 is connected", s.refuseDualWrite},
		{"r1 replaces r0, process by process", s.rollToReady},
		{"both shapes are written from here on", s.dualWrite},
		{"a backfill worker is killed and replaced", s.backfill},
		{"a process of the application is killed in mid-write", s.killApplication},
		{"every pair is compared, then reads move to the new columns", s.readNew},
		{"all the way back to expanded, and forward again", s.backAndForth},
		{"r2, which knows only the new columns, runs beside r1", s.sideBySide},
		{"r2 replaces r1, and the old column is no longer written", s.onlyNew},
		{"the old column is dropped, but not while an old r0 is connected", s.contract},
	}
	for _, scene := range scenes {
		s.line.say("%s", scene.title)
		if err := scene.play(ctx); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrStory, scene.title, err)
		}
		if err := s.cast.check(); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrStory, scene.title, err)
		}
	}
	s.line.say("the traffic ends")
	return nil
}

// dwell lets the traffic run for a while.
func (s *story) dwell(ctx context.Context, seconds float64) error {
	return mysqlx.Wait(ctx, s.cfg.dwell(seconds))
}

// patience bounds every wait for a gate.
const patience = 60 * time.Second

// reach carries the change on to a phase, waiting for gates.
func (s *story) reach(ctx context.Context, to migrate.Phase) error {
	return s.arrive(s.engine.Apply(ctx, changeName, engine.WalkOptions{To: to, Wait: patience}))
}

func (s *story) arrive(out engine.Outcome, err error) error {
	if err != nil {
		return err
	}
	if !out.Reached {
		return fmt.Errorf("the change stands in %s and waits for %s: %s", out.Phase, out.Next, reasons(out))
	}
	return nil
}

// reasons is what a walk waits for, in a line.
func reasons(out engine.Outcome) string {
	var list []string
	for _, v := range out.Waiting {
		list = append(list, reason(v))
	}
	return strings.Join(list, "; ")
}

// reason is why a guard refuses. Those who are in the way for the same reason
// are named together.
func reason(v engine.Verdict) string {
	if len(v.Blockers) == 0 {
		return fmt.Sprintf("%s: %s", v.Guard, v.Reason)
	}
	var groups []string
	names := map[string][]string{}
	for _, b := range v.Blockers {
		if names[b.Reason] == nil {
			groups = append(groups, b.Reason)
		}
		names[b.Reason] = append(names[b.Reason], nameOf(b))
	}
	var list []string
	for _, g := range groups {
		list = append(list, strings.Join(counted(names[g]), ", ")+": "+g)
	}
	return fmt.Sprintf("%s: %s", v.Guard, strings.Join(list, "; "))
}

// nameOf names who is in the way.
func nameOf(b fleet.Blocker) string {
	switch {
	case b.Connection != 0:
		return "connection of " + b.User
	case b.Instance != "":
		return fmt.Sprintf("release %s on %s (pid %d)", b.Release, b.Host, b.PID)
	}
	return b.User
}

// counted says every text once, with how often it was there.
func counted(texts []string) []string {
	var out []string
	count := map[string]int{}
	for _, t := range texts {
		if count[t]++; count[t] == 1 {
			out = append(out, t)
		}
	}
	for i, t := range out {
		if count[t] > 1 {
			out[i] = fmt.Sprintf("%d × %s", count[t], t)
		}
	}
	return out
}

var errNotRefused = errors.New("it was not refused as it has to be")

// refused asks for a phase that a gate has to refuse, for a reason that names
// who is in the way.
func (s *story) refused(ctx context.Context, to migrate.Phase, guard migrate.Guard, name string) error {
	out, err := s.engine.Apply(ctx, changeName, engine.WalkOptions{To: to})
	if err != nil {
		return err
	}
	why := reasons(out)
	right := false
	for _, v := range out.Waiting {
		right = right || v.Guard == guard && strings.Contains(v.String(), name)
	}
	if out.Reached || out.Next != to || !right {
		return fmt.Errorf("%s: %w: the change stands in %s, next %s, for guard %s naming %s; the engine says: %s",
			to, errNotRefused, out.Phase, out.Next, guard, name, why)
	}
	s.result.Refusals = append(s.result.Refusals, refusal{to, why})
	s.line.mark(signRefusal, "%s refused: %s", to, why)
	return nil
}

// openingNight starts two processes of r0.
func (s *story) openingNight(ctx context.Context) error {
	for i := range 2 {
		p, err := s.cast.start(ctx, releaseOld)
		if err != nil {
			return err
		}
		if err := s.cast.give(ctx, p, half(i)...); err != nil {
			return err
		}
	}
	return s.dwell(ctx, 2.5)
}

// half returns the slots of the i-th of two processes.
func half(i int) []int {
	var out []int
	for n := range slots {
		if n%2 == i {
			out = append(out, n)
		}
	}
	return out
}

// expand makes the plan from the change file and adds the columns.
func (s *story) expand(ctx context.Context) error {
	file, err := plan.ParseFile("examples/split-user-name/change.yaml", strings.NewReader(splitusername.ChangeFile()))
	if err != nil {
		return err
	}
	// The file is as one would write it for production; a demo soaks for
	// moments.
	file.Reads.Soak = plan.Duration(s.cfg.dwell(1))
	file.Reads.Shadow.Min = 100
	if s.plan, err = plan.Build(ctx, s.arena.db, file, plan.Options{}); err != nil {
		return err
	}
	s.line.say("  plan %.12s: %s", s.plan.Hash(), sampleWords(s.plan))
	if err := s.engine.Submit(ctx, s.plan); err != nil {
		return err
	}
	if err := s.reach(ctx, migrate.Expanded); err != nil {
		return err
	}
	return s.dwell(ctx, 1)
}

func (s *story) refuseDualWrite(ctx context.Context) error {
	if err := s.refused(ctx, migrate.DualWriting, migrate.GuardNoStrangers, userOf(releaseOld)); err != nil {
		return err
	}
	return s.dwell(ctx, 1)
}

// roll replaces every process of one release by one of another.
func (s *story) roll(ctx context.Context, from, to string) error {
	for _, p := range s.cast.of(from) {
		if err := s.cast.replace(ctx, p, to); err != nil {
			return err
		}
		s.line.mark(signRelease, "%s has replaced %s", s.cast.of(to)[len(s.cast.of(to))-1].place, p.place)
		if err := s.dwell(ctx, 0.7); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) rollToReady(ctx context.Context) error { return s.roll(ctx, releaseOld, releaseReady) }

func (s *story) dualWrite(ctx context.Context) error {
	if err := s.reach(ctx, migrate.DualWriting); err != nil {
		return err
	}
	return s.dwell(ctx, 2)
}

// setting is where the change stands.
func (s *story) setting(ctx context.Context) (migrate.Setting, error) {
	return control.Setting(ctx, s.arena.db, changeName)
}
