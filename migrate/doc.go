// Package migrate is the vocabulary of a change and nothing else: the mapping
// between two shapes of the same data, the phases a change goes through, the
// mode a transaction works in during each phase, and the one transition table
// that the engine executes, the documentation draws, the status command shows
// and the explorer (package migrate/explore) checks.
//
// # The idea
//
// A change is declared once, as a [Mapping] between a source and a target
// shape, with one SQL expression a column. The database evaluates the
// expressions, everywhere: in the mirror of a live write, in copy-on-read, in
// the backfill and in the verification. There is no second implementation that
// could drift from the first.
//
// # Phases, modes, edges
//
// A [Phase] says where a change stands. It is held by the database, in one row
// a change, together with an epoch that every transition raises. A [Mode] says
// what a transaction of the application does in that phase. The edges between
// phases are the table [Course.Edges]; an [Edge] names the guards that have to hold
// before it may be taken and the work that has to be done before it is
// recorded. Phases have no order: nothing compares them with <, one asks the
// table.
//
//	planned ⇄ expanded ⇄ dual_write ⇄ backfilling ⇄ verified ⇄ read_new → new_only → contracted → closed
//	                                                               ⇡         ⇣
//	                                                               └ reversing
//
// A change of the schema alone has one shape and no mapping. It runs in mode Off
// throughout and takes a shorter [Course] through the same phases: one for what
// is [Added], one for what is [Tightened], one for what is [Retired].
//
// The package uses the standard library only, so that an application which
// links the dual-write library links nothing else on its behalf.
package migrate
