package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// Verdict is what measuring a guard gave.
type Verdict struct {
	Guard migrate.Guard `json:"guard"`
	Holds bool          `json:"holds"`
	// Reason says why it does not hold, or why it does, and what to do.
	Reason string `json:"reason"`
	// Blockers names who is in the way, by host and release.
	Blockers []fleet.Blocker `json:"blockers,omitempty"`
}

// String returns the verdict as one line for people.
func (v Verdict) String() string {
	mark := "holds"
	if !v.Holds {
		mark = "refused"
	}
	out := fmt.Sprintf("%s %s: %s", v.Guard, mark, v.Reason)
	for _, b := range v.Blockers {
		out += "; " + b.String()
	}
	return out
}

// holds and refuses make verdicts; the measuring loop fills in the guard.
func holds(format string, args ...any) Verdict {
	return Verdict{Holds: true, Reason: fmt.Sprintf(format, args...)}
}

func refuses(format string, args ...any) Verdict {
	return Verdict{Reason: fmt.Sprintf(format, args...)}
}

// measure is how a guard is measured. An error means that it could not be, and
// stops the walk: a guard that cannot be measured does not hold.
type measure func(s *step, ctx context.Context, q mysqlx.Querier) (Verdict, error)

// guards is the measure of every guard of the transition table; a test holds
// that none is missing.
func guards() map[migrate.Guard]measure {
	return map[migrate.Guard]measure{
		migrate.GuardSchemaWhole:    (*step).schemaWhole,
		migrate.GuardFleetSupports:  (*step).fleetSupports,
		migrate.GuardNoStrangers:    (*step).noStrangers,
		migrate.GuardReadersDrained: (*step).readersDrained,
		migrate.GuardRampFull:       (*step).rampFull,
		migrate.GuardSoaked:         (*step).soaked,
		migrate.GuardBackfilled:     (*step).backfilled,
		migrate.GuardVerified:       (*step).verified,
		migrate.GuardShadowClean:    (*step).shadowClean,
		migrate.GuardReversed:       (*step).reversed,
		migrate.GuardUnnamed:        (*step).unnamed,
		migrate.GuardSignedOff:      (*step).signedOff,
		migrate.GuardForgotten:      (*step).forgotten,
		migrate.GuardRowsFit:        (*step).rowsFit,
		migrate.GuardReleases:       (*step).releases,
		migrate.GuardHeld:           (*step).held,
		migrate.GuardUnused:         (*step).unused,
	}
}

// lookedAtLast are the guards that are measured again inside the transition:
// those that an instance can change by announcing itself a moment before.
var lookedAtLast = []migrate.Guard{
	migrate.GuardFleetSupports, migrate.GuardReadersDrained, migrate.GuardForgotten, migrate.GuardReleases,
}

// dear are the guards that take seconds to measure: reading every statement that
// the server remembers. They are measured when a step is asked for and all its
// other guards hold; Status does not measure them.
var dear = []migrate.Guard{migrate.GuardUnused}

// measure measures guards and returns those that do not hold: the dear ones
// only when all others do. What those say is reported even if they hold, because
// no status shows it.
func (s *step) measure(ctx context.Context, list []migrate.Guard) ([]Verdict, error) {
	cheap, expensive := split(list, dear)
	refused, err := s.refused(ctx, cheap)
	if err != nil || len(refused) > 0 || len(expensive) == 0 {
		return refused, err
	}
	all, err := s.verdicts(ctx, s.e.cfg.DB, expensive)
	for _, v := range all {
		s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "note", Message: v.String()})
	}
	return failing(all), err
}

// refused measures guards and returns those that do not hold.
func (s *step) refused(ctx context.Context, list []migrate.Guard) ([]Verdict, error) {
	all, err := s.verdicts(ctx, s.e.cfg.DB, list)
	return failing(all), err
}

func failing(all []Verdict) []Verdict {
	return slices.DeleteFunc(all, func(v Verdict) bool { return v.Holds })
}

// verdicts measures guards.
func (s *step) verdicts(ctx context.Context, q mysqlx.Querier, list []migrate.Guard) ([]Verdict, error) {
	measures := guards()
	var out []Verdict
	for _, g := range list {
		m, ok := measures[g]
		if !ok {
			return nil, fmt.Errorf("guard %s of edge %s → %s cannot be measured by this release of underpin", g, s.edge.From, s.edge.To)
		}
		v, err := m(s, ctx, q)
		if err != nil {
			return nil, fmt.Errorf("measure guard %s: %w", g, err)
		}
		v.Guard = g
		out = append(out, v)
	}
	return out, nil
}

// lastLook measures, inside the transition, the guards that could have changed
// since. next may differ from s.next on a step of the ramp.
func (s *step) lastLook(ctx context.Context, tx mysqlx.Querier, next migrate.Setting, list []migrate.Guard) ([]Verdict, error) {
	look := *s
	look.next = next
	var again []migrate.Guard
	for _, g := range list {
		if slices.Contains(lookedAtLast, g) {
			again = append(again, g)
		}
	}
	all, err := look.verdicts(ctx, tx, again)
	return failing(all), err
}

// split divides guards into those to measure first and those that are among
// later.
func split(list, later []migrate.Guard) (first, last []migrate.Guard) {
	for _, g := range list {
		if slices.Contains(later, g) {
			last = append(last, g)
		} else {
			first = append(first, g)
		}
	}
	return first, last
}

// plural says "1 row" and "2 rows".
func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		noun = strings.TrimSuffix(noun, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
