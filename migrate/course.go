package migrate

import (
	"errors"
	"fmt"
)

// Course is the way a change takes through the phases: which edges there are
// for it. It follows from what the change does to the code that is running.
// Every course begins in Planned and ends in Closed, and each has its own
// transition table ([Course.Edges]).
type Course string

// The courses.
const (
	// Mapped keeps two shapes of the same data in step, through all modes. It is
	// the zero value: the others are for changes of the schema alone, which
	// have one shape and run in mode Off throughout.
	Mapped Course = ""
	// Added adds something or loosens it: running code does not notice.
	Added Course = "added"
	// Tightened has the server refuse what it took before: rows that do not fit
	// have to be mended first, and code that writes such has to be gone.
	Tightened Course = "tightened"
	// Retired drops something: it is hidden first where the server can hide it,
	// and dropped when nobody has missed it.
	Retired Course = "retired"
)

// ErrUnknownCourse says that a text names no course.
var ErrUnknownCourse = errors.New("unknown course")

// courses are the transition tables, and how far a change goes unless somebody
// asks for more: to the last phase that has a way back and asks for nobody's
// word.
var courses = []struct {
	course   Course
	edges    []Edge
	furthest Phase
}{
	{Mapped, edges, OnlyNew},
	{Added, addedEdges, Expanded},
	{Tightened, tightenedEdges, Expanded},
	{Retired, retiredEdges, Expanded},
}

// Courses returns every course.
func Courses() []Course {
	out := make([]Course, len(courses))
	for i, c := range courses {
		out[i] = c.course
	}
	return out
}

// ParseCourse returns the course that text names, or an error that wraps
// [ErrUnknownCourse].
func ParseCourse(text string) (Course, error) {
	for _, c := range courses {
		if string(c.course) == text {
			return c.course, nil
		}
	}
	return "", fmt.Errorf("%w %q: a newer release of underpin may have written it", ErrUnknownCourse, text)
}

// String returns the course's name.
func (c Course) String() string {
	if c == Mapped {
		return "mapped"
	}
	return string(c)
}

// addedEdges: nothing that runs notices, so nothing is asked of anybody.
var addedEdges = []Edge{
	// The server takes everything that it took before, which the plan checks
	// operation by operation.
	{
		From: Planned, To: Expanded, Direction: Forward, Work: WorkExpand,
		Why: "the DDL is done and the live schema shows it",
	},
	// Nothing is left to do. The way back ends here: from now on a change of its
	// own takes it away.
	{
		From: Expanded, To: Closed, Direction: Forward,
		Guards: []Guard{GuardSchemaWhole, GuardSignedOff},
		Why:    "it stays",
	},
	// What was added may be in use by now; nobody but the plan's reader can tell.
	{
		From: Expanded, To: Planned, Direction: Back, Work: WorkDrop, Loss: LossAdded,
		Why: "what was added is dropped, what was loosened stays loose",
	},
}

// tightenedEdges: rows and code have to be ready before the server refuses.
var tightenedEdges = []Edge{
	// The rows are looked at before the DDL, which looks at them again. Code
	// that writes what will be refused cannot be seen in the rows it has not
	// written yet, hence the releases, where the change names them.
	{
		From: Planned, To: Expanded, Direction: Forward, Work: WorkExpand,
		Guards: []Guard{GuardRowsFit, GuardReleases},
		Why:    "every row fits, and no release is live that was not written for it",
	},
	// As above.
	{
		From: Expanded, To: Closed, Direction: Forward,
		Guards: []Guard{GuardSchemaWhole, GuardSignedOff},
		Why:    "it stays",
	},
	// The server takes again what it took before.
	{
		From: Expanded, To: Planned, Direction: Back, Work: WorkDrop, Loss: LossNone,
		Why: "the server takes again what it took before",
	},
}

