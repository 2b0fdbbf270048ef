package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// WalkOptions says how far to go and how long to wait on the way.
type WalkOptions struct {
	// To is the phase to go to. Defaults to what the change's course says
	// ([migrate.Course.Furthest]): a step without a way back has to be asked for
	// by name.
	To migrate.Phase
	// Wait is how long to wait for guards in all. Zero stops at the first
	// that does not hold.
	Wait time.Duration
	// BreakGlass is a reason to take steps without the signatures they need,
	// which is recorded in the audit and shown by Status for good. Empty takes
	// none.
	BreakGlass string
}

// Outcome is how far a walk came.
type Outcome struct {
	Change string        `json:"change"`
	From   migrate.Phase `json:"from"`
	Phase  migrate.Phase `json:"phase"`
	To     migrate.Phase `json:"to"`
	// Reached is whether Phase is To.
	Reached bool `json:"reached"`
	// Next is the edge that was not taken; Waiting are the guards that stand
	// in its way. TimedOut says that Wait was used up.
	Next     migrate.Phase `json:"next,omitempty"`
	Waiting  []Verdict     `json:"waiting,omitempty"`
	TimedOut bool          `json:"timed_out,omitempty"`
}

// Apply leads a change on towards a phase, as far as guards allow.
func (e *Engine) Apply(ctx context.Context, change string, opts WalkOptions) (Outcome, error) {
	return e.walk(ctx, change, migrate.Forward, opts)
}

// Rollback leads a change back to a phase, as far as guards allow.
func (e *Engine) Rollback(ctx context.Context, change string, opts WalkOptions) (Outcome, error) {
	if opts.To == "" {
		return Outcome{}, errors.New("a rollback needs the phase to go back to")
	}
	return e.walk(ctx, change, migrate.Back, opts)
}

// step is one attempt to take one edge: everything guards and work look at.
type step struct {
	e       *Engine
	change  control.Change
	plan    *plan.Plan
	mapper  *shape.Mapper // nil unless the change is Mapped
	edge    migrate.Edge
	next    migrate.Setting
	token   uint64
	options WalkOptions
	// signedBy and brokeGlass are for the audit of the transition.
	signedBy   []string
	brokeGlass string
}

func (e *Engine) walk(ctx context.Context, change string, d migrate.Direction, opts WalkOptions) (Outcome, error) {
	c, p, err := e.load(ctx, e.cfg.DB, change)
	if err != nil {
		return Outcome{}, err
	}
	course := p.Change.Course
	if opts.To == "" {
		opts.To = course.Furthest()
	}
	out := Outcome{Change: change, From: c.Setting.Phase, Phase: c.Setting.Phase, To: opts.To}
	if _, err := course.Path(c.Setting.Phase, opts.To, d); err != nil {
		return out, err
	}
	out.Reached = out.Phase == opts.To
	if out.Reached {
		return out, nil
	}
	deadline := time.Now().Add(opts.Wait)
	err = e.underLease(ctx, change, func(ctx context.Context, token uint64) error {
		for out.Phase != opts.To {
			waiting, err := e.stride(ctx, change, d, opts, token, &out)
			if err != nil {
				return err
			}
			if waiting && !e.waitMore(ctx, deadline, out) {
				out.TimedOut = opts.Wait > 0
				return e.recordRefusal(ctx, out)
			}
		}
		out.Reached, out.Next, out.Waiting = true, "", nil
		return nil
	})
	return out, err
}

// stride takes one edge, or says what is in the way.
func (e *Engine) stride(ctx context.Context, change string, d migrate.Direction, opts WalkOptions, token uint64, out *Outcome) (waiting bool, err error) {
	s, err := e.prepare(ctx, change, d, opts, token)
	if err != nil {
		return false, err
	}
	out.Phase, out.Next = s.change.Setting.Phase, s.edge.To
	if out.Phase == opts.To {
		return false, nil
	}
	refused, err := s.take(ctx)
	if err != nil {
		return false, err
	}
	out.Waiting = refused
	if len(refused) == 0 {
		out.Phase = s.edge.To
	}
	return len(refused) > 0, nil
}

// prepare reads where the change stands and finds the edge.
func (e *Engine) prepare(ctx context.Context, change string, d migrate.Direction, opts WalkOptions, token uint64) (*step, error) {
	c, p, err := e.load(ctx, e.cfg.DB, change)
	if err != nil {
		return nil, err
	}
	ctl, err := control.GetController(ctx, e.cfg.DB, change)
	if err != nil {
		return nil, err
	}
	if ctl.Paused {
		return nil, fmt.Errorf("change %s: %w: %s; underpin resume lets it go on", change, ErrPaused, ctl.PausedWhy)
	}
	edge, ok := p.Change.Course.Next(c.Setting.Phase, d)
	if !ok {
		return nil, fmt.Errorf("change %s: no way %s from phase %s", change, d, c.Setting.Phase)
	}
	s := &step{e: e, change: c, plan: p, edge: edge, next: following(c, p, edge), token: token, options: opts}
	if edge.To == migrate.ReadingNew && d == migrate.Forward {
		// On an error no reads move: the ramp stands at nothing before the phase.
		_, ceiling, _ := s.rampHeld(ctx)
		s.next.Ramp = min(s.next.Ramp, ceiling)
	}
	if p.Change.Course == migrate.Mapped {
		s.mapper, err = shape.New(change, p.Change.Mapping)
	}
	return s, err
}

// following is the setting that an edge leads to.
func following(c control.Change, p *plan.Plan, edge migrate.Edge) migrate.Setting {
	if p.Change.Course != migrate.Mapped {
		return c.Setting.Along(edge)
	}
	return c.Setting.After(edge, p.Reads.CopyOnRead, p.Reads.Ramp[0])
}

// take looks for the signatures, measures the guards, does the work, moves the foreign keys and
// records the transition. It returns the guards that do not hold, if any.
func (s *step) take(ctx context.Context) (refused []Verdict, err error) {
	if refused, err = s.signatures(ctx); err != nil || len(refused) > 0 {
		return refused, err
	}
	madeTrue := works[s.edge.Work].makesTrue
	before, after := split(s.edge.Guards, madeTrue)
	if refused, err = s.measure(ctx, before); err != nil || len(refused) > 0 {
		return refused, err
	}
	s.e.point(PointBeforeWork)
	if refused, err = s.work(ctx); err != nil || len(refused) > 0 {
		return refused, err
	}
	s.e.point(PointAfterWork)
	if refused, err = s.measure(ctx, after); err != nil || len(refused) > 0 {
		return refused, err
	}
	if err := s.bind(ctx); err != nil {
		return nil, err
	}
	return s.transit(ctx)
}

// waitMore reports whether there is time left to wait for guards, and waits.
func (e *Engine) waitMore(ctx context.Context, deadline time.Time, out Outcome) bool {
	if !time.Now().Add(e.cfg.Poll).Before(deadline) {
		return false
	}
	for _, v := range out.Waiting {
		e.report(Event{Change: out.Change, Phase: out.Phase, What: "waiting", Message: v.String()})
	}
	return mysqlx.Wait(ctx, e.cfg.Poll) == nil
}
