package review

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Direction says which way a statement leads.
type Direction string

// The directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Standing says why a migration is looked at.
type Standing string

// The standings.
const (
	// Reviewed is what the pull request adds.
	Reviewed Standing = ""
	// Past was there before: it is replayed for what it says of the schema,
	// and no rule looks at it.
	Past Standing = "past"
	// Edited was there before and has been changed since.
	Edited Standing = "edited"
	// Removed was there before and is no more: it has no statements.
	Removed Standing = "removed"
)

// Origin says where the statements of a file come from.
type Origin string

// The origins.
const (
	// Written: somebody wrote them, to be run as they stand.
	Written Origin = ""
	// OfSchema: they are what a file of a schema folder comes down to; the tool
	// that carries it out writes its own.
	OfSchema Origin = "schema"
)

// Migration is one file, in the order in which files are run.
type Migration struct {
	// Path is relative to the root of the review, with slashes.
	Path, Text string
	// Version is what orders it, as the tool reads it, and Name the rest.
	Version, Name string
	// Set numbers what is released together: migrations of one set reach the
	// servers before any code that follows them, and a table that one of them
	// makes is empty and unknown to running code for the others.
	Set      int
	Standing Standing
	Origin   Origin
	Sections []Section
	// Change is the change file, where this is one.
	Change *plan.File
	// Statements are those of all sections, in order. Filled in by [Run].
	Statements []*Statement
	// Faults are what the reader of the file could not read.
	Faults []Fault

	lines []int
	// faults are what could not be cut into statements.
	faults []fault
}

// Fault is a mistake in a file, found before its statements were read. Line
// and Column are 0 for the file as a whole.
type Fault struct {
	Line, Column int
	Problem      string
}

// Section is a part of a file that runs one way.
type Section struct {
	Direction Direction
	From, To  int // bytes
	// Single says that it is one statement whatever delimiters it has.
	Single SectionKind
	// Phase is the field of a change file that it stands in: expand, alter
	// or contract; empty elsewhere.
	Phase string
	// Text is the text where it is not in the file literally: From is then
	// where it begins there.
	Text string
}

// SectionKind says how a section is cut.
type SectionKind string

// The kinds of section.
const (
	Delimited SectionKind = ""
	OneWhole  SectionKind = "one statement"
)

// Statement is one statement as its author wrote it.
type Statement struct {
	Migration *Migration
	Direction Direction
	Phase     string // of the section
	// Text is without the delimiter and the comments before it.
	Text string
	// Head is what it is, in upper case: its first word, and after CREATE,
	// ALTER or DROP the kind of object, such as CREATE TRIGGER.
	Head string
	// Node is what the parser made of it; nil for what the parser does not
	// know and of which the head says enough, such as CREATE TRIGGER.
	Node ast.StmtNode

	offset int // of Text in the file; -1 where it is not there literally
	at     Position
	fault  *fault
	// before is the state of the tables it names, by lower-case name.
	before map[string]*Table
	ops    []ddl.Operation
	// parsed is what package ddl made of it; opsErr why it made nothing.
	parsed *ddl.Statement
	opsErr error
}

// Table returns what is known of a table just before the statement: from the
// server's facts, from migrations of the past, and from the statements before
// this one. A table of which nothing is known has no columns and is not
// Complete; the result is never nil and must not be changed.
func (s *Statement) Table(name string) *Table {
	if t := s.before[fold(name)]; t != nil {
		return t
	}
	return &Table{Table: ddl.Table{Name: name}}
}

// New reports whether the table was made earlier in the same set: it is empty,
// and no running code knows it.
func (s *Statement) New(table string) bool {
	return s.Table(table).made == s.Migration.Set+1
}

// NewColumn reports whether the column, or its table, was made earlier in the
// same set: no running code knows it.
func (s *Statement) NewColumn(table, column string) bool {
	t := s.Table(table)
	return s.New(table) || t.added[fold(column)] == s.Migration.Set+1
}

// Operations returns what the statement does as elementary operations of
// package ddl: resolved against the table where it is known well enough, and
// else as written, where a CHANGE that gives another name has a RenameColumn
// behind its ModifyColumn. Nil for what is no DDL on tables.
func (s *Statement) Operations() []ddl.Operation { return s.ops }

// Tables returns the tables that DDL acts on, and those that DML writes.
func (s *Statement) Tables() []string { return tablesOf(s.Node) }

// Table is what is known of a table at one point of the history.
type Table struct {
	ddl.Table
	// Complete is whether every column and index is known.
	Complete bool
	// ForeignTables are the tables that its foreign keys point at.
	ForeignTables []string

	made  int            // 1 + the set that made it; 0: before all
	added map[string]int // by column: 1 + the set that added it
}
