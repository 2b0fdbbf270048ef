// Package facts reads what a review wants to know of a database: sizes and
// growth of tables, their columns and indexes, settings, and the statements that
// the server remembers, without literals. No row of a table is read, and nothing
// is written, so that a replica will do, and a user with SELECT. MariaDB shows
// foreign keys only to a user with another privilege beside it, such as
// REFERENCES.
//
// What the user may not see, or the server does not keep, is left out and named
// in [review.Facts].Blind: rules then say what they could not check.
//
// The facts can be kept in a file, for reviews that reach no database: JSON with
// a version in it, whose field names are those of the Go types.
package facts
