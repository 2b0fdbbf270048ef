// Package usage finds out who still uses an element of the schema: a table, a
// column or an index. It is what the gate before contract stands on.
//
// # What is looked at
//
// Definitions: views, triggers, routines and events of every schema that the
// user may see, and foreign keys, generated columns, checks, defaults, indexes
// and partitions of the table. Statements: the digests that the server keeps,
// prepared statements, and what runs now. Counters: reads and writes of tables
// and indexes, as a snapshot that a later one is compared with.
//
// # How a name is resolved
//
// Text is parsed, not matched. A digest is rewritten until it parses: its
// placeholders become literals, its keywords the spelling that the parser
// knows. Names are then resolved against the tables of the statement, through
// aliases, derived tables, common table expressions and the columns that the
// tables have now. SELECT * and INSERT without a list of columns use every
// column, and are told apart as [Star]. A statement over a view that uses the
// element uses the element.
//
// It fails closed. Text that does not parse is a use if its words name the
// element ([Unparsed]); so is a name whose qualifier belongs to no table of
// the statement ([Unresolved]). The text of literals is never looked at and
// never reported.
//
// # What cannot be seen
//
// [Report.Blind] says what was not looked at, what follows from that and what
// to do. An empty list of uses means little while Blind is not empty. Beyond
// it, nobody can see statements that nobody has run within the time, nor text
// that an application puts together later.
package usage
