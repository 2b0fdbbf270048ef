// Package mysqlx is the one door to MySQL and MariaDB: how a connection is
// opened and what its session is set to, how identifiers are quoted, what an
// error of the server means for the work at hand, and how a statement is ended
// when its context is.
//
// # Errors
//
// [Classify] sorts an error by what the caller has to do, from a table with a
// line a code. The distinction that matters most is between a server that said
// no and a connection that broke before it could say anything: after the latter
// the outcome of a COMMIT is unknown, [ErrUnknownOutcome], and nobody may guess.
//
// # Cancelling
//
// The driver answers a cancelled context by closing its socket; the statement
// goes on at the server and may yet commit. A [Session] therefore ends a
// statement with KILL QUERY from a second connection, waits for the server's
// word, and only then returns. It is what Underpin's own long work runs on.
package mysqlx
