package review

import (
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// Finding is one thing that a rule found. A rule sets what it knows; the pass
// fills in the rest.
type Finding struct {
	// ID stays the same from run to run while the finding does: it does not
	// depend on the line. Filled in by the pass.
	ID string
	// Code and Name are the rule's, and so is Category. Filled in.
	Code     Code
	Name     string
	Category Category
	// Severity is the rule's own where it is empty.
	Severity Severity
	// Object is what it is about: a table, table.column, an index.
	Object string
	// Message says what is wrong, for this object, in one sentence that ends
	// without a full stop. Advice says what to do instead; it may be empty.
	Message, Advice string
	// Span is the offending text; see [Statement.Where]. The whole statement
	// where it is zero.
	Span Span
	// Path is the file, relative to the root of the review. Filled in.
	Path string
	// SQL is the offending statement. Filled in.
	SQL string
	// Cost is what the statement costs on the server at hand; nil where that
	// is not the point.
	Cost  *Cost
	Fixes []Fix
	// Waiver is set where somebody took responsibility, and SignOff where that
	// takes signatures of people. Filled in.
	Waiver  *Waiver
	SignOff *SignOff
}

// LetThrough says why a finding does not count: what for, and who says so.
func (f Finding) LetThrough() (reason, by string) {
	switch {
	case f.Waiver != nil:
		return f.Waiver.Reason, f.Waiver.Owner
	case f.SignOff != nil && f.SignOff.Missing == "":
		return "signed by " + strings.Join(f.SignOff.By, ", "), ""
	}
	return "", ""
}

// Position is a place in a text. Line and Column count from 1, a column being
// one character; Offset is in bytes from 0.
type Position = ddl.Position

// Span is a part of a file: End is behind its last character.
type Span struct{ Start, End Position }

// IsZero reports whether a span names no place.
func (s Span) IsZero() bool { return s.Start.Line == 0 }

// Fix is one way to mend a finding: edits of files that are there, new files,
// or both.
type Fix struct {
	Description string
	// DDL is what underpin plan is to carry out behind gates; empty where the fix
	// is none of its.
	DDL      string
	Edits    []Edit
	NewFiles []NewFile
}

// Edit replaces a span of a file by a text.
type Edit struct {
	Path string
	Span Span
	Text string
}

// NewFile is a file to be added, such as a change file.
type NewFile struct{ Path, Content string }

// Cost is what a statement costs on one server, as far as it is known.
type Cost struct {
	Server ddl.Server
	// Assumed says that nobody named the server; see [Config].
	Assumed bool
	Verdict ddl.Verdict
	Size    Size
	// Low and High bound the time that the work takes; both are 0 where
	// nothing grows with the table, or its size is not known.
	Low, High time.Duration
}

// Size is how large a table is.
type Size struct {
	Class       SizeClass
	Rows, Bytes uint64
}

// SizeClass sorts tables by how much a copy of one hurts.
type SizeClass string

// The classes. The limits are settings; see [Sizes].
const (
	Unknown SizeClass = "unknown"
	Small   SizeClass = "small"
	Medium  SizeClass = "medium"
	Large   SizeClass = "large"
)

// Waiver is somebody's word that a finding is to be let through.
type Waiver struct {
	Codes  []Code
	Reason string
	Owner  string
	// Until is the last day on which it holds; zero is for ever.
	Until time.Time
	// Path and Line are where it stands.
	Path string
	Line int
}
