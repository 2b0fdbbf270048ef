// Package gosource reads what a tree of Go files says in text: its string
// literals, its struct tags and its directives, each with its place. Whoever
// asks "does the code still name this column, this flag, this cache key?" asks
// the result.
//
// Files are parsed, not matched with patterns, so that a comment or a name of
// Go is never taken for text of the program. What is put together at run time
// out of variables is not seen, and nothing here pretends that it is:
// constants that are added up in one expression are joined, everything else is
// reported piece by piece.
//
// A file that does not parse is a [Problem], and what could be read of it is
// still there: the caller decides what a gap in its evidence means.
package gosource
