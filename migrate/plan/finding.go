package plan

import (
	"fmt"
	"strings"
)

// Severity says whether a finding forbids the change.
type Severity string

// The severities.
const (
	Refusal Severity = "refusal"
	Warning Severity = "warning"
)

// Finding is one thing that speaks against a change.
type Finding struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Object is what it is about: a table, table.column, an expression, a
	// statement.
	Object string `json:"object"`
	// Reason says what is wrong and Remedy what to do about it.
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
	// Position is where in the change file; zero where no one place is.
	Position Position `json:"position"`
}

// Position is a place in a change file, counted from 1.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String returns "file:line:column", or less where less is known.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// String returns the finding on one line.
func (f Finding) String() string {
	var b strings.Builder
	if at := f.Position.String(); at != "" {
		b.WriteString(at + ": ")
	}
	fmt.Fprintf(&b, "%s: %s: %s", f.Code, f.Object, f.Reason)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// RefusedError says that a change cannot be planned as it stands. It carries
// every finding, warnings included, refusals first.
type RefusedError struct {
	Change   string
	Findings []Finding
}

// Error lists the refusals, one a line.
func (e *RefusedError) Error() string {
	var lines []string
	for _, f := range e.Findings {
		if f.Severity == Refusal {
			lines = append(lines, f.String())
		}
	}
	return fmt.Sprintf("refuse change %s:\n  %s", e.Change, strings.Join(lines, "\n  "))
}
