package engine

import (
	"context"
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// job is a kind of work: what carries it out, and the guards that it makes
// true or does not need, which are measured after it instead of before.
type job struct {
	run       func(s *step, ctx context.Context) ([]Verdict, error)
	makesTrue []migrate.Guard
}

// works is how each kind of work is carried out. Each looks for what is left of
// it, so that it can be begun again at any point.
var works = map[migrate.Work]job{
	migrate.WorkNone:     {run: (*step).nothing},
	migrate.WorkExpand:   {run: (*step).expand},
	migrate.WorkDrop:     {run: (*step).drop},
	migrate.WorkBackfill: {run: (*step).copyForward, makesTrue: []migrate.Guard{migrate.GuardBackfilled, migrate.GuardVerified}},
	migrate.WorkReverse:  {run: (*step).copyBack, makesTrue: []migrate.Guard{migrate.GuardReversed, migrate.GuardVerified}},
	// Raising the ramp asks nothing of the fleet that ReadingNew has not asked
	// already: a release that cannot follow to OnlyNew must not hold it up, or
	// reads could never all move before that release is replaced.
	migrate.WorkRamp: {run: (*step).ramp, makesTrue: []migrate.Guard{
		migrate.GuardFleetSupports, migrate.GuardRampFull, migrate.GuardSoaked, migrate.GuardReadersDrained,
	}},
	migrate.WorkContract: {run: (*step).contract},
}

// work does the edge's work. It returns guards that stopped it half-way, as a
// soak that is not over stops the ramp.
func (s *step) work(ctx context.Context) ([]Verdict, error) {
	w, ok := works[s.edge.Work]
	if !ok {
		return nil, fmt.Errorf("edge %s → %s asks for work %q, which this release of underpin does not know", s.edge.From, s.edge.To, s.edge.Work)
	}
	refused, err := w.run(s, ctx)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", workName(s.edge.Work), s.change.Name, err)
	}
	return refused, nil
}

func workName(w migrate.Work) string {
	if w == migrate.WorkNone {
		return "transition"
	}
	return string(w)
}

func (s *step) nothing(ctx context.Context) ([]Verdict, error) {
	if s.edge.To == migrate.ReadingNew || s.edge.To == migrate.Reversing {
		return nil, s.raiseCounters(ctx)
	}
	return nil, nil
}
