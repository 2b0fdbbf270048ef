package explore

import "github.com/underpin-db/underpin/migrate"

// Start is the pair that [Coexistence] begins with.
type Start uint8

// The starts.
const (
	// InStep: the row is in both shapes.
	InStep Start = iota
	// Unmapped: the row is in the source only.
	Unmapped
)

// Cell is what two modes do to each other when instances are pinned to them,
// with no fence and no controller: two characters.
//
//	R  every read returns the last committed value
//	!  some read does not
//	=  the target stays equal to the source
//	<  it is equal or absent, which a copy repairs
//	x  it diverges
type Cell string

// pinned is the state of the matrix: one key, the same value on both sides of
// a mapping that is a bijection here.
type pinned struct {
	source, target, last int8
	operations           int8
}

// pinnedAction is an operation of one instance, each a transaction.
type pinnedAction struct {
	mode migrate.Mode
	kind kind
}

const pinnedOperations = 3

// Coexistence explores two instances pinned to a mode each, up to three
// operations, and says what becomes of reads and of the target.
func Coexistence(x, y migrate.Mode, start Start) Cell {
	first := pinned{source: 1, target: 1, last: 1}
	if start == Unmapped {
		first.target = 0
	}
	right, equal, subset := true, true, true
	visit := func(s pinned, yield func(step[pinned, pinnedAction])) {
		equal = equal && s.source == s.target
		subset = subset && (s.source == s.target || s.target == 0)
		if s.operations == pinnedOperations {
			return
		}
		s.operations++
		for _, m := range []migrate.Mode{x, y} {
			for v := int8(0); v <= 3; v++ {
				yield(step[pinned, pinnedAction]{to: s.written(m, v), action: pinnedAction{m, commits}})
			}
			to, got := s.read(m)
			right = right && got == s.last
			yield(step[pinned, pinnedAction]{to: to, action: pinnedAction{m, reads}})
		}
	}
	if _, err := search([]pinned{first}, defaultLimit, visit); err != nil {
		return "?"
	}
	return cell(right, equal, subset)
}

func cell(right, equal, subset bool) Cell {
	c := Cell("!")
	if right {
		c = "R"
	}
	switch {
	case equal:
		return c + "="
	case subset:
		return c + "<"
	}
	return c + "x"
}

// written returns the state after a write in a mode; 0 deletes.
func (s pinned) written(m migrate.Mode, v int8) pinned {
	if m.Writes().Source {
		s.source = v
	}
	if m.Writes().Target {
		s.target = v
	}
	s.last = v
	return s
}

// read returns what a read in a mode returns, and the state after it. The ramp
// is full.
func (s pinned) read(m migrate.Mode) (after pinned, got int8) {
	switch m.Reads() {
	case migrate.ReadsSource:
		return s, s.source
	case migrate.ReadsTargetOrCopies:
		if s.target == 0 {
			s.target = s.source
		}
	}
	return s, s.target
}
