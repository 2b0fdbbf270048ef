package migrate

import (
	"errors"
	"fmt"
)

// Phase is where a change stands. The database holds it; its text is what the
// control table stores and what every command prints.
type Phase string

// The phases of a change. What a transaction does in each is the [Mode] that
// [Phase.Mode] returns; which may follow which is the table [Edges].
const (
	// Planned: the plan is valid and recorded; the schema is untouched.
	Planned Phase = "planned"
	// Expanded: the target exists beside the source and nobody uses it.
	Expanded Phase = "expanded"
	// DualWriting: every transaction of the application writes both shapes.
	DualWriting Phase = "dual_write"
	// Backfilling: as DualWriting, and workers bring the rows that nobody
	// writes into step. With copy-on-read, reads bring their own rows.
	Backfilling Phase = "backfilling"
	// Verified: an exact comparison found every pair in step.
	Verified Phase = "verified"
	// ReadingNew: reads move to the target along a ramp; both are written.
	// Releases that write the target shape may run from here on.
	ReadingNew Phase = "read_new"
	// OnlyNew: the source is neither read nor written.
	OnlyNew Phase = "new_only"
	// Reversing is the way back from OnlyNew: both shapes are written again by
	// target-shape releases and a reverse reconcile rebuilds the source. No
	// release may read or write the source shape until it is done.
	Reversing Phase = "reversing"
	// Contracted: the source is gone.
	Contracted Phase = "contracted"
	// Closed: the application no longer names the change.
	Closed Phase = "closed"
)

// ErrUnknownPhase says that a text names no phase, as happens when a newer
// binary has written a control table that an older one reads.
var ErrUnknownPhase = errors.New("unknown phase")

// phases lists every phase with what defines it, in the order in which a
// change that is never rolled back passes them. The order is for display.
var phases = []struct {
	phase   Phase
	mode    Mode
	writers ShapeSet
}{
	{Planned, Off, ShapeSet{Source: true}},
	{Expanded, Off, ShapeSet{Source: true}},
	{DualWriting, DualWrite, ShapeSet{Source: true}},
	{Backfilling, DualWrite, ShapeSet{Source: true}},
	{Verified, DualWrite, ShapeSet{Source: true}},
	{ReadingNew, ReadNew, ShapeSet{Source: true, Target: true}},
	{Reversing, ReadNew, ShapeSet{Target: true}},
	{OnlyNew, NewOnly, ShapeSet{Target: true}},
	{Contracted, NewOnly, ShapeSet{Target: true}},
	{Closed, NewOnly, ShapeSet{Target: true}},
}

// Phases returns every phase, in the order in which they are displayed.
func Phases() []Phase {
	out := make([]Phase, len(phases))
	for i, p := range phases {
		out[i] = p.phase
	}
	return out
}

// ParsePhase returns the phase that text names, or an error that wraps
// [ErrUnknownPhase].
func ParsePhase(text string) (Phase, error) {
	for _, p := range phases {
		if string(p.phase) == text {
			return p.phase, nil
		}
	}
	return "", fmt.Errorf("%w %q: a newer release of underpin may have written it", ErrUnknownPhase, text)
}

// Mode returns what a transaction does in the phase. Backfilling (and Verified
// after it) may run in [CopyOnRead] instead of the [DualWrite] returned here;
// the control row says so, see [Setting].
func (p Phase) Mode() Mode {
	for _, row := range phases {
		if row.phase == p {
			return row.mode
		}
	}
	return Off
}

// Writers returns the shapes in which the application may write in the phase.
func (p Phase) Writers() ShapeSet {
	for _, row := range phases {
		if row.phase == p {
			return row.writers
		}
	}
	return ShapeSet{}
}

// Shape is one of the two shapes of the data. A release writes one of them;
// the library mirrors to the other.
type Shape string

// The two shapes.
const (
	SourceShape Shape = "source"
	TargetShape Shape = "target"
)

// ErrUnknownShape says that a text names neither shape.
var ErrUnknownShape = errors.New("unknown shape")

// ParseShape returns the shape that text names, or an error that wraps
// [ErrUnknownShape].
func ParseShape(text string) (Shape, error) {
	switch s := Shape(text); s {
	case SourceShape, TargetShape:
		return s, nil
	}
	return "", fmt.Errorf("%w %q: it is %q or %q", ErrUnknownShape, text, SourceShape, TargetShape)
}

// ShapeSet is a set of shapes.
type ShapeSet struct{ Source, Target bool }

// Has reports whether the set holds the shape.
func (s ShapeSet) Has(shape Shape) bool {
	switch shape {
	case SourceShape:
		return s.Source
	case TargetShape:
		return s.Target
	}
	return false
}

// StepRule says when a source row and its target row count as in step.
type StepRule string

const (
	// StepExact: target = f(source). It holds while every writer so far wrote
	// the source shape, so f explains every target value.
	StepExact StepRule = "exact"
	// StepEither: target = f(source) or source = g(target). It holds from the
	// first entry of [ReadingNew] on and stays for the life of the change,
	// through every step back: a target-shape release may have written values
	// that f would not produce, and a pair which either direction explains is
	// never touched, so that nobody's write is wiped.
	StepEither StepRule = "either"
)

// ErrUnknownStepRule says that a text names no step rule.
var ErrUnknownStepRule = errors.New("unknown step rule")

// ParseStepRule returns the rule that text names, or an error that wraps
// [ErrUnknownStepRule].
func ParseStepRule(text string) (StepRule, error) {
	switch r := StepRule(text); r {
	case StepExact, StepEither:
		return r, nil
	}
	return "", fmt.Errorf("%w %q", ErrUnknownStepRule, text)
}
