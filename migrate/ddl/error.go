package ddl

import (
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// The sentinels of a [SyntaxError].
var (
	// ErrSyntax: the text does not parse.
	ErrSyntax = errors.New("it does not parse")
	// ErrRefused: the text is understood, or known, and is refused by name.
	ErrRefused = errors.New("it is refused")
)

// ErrNoFacts says that the cost of an operation hangs on the table as it is
// now, and that the caller did not say how it is: see [ReadTable].
var ErrNoFacts = errors.New("the cost hangs on the present table: read it first")

// ErrUnsupported says that the server, or this version of it, does not have
// the operation, or that nothing is known of what it costs there.
var ErrUnsupported = errors.New("the server does not have this operation, or its cost there is not known")

// Position is a place in a text. The zero value means that it is not known.
type Position struct {
	// Offset is in bytes from 0; Line and Column are from 1, a column being
	// one character.
	Offset, Line, Column int
}

// SyntaxError is a text that [Parse] refuses, with its place.
type SyntaxError struct {
	// Name is the name that Parse was given: a file, or what the text is.
	Name     string
	Position Position
	// Problem says what is wrong, and Hint what to do about it.
	Problem, Hint string
	kind          error
}

func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Position.Line, e.Position.Column, e.Problem)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns [ErrSyntax] or [ErrRefused].
func (e *SyntaxError) Unwrap() error { return e.kind }

// clauseRefusals says what the errors mean with which servers refuse a clause.
var clauseRefusals = map[uint16]string{
	1845: "the server does not do it this way",
	1846: "the server does not do it this way",
	4157: "a row could grow past what fits into a page, and columns are not added instantly then",
	4158: "the table would have more columns than can be added to it instantly, those that were dropped instantly among them",
	4092: "the table has used up its instant row versions; a rebuild gives them back",
}

// ClauseRefused reports whether an error of the server says that it will not do
// a statement with the clauses of a verdict, and why, in words. The next harder
// class is the verdict's Next.
func ClauseRefused(err error) (why string, refused bool) {
	why, refused = clauseRefusals[mysqlx.Number(err)]
	return why, refused
}
