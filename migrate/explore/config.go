package explore

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// Release is a release of the application that links the library.
type Release uint8

// The releases. What each declares is in releases.
const (
	// Nobody leaves a place in the fleet empty.
	Nobody Release = iota
	// SourceOff has declared the change and cannot do more than off.
	SourceOff
	// SourceDual writes the source shape, through dual_write.
	SourceDual
	// SourceNew writes the source shape, through read_new.
	SourceNew
	// SourceWithoutOff is SourceNew after the code for off was removed.
	SourceWithoutOff
	// TargetReading writes the target shape, through read_new.
	TargetReading
	// TargetNew writes the target shape, through new_only.
	TargetNew
	// TargetOnly is TargetNew after the code for read_new was removed.
	TargetOnly
)

var releases = [...]struct {
	name       string
	capability migrate.Capability
}{
	Nobody:     {"nobody", migrate.Capability{}},
	SourceOff:  {"r1-off", migrate.CapabilityThrough(migrate.SourceShape, migrate.Off)},
	SourceDual: {"r1-dual", migrate.CapabilityThrough(migrate.SourceShape, migrate.DualWrite)},
	SourceNew:  {"r1", migrate.CapabilityThrough(migrate.SourceShape, migrate.ReadNew)},
	SourceWithoutOff: {"r1-no-off", migrate.Capability{
		Writes: migrate.SourceShape,
		Modes:  []migrate.Mode{migrate.DualWrite, migrate.CopyOnRead, migrate.ReadNew},
	}},
	TargetReading: {"r2-reading", migrate.CapabilityThrough(migrate.TargetShape, migrate.ReadNew)},
	TargetNew:     {"r2", migrate.CapabilityThrough(migrate.TargetShape, migrate.NewOnly)},
	TargetOnly: {"r2-only", migrate.Capability{
		Writes: migrate.TargetShape, Modes: []migrate.Mode{migrate.NewOnly},
	}},
}

// String returns the name that traces use.
func (r Release) String() string { return releases[r].name }

func (r Release) writes() migrate.Shape { return releases[r].capability.Writes }

// Hazard is something that a run lets happen, besides clients, controller,
// backfill and their crashes.
type Hazard uint16

// The hazards.
const (
	// SlowReads: a read lasts, and anything may happen between its choice of a
	// side and its query. Otherwise it is one step.
	SlowReads Hazard = 1 << iota
	// SlowWrites: a write transaction stays open while others take steps.
	// Otherwise it is one step, which the fence makes the same for transitions.
	SlowWrites
	// LateFences: a write transaction may run its own statement before it takes
	// the fence, which rides on the mirror, and stay open before and after.
	LateFences
	// Strangers: a release without the library connects, reads, writes, goes.
	Strangers
	// Views: somebody creates a view that names the source.
	Views
	// Pauses: an instance stops for any length of time and wakes up again;
	// meanwhile its lease may end. One instance at a time.
	Pauses
	// Workers: a worker of the backfill outlives its run.
	Workers
	// Damage: while the copy is made, a hand or a bug breaks a pair, once.
	Damage
	// WrongReader: the application's own reader of the target is wrong.
	WrongReader
	// FineValues: c and x are written, besides a, b, a1, a2 and b1.
	FineValues
)

// Fleet is the places in which instances start and stop; each has its release.
type Fleet [3]Release

// Config is one run.
type Config struct {
	Name string
	// Fleet is who takes part.
	Fleet Fleet
	// CopyOnRead is what the change asks for.
	CopyOnRead migrate.Choice
	// Hazards is what may happen.
	Hazards Hazard
	// Judgement says which reads count as explained.
	Judgement Judgement
	// Without is what is left out of the protocol.
	Without []Switch
	// Limit is the number of states at which to give up; 0 is 20 million.
	Limit int
	// Table is the transition table to execute; nil is migrate.Mapped.Edges().
	Table []migrate.Edge
}

// Violation is a way to break a property.
type Violation struct {
	// Property is what broke.
	Property string
	// Trace is a shortest way there, one line a step.
	Trace []string
}

// String draws the trace.
func (v *Violation) String() string {
	text := ""
	for i, line := range v.Trace {
		text += fmt.Sprintf("%3d  %s\n", i+1, line)
	}
	return text + "  →  " + v.Property
}

// Result is what a run found.
type Result struct {
	// States is how many states were visited.
	States int
	// Edges counts, for each edge of the table, the states it was taken in.
	Edges map[string]int
	// Violation is nil when every property holds in every state.
	Violation *Violation
}

// Name returns how an edge is called in a [Result].
func Name(e migrate.Edge) string { return string(e.From) + " → " + string(e.To) }

const defaultLimit = 20_000_000

// Run explores every interleaving of one configuration. It returns
// [ErrTooLarge] when there are more states than the limit, and nothing is
// proved.
func Run(c Config) (Result, error) {
	m := newModel(c)
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	f, err := search(m.initial(), limit, m.next)
	if err != nil {
		return Result{States: f.states}, fmt.Errorf("explore %s: %w (%d)", c.Name, err, f.states)
	}
	r := Result{States: f.states, Edges: m.taken}
	if f.broken != "" {
		r.Violation = &Violation{Property: f.broken, Trace: m.tell(f.path, f.actions)}
	}
	return r, nil
}

// Find runs the scenarios without the given switches until one is violated,
// and returns that one. If none is, the result has no violation. The large
// scenarios come last.
func Find(without ...Switch) (Config, Result, error) {
	for _, c := range append(Scenarios(), LargeScenarios()...) {
		c.Without = without
		if r, err := Run(c); err != nil || r.Violation != nil {
			return c, r, err
		}
	}
	return Config{}, Result{}, nil
}
