// Package control holds the control tables: their schema, numbered and
// embedded, and one file of queries a table. They live in the application's own
// database, under the prefix _underpin_, so that a transaction of the
// application and its fence are one transaction, and so that a copy of the
// database carries its own state.
//
// # Rules
//
//   - Every writer of control state uses compare-and-set on an epoch or a token;
//     a lost race is [ErrLost], never an overwrite.
//   - Signals are rows that exist, never rows that are absent.
//   - The row of _underpin_change is the fence. Only a transition writes to it;
//     heartbeats, pauses and bookkeeping have tables of their own.
//   - Time is the server's (UTC_TIMESTAMP(6)), because leases are compared
//     there. A process judges its own lease by its monotonic clock, from before
//     the statement that renewed it.
//   - A binary that is older than the tables refuses to work: [ErrNewerSchema].
//
// Functions take a [mysqlx.Querier]; whether that is a pool, a transaction or a
// session is the caller's business, and part of the function's comment where it
// matters.
package control