// retiredEdges: hidden, missed by nobody, dropped.
var retiredEdges = []Edge{
	// Hiding takes effect on code that uses the element, so what can be known of
	// its users is looked at first. Hiding is undone in a moment.
	{
		From: Planned, To: Expanded, Direction: Forward, Work: WorkExpand,
		Guards: []Guard{GuardReleases, GuardUnnamed},
		Why:    "it is hidden where the server can hide it, and nothing in the database names it",
	},
	// The point of no return.
	{
		From: Expanded, To: Contracted, Direction: Forward, Work: WorkContract,
		Guards: []Guard{GuardReleases, GuardUnnamed, GuardHeld, GuardUnused, GuardSignedOff},
		Why:    "nobody has missed it for the time it was held, and somebody has signed for dropping it",
	},
	{
		From: Contracted, To: Closed, Direction: Forward,
		Why: "nothing is left to do",
	},
	// The element may be gone: a contract step that was cut short has dropped it,
	// and then only Contracted is left to go to.
	{
		From: Expanded, To: Planned, Direction: Back, Work: WorkDrop, Loss: LossNone,
		Guards: []Guard{GuardSchemaWhole},
		Why:    "it is shown again as it was",
	},
}

func (c Course) table() []Edge {
	for _, row := range courses {
		if row.course == c {
			return row.edges
		}
	}
	return nil
}

// Edges returns the transition table of the course. It is the caller's own.
func (c Course) Edges() []Edge { return append([]Edge(nil), c.table()...) }

// Next returns the edge that leaves a phase in a direction: there is at most
// one, which a test holds, so that "the next step" and "the way back" are words
// with a meaning. ok is false where there is none: a closed change goes
// nowhere, a contracted one not back.
func (c Course) Next(from Phase, d Direction) (e Edge, ok bool) {
	for _, e := range c.table() {
		if e.From == from && e.Direction == d {
			return e, true
		}
	}
	return Edge{}, false
}

// Path returns the edges that lead from one phase to another in a direction,
// or an error that says why there is no such way.
func (c Course) Path(from, to Phase, d Direction) ([]Edge, error) {
	path, end := c.walk(from, to, d)
	switch {
	case end == to:
		return path, nil
	case d == Forward && c.Leads(to, from, Forward):
		return nil, fmt.Errorf("no way %s from phase %s to %s: %s", d, from, to, c.behind(from, to))
	}
	return nil, fmt.Errorf("no way %s from phase %s to %s: %s", d, from, to, c.deadEnd(end, d))
}

// walk follows the edges from one phase in a direction, to another or as far as
// they lead.
func (c Course) walk(from, to Phase, d Direction) (path []Edge, end Phase) {
	for end = from; end != to; {
		e, ok := c.Next(end, d)
		if !ok || len(path) > len(c.table()) {
			break
		}
		path, end = append(path, e), e.To
	}
	return path, end
}

// Leads reports whether there is a way from one phase to another in a direction.
func (c Course) Leads(from, to Phase, d Direction) bool {
	_, end := c.walk(from, to, d)
	return end == to
}

// behind says of a phase that lies behind another where the way back to it ends,
// if there is none.
func (c Course) behind(from, to Phase) string {
	_, end := c.walk(from, to, Back)
	if end == to {
		return fmt.Sprintf("%s lies behind: that is a way back", to)
	}
	return fmt.Sprintf("%s lies behind, and %s", to, c.deadEnd(end, Back))
}

// deadEnd says why no edge leaves a phase in a direction.
func (c Course) deadEnd(at Phase, d Direction) string {
	switch {
	case d == Back && at == Planned:
		return fmt.Sprintf("nothing lies before %s", at)
	case d == Back && (c == Mapped || c == Retired):
		return fmt.Sprintf("%s has dropped the source; the way back is a new change", at)
	case d == Back:
		return fmt.Sprintf("%s has given up the way back; a new change leads there", at)
	}
	return fmt.Sprintf("nothing follows %s", at)
}

// Phases returns the phases that a change of the course can be in, in the order
// in which they are displayed.
func (c Course) Phases() []Phase {
	var out []Phase
	for _, p := range Phases() {
		for _, e := range c.table() {
			if e.From == p || e.To == p {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

// Furthest returns how far a change of the course goes unless somebody asks for
// more by name.
func (c Course) Furthest() Phase {
	for _, row := range courses {
		if row.course == c {
			return row.furthest
		}
	}
	return Planned
}
