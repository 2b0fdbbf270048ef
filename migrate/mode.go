package migrate

import (
	"errors"
	"fmt"
)

// Mode is what a transaction or a read of the application does with the two
// shapes. The zero value is [Off], the behaviour of code that has never heard
// of the change.
type Mode uint8

// The modes.
const (
	// Off reads and writes the source.
	Off Mode = iota
	// DualWrite reads the source and writes both.
	DualWrite
	// CopyOnRead reads the target, on a miss copies that row under a lock, and
	// writes both.
	CopyOnRead
	// ReadNew reads the target for the share of keys inside the ramp and the
	// source for the rest, and writes both.
	ReadNew
	// NewOnly reads and writes the target.
	NewOnly
)

// ErrUnknownMode says that a text names no mode.
var ErrUnknownMode = errors.New("unknown mode")

// modes is what each mode does, as data. The explorer executes these rows.
var modes = [...]struct {
	name   string
	reads  Reads
	writes ShapeSet
}{
	Off:        {"off", ReadsSource, ShapeSet{Source: true}},
	DualWrite:  {"dual_write", ReadsSource, ShapeSet{Source: true, Target: true}},
	CopyOnRead: {"copy_on_read", ReadsTargetOrCopies, ShapeSet{Source: true, Target: true}},
	ReadNew:    {"read_new", ReadsByRamp, ShapeSet{Source: true, Target: true}},
	NewOnly:    {"new_only", ReadsTarget, ShapeSet{Target: true}},
}

// Reads says which shape answers a read.
type Reads uint8

// The ways to read.
const (
	ReadsSource Reads = iota
	ReadsTarget
	ReadsTargetOrCopies // the target; a missing row is first copied under lock
	ReadsByRamp         // the target for keys inside the ramp, else the source
)

// Modes returns every mode.
func Modes() []Mode { return []Mode{Off, DualWrite, CopyOnRead, ReadNew, NewOnly} }

// ParseMode returns the mode that text names, or an error that wraps
// [ErrUnknownMode].
func ParseMode(text string) (Mode, error) {
	for _, m := range Modes() {
		if m.String() == text {
			return m, nil
		}
	}
	return Off, fmt.Errorf("%w %q: a newer release of underpin may have written it", ErrUnknownMode, text)
}

// String returns the name under which the mode is stored and printed.
func (m Mode) String() string {
	if int(m) < len(modes) {
		return modes[m].name
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// Reads returns which shape answers a read in the mode.
func (m Mode) Reads() Reads {
	if int(m) < len(modes) {
		return modes[m].reads
	}
	return ReadsSource
}

// Writes returns the shapes that are kept up to date in the mode.
func (m Mode) Writes() ShapeSet {
	if int(m) < len(modes) {
		return modes[m].writes
	}
	return ShapeSet{}
}

// MarshalText stores the mode by its name.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Mode) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMode(string(text))
	return err
}

// Capability is what one release declares for one change.
type Capability struct {
	// Writes is the shape in which the release writes.
	Writes Shape
	// Modes are the modes the release can work in.
	Modes []Mode
}

// CapabilityThrough returns the capability of a release that writes the given
// shape and can work in every mode up to and including through. A release that
// writes the target shape cannot work before [ReadNew]: the source shape is
// authoritative until then.
func CapabilityThrough(writes Shape, through Mode) Capability {
	c := Capability{Writes: writes}
	for _, m := range ladder {
		if writes == SourceShape || m == ReadNew || m == NewOnly {
			c.Modes = append(c.Modes, m)
		}
		if m == through {
			break
		}
	}
	return c
}

// ladder is the order in which a change that is never rolled back passes the
// modes; "through" in a capability means everything on it so far.
var ladder = Modes()

// Supports reports whether code with this capability may run under the
// setting, and if not, why, in words that finish "release R cannot run: ".
func (c Capability) Supports(s Setting) (ok bool, why string) {
	if !s.Phase.Writers().Has(c.Writes) {
		return false, fmt.Sprintf("it writes the %s shape, and phase %s takes writes in the %s shape only",
			c.Writes, s.Phase, s.Phase.Writers())
	}
	for _, m := range c.Modes {
		if m == s.Mode {
			return true, ""
		}
	}
	return false, fmt.Sprintf("it does not support mode %s, which phase %s asks for", s.Mode, s.Phase)
}

// String names the shapes of the set.
func (s ShapeSet) String() string {
	switch {
	case s.Source && s.Target:
		return "source and target"
	case s.Source:
		return "source"
	case s.Target:
		return "target"
	}
	return "no"
}
