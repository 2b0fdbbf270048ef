package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/migrate"
)

// GuardRampHeld: the one who holds the ramp lets it go to the end. It stands
// beside the guards of the step that raises the ramp and is no part of the
// transition table: where nobody holds the ramp there is nothing to measure.
const GuardRampHeld migrate.Guard = "ramp_held"

// rampAnswer bounds how long the holder of a ramp may take to answer.
const rampAnswer = 5 * time.Second

// RampHolder is somebody else, such as the flag system of a company, who says how
// many reads the target of a change may have. The plan's steps and soaks stay: the
// holder is a ceiling above them. A walk asks it before each step of the ramp and
// whenever it looks again; it lowers the ramp to the ceiling at once, without a
// soak, which loses nothing because both shapes are written. An error raises
// nothing and lowers nothing, and nor do reads move for good before the holder
// lets all of them.
//
// Only engines that have the holder ask it, and only while they walk: between
// walks the share in the database stands.
type RampHolder interface {
	// Share returns the greatest share of reads that the target may have. It has
	// to answer within five seconds and be safe for concurrent use.
	Share(ctx context.Context, change string) (flags.Share, error)
}

// ramp moves the share of reads on the target: up by one step of the plan after
// the other, each after the one before has soaked, and down to where its holder
// wants it. It returns what it waits for.
func (s *step) ramp(ctx context.Context) ([]Verdict, error) {
	for {
		now := s.change.Setting.Ramp
		v, ceiling, err := s.rampHeld(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "note", Message: v.Reason})
		}
		switch next := min(nextRamp(s.plan.Reads.Ramp, now), ceiling); {
		case next < now:
			if err := s.turn(ctx, next, "as its holder wants"); err != nil {
				return nil, err
			}
		case next == now:
			return failing([]Verdict{v}), nil // at its end, or held
		default:
			refused, err := s.measure(ctx, []migrate.Guard{migrate.GuardSoaked})
			if err != nil || len(refused) > 0 {
				return refused, err
			}
			if err := s.turn(ctx, next, "as the plan says"); err != nil {
				return nil, err
			}
		}
	}
}

// rampHeld asks who holds the ramp how far it may go: no further than it stands where
// that cannot be told. The error is why, and in the verdict.
func (s *step) rampHeld(ctx context.Context) (v Verdict, ceiling uint16, err error) {
	if s.e.cfg.Ramp == nil {
		return Verdict{Guard: GuardRampHeld, Holds: true, Reason: "the plan alone holds the ramp"}, migrate.RampFull, nil
	}
	share, err := s.askedShare(ctx)
	switch now := s.change.Setting.Ramp; {
	case err != nil:
		v, ceiling = refuses("the ramp stays at %s, because its holder does not say how far it may go: %v", percent(now), err), now
	case share < flags.All:
		v, ceiling = refuses("the holder of the ramp lets no more than %s of the reads go to the target", percent(uint16(share))), uint16(share)
	default:
		v, ceiling = holds("the holder of the ramp lets all reads go to the target"), migrate.RampFull
	}
	v.Guard = GuardRampHeld
	return v, ceiling, err
}

func (s *step) askedShare(ctx context.Context) (flags.Share, error) {
	ctx, cancel := context.WithTimeout(ctx, rampAnswer)
	defer cancel()
	share, err := s.e.cfg.Ramp.Share(ctx, s.change.Name)
	if err == nil && share > flags.All {
		err = fmt.Errorf("%d basis points are more than all reads", uint16(share))
	}
	return share, err
}

// turn records another share of reads and looks at the change again.
func (s *step) turn(ctx context.Context, ramp uint16, why string) error {
	if _, err := s.move(ctx, s.change.Setting.WithRamp(ramp), nil, "ramp"); err != nil {
		return err
	}
	c, _, err := s.e.load(ctx, s.e.cfg.DB, s.change.Name)
	if err != nil {
		return err
	}
	s.change = c
	s.next = c.Setting.After(s.edge, s.plan.Reads.CopyOnRead, s.plan.Reads.Ramp[0])
	s.e.report(Event{
		Change: c.Name, Phase: c.Setting.Phase, What: "transition", Message: fmt.Sprintf("ramp at %s, %s", percent(ramp), why),
	})
	return nil
}

// nextRamp is the first step of the plan above the present share.
func nextRamp(steps []uint16, now uint16) uint16 {
	for _, r := range steps {
		if r > now {
			return r
		}
	}
	return migrate.RampFull
}
