package engine

import (
	"context"
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// ramp raises the share of reads on the target, one step of the plan after the
// other, each after the one before has soaked. It returns what it waits for.
func (s *step) ramp(ctx context.Context) ([]Verdict, error) {
	for s.change.Setting.Ramp != migrate.RampFull {
		refused, err := s.measure(ctx, []migrate.Guard{migrate.GuardSoaked})
		if err != nil || len(refused) > 0 {
			return refused, err
		}
		if err := s.raise(ctx, nextRamp(s.plan.Reads.Ramp, s.change.Setting.Ramp)); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// raise records one step of the ramp and looks at the change again.
func (s *step) raise(ctx context.Context, ramp uint16) error {
	if _, err := s.move(ctx, s.change.Setting.WithRamp(ramp), nil, "ramp"); err != nil {
		return err
	}
	c, _, err := s.e.load(ctx, s.e.cfg.DB, s.change.Name)
	if err != nil {
		return err
	}
	s.change = c
	s.next = c.Setting.After(s.edge, s.plan.Reads.CopyOnRead, s.plan.Reads.Ramp[0])
	s.e.report(Event{Change: c.Name, Phase: c.Setting.Phase, What: "transition", Message: fmt.Sprintf("ramp at %s", percent(ramp))})
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
