// Package dualwrite is Underpin for the application: it joins the fleet, writes
// both shapes of a change in one transaction, and reads the one that answers.
//
// # Joining
//
// [Join] announces the process with its release and what the release can do
// about each change, and refuses to start one that may not run now. From then
// on one goroutine reads the settings every [Config.Poll], acknowledges each new
// one once the reads begun under older ones have ended, and renews the lease. A
// process that was silent for longer than its lease (stopped, paused, cut off)
// serves nothing until it has joined again; nor does it return what a read
// brought that was under way meanwhile. The lease is judged by the process's own
// clocks, from before the renewal was sent.
//
// # Writing
//
// [Change.Write] runs the application's unit of work in one transaction that
// also takes the fence, a shared lock on the change's row, and mirrors the
// touched rows to the other shape as the setting in that row says. A transition
// has to wait for the transaction, and the transaction commits under one
// setting. Where the client believes that a mirror is due, the fence rides on
// the mirror's statement; the statement does nothing if the row says otherwise,
// and then the fence is taken by itself and obeyed.
//
// A unit runs again as a whole after a deadlock, a lock wait timeout or a lost
// connection, even if it hid the error: after any such error the [Tx] sends
// nothing more. A COMMIT without an answer is [ErrUnknownOutcome] and is not
// repeated; give [WriteOptions.Resolve] a way to find out. Otherwise make
// the unit idempotent, by a key of the request's own in the same transaction,
// and let the caller repeat it.
//
// What a write is refused with, all rolled back:
//
//	NotAllowedError       the release may not write in the present phase
//	ErrLeaseLost          the process fell out of the fleet
//	ConflictError         the mirror collides with another row; both are named
//	UnrepresentableError  a value has no place in the other shape, or in a merge a row
//	ErrNothingTouched     rows were changed, Tx.Touch was not called
//	ErrNotStrict          the session would cut values silently
//	ErrStatement          a statement would have committed the transaction
//
// An insert that the server gives a number which the other side's writers have
// just used is run again and gets another: it never becomes an update of
// somebody else's row.
//
// Applications that cannot hand over their transactions use [Change.Enlist].
//
// # Reading
//
// [Read] asks the cached setting which shape answers. Reads take no fence; that
// is what the acknowledgements are for. Along the ramp a key's place decides
// (package flags), so a key does not flip between two reads. With copy-on-read a
// row that the target lacks is first brought over, in a short transaction of its
// own that locks the source row. A share of the reads is made of both shapes, in
// one snapshot and beside the request, and the differences are counted for the
// gate before reads move.
//
// # The COMMIT
//
// On MariaDB the mirror of one row can bring the COMMIT with it, in one compound
// statement ([CommitWithMirror]). Nothing is committed by it that two statements
// would not commit:
//
//   - The COMMIT runs only behind a mirror that has changed its row, and such a
//     mirror has met the fence's condition, so it holds the fence. Otherwise the
//     server answers with an error of our own, and the transaction is as open as
//     before.
//   - An error of the mirror ends the statement before the COMMIT. The server is
//     then asked whether the transaction is open. Only a yes counts as not
//     committed; without an answer it is [ErrUnknownOutcome].
//   - It waits for no lock. If one is in the way (of a transition, a row, DDL),
//     the mirror is sent again by itself and waits there, where ctx can end it
//     and the outcome is known. If the server rolls back on a lock that was not
//     had, the unit is run again.
//   - Once it is sent it is not ended with ctx, as no COMMIT is.
//   - A unit that changed nothing, touched several rows, writes the target shape
//     or has anything to check after its mirror commits apart.
//
// It is not the default, for what is known is less: if the connection breaks while
// the mirror runs, the outcome is unknown, where otherwise nothing was committed
// for certain and the unit is run again. And it moves work more than it saves it:
// database/sql has to be told with a ROLLBACK that the transaction is over, which
// the caller does not wait for but the connection does. A client that writes
// without a pause gains next to nothing.
//
// # The BEGIN
//
// While units follow each other within 20 ms, the COMMIT of one begins the
// transaction of the next on the same connection (COMMIT AND CHAIN), so that the
// next one need not ([ChainProven]). That is for one connection of a process at a
// time, and where Join has tried that it works on the way to the server, proxies
// included. A transaction that waits so has run nothing: it has no snapshot, no lock
// and no metadata lock, and holds up neither a transition nor a DDL nor the purge.
// What it costs is a connection of the pool for up to 20 ms after the last unit,
// where at least half of the pool is free; after a second at the latest the
// connection goes back, so that the pool's limits of age hold. With
// [CommitWithMirror] the next transaction is begun when the caller has its
// answer, since nothing may follow a COMMIT of which too little would be known.
//
// An error that the server answers to a COMMIT AND CHAIN with may be about either
// half. Deadlocks and a server that takes no writes mean that the unit was rolled
// back, and it is run again; anything else, such as a lock wait timeout, is
// [ErrUnknownOutcome].
//
// # What it costs
//
// Round trips of a unit with one statement of its own, where a plain transaction
// takes three (BEGIN, statement, COMMIT). A unit that finds its transaction begun
// takes one less:
//
//	Off, NewOnly          4  BEGIN, fence, statement, COMMIT
//	both shapes           4  BEGIN, statement, mirror with fence, COMMIT
//	  CommitWithMirror    3  BEGIN, statement, mirror with fence and COMMIT
//	    a lock in the way 6  that, refused; is it open, mirror with fence, COMMIT
//	  nothing to mirror   5  the fence has to be taken by itself
//	  target-shape writer 5  the source is checked after the mirror
//	  mixed statements    up to 7 for a table change: delete, update, insert
//	  merge               1 more: a source row without a target row is looked for
//
// The usual mirror, of one row with whole numbers for a key, is kept prepared on
// each connection while the server has room for it (see [PrepareUsual]); all other
// statements of ours go as text in one round trip, whatever the pool does about
// placeholders. A read costs no round trip more, except with copy-on-read: one to
// see whether the row is there. BenchmarkDualWrite, BenchmarkChoose and
// BenchmarkDecide measure it.
package dualwrite
