package gosource

import "fmt"

// Kind says what a text is in the source.
type Kind string

// The kinds of text.
const (
	// String is a string literal, or several added up to one constant.
	String Kind = "string"
	// Tag is a struct tag: the whole of it, without its quotes.
	Tag Kind = "tag"
	// Directive is a comment of the form //word:rest, without the slashes.
	Directive Kind = "directive"
)

// Literal is a piece of text in a Go file.
type Literal struct {
	// File is relative to the root that was scanned, with slashes.
	File string
	// Line and Column count from 1; a column is a byte, as Go counts.
	Line, Column int
	Value        string
	Kind         Kind
	// Name is, for a String that is an argument, the name of the function or
	// method called, without its package or receiver; for a Tag, the field's
	// name; for an embedded field and everywhere else it is empty.
	Name string
	// Struct is, for a Tag, the name of the type that declares the field;
	// empty in an anonymous one.
	Struct string
}

// Place returns the place in the form file:line:column.
func (l Literal) Place() string { return fmt.Sprintf("%s:%d:%d", l.File, l.Line, l.Column) }

// Problem is a file, or a folder, that could not be read in full.
type Problem struct {
	File string // relative to the root, with slashes
	Err  error
}

func (p Problem) Error() string { return p.File + ": " + p.Err.Error() }
func (p Problem) Unwrap() error { return p.Err }
