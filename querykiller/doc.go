// Package querykiller ends statements that have used up their budget before
// they take the database down, and ends nothing else.
//
// # The parts
//
// A [Server] is polled for a [Snapshot]: every session with its statement, its
// age to the microsecond, what it has read and changed, and whom it waits for.
// [Rules] judge a snapshot: a pure function, so that a saved one can be judged
// again (replay) and every verdict explained. The [Killer] is the loop between
// the two: it remembers what it decided, escalates, keeps limits, tightens
// budgets under overload, stops itself when it kills too much, and hands every
// [Decision] to the [Recorder].
//
// # Identity
//
// A verdict is about a statement, not about a connection: between the poll and
// the kill the session may have gone on to its next statement, which is
// innocent. [StatementID] names the one that was judged, and Server.Kill is
// bound to end that one or nothing. On MariaDB the server sees to that (KILL
// QUERY ID). MySQL has no such statement: there the identity is read again in
// the round trip that kills, and the window that remains is measured and
// published in docs/querykiller.md.
//
// # All victims of a poll at once
//
// On a server whose processors are taken every round trip waits for its turn. So
// a poll is one round trip, begun about when the next budget runs out, and the
// kills that follow from it are carried out together, over connections that were
// opened at the start: those of statements a moment before their time, so that the
// server has them when it comes. The limits count as if they came one after the
// other.
//
// # What looking costs
//
// A server with a thousand connections works for milliseconds on a list of them. So
// idle sessions are read once a second and remembered in between; what is due by
// memory is read again before anything is decided. And where looks take more of the
// server than [Config.Share] they are made less often, as far as that makes no kill
// late.
//
// # Never early
//
// An age comes from the server's own clock and is rounded down. Where the
// server tells whole seconds only, the age is the least it can be.
//
// # What is not known
//
// A rule that asks for a field the server did not tell does not match. A guard
// that cannot be measured refuses, where it matters: whether a statement rolls
// back, and what it has modified, for anything but ending a SELECT; whether a
// session holds LOCK TABLES, before the session itself is ended; what program is
// behind a session, before one that is idle is ended by a rule that names no
// user. Without the identity of a statement nothing is killed. Each refusal is a
// decision with its reason, so that an operator sees which grant or which switch
// of the server is missing.
//
// # Protection
//
// Replication, daemons, DDL, backups, holders of LOCK TABLES, Underpin's own
// connections and the server's accounts are not seen by a rule that does not name
// their [Class] in its unprotect list. No rule sees what is rolling back.
package querykiller
