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
//	UnrepresentableError  a value has no place in the other shape
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
// # What it costs
//
// Round trips of a unit with one statement of its own, where a plain transaction
// takes three (BEGIN, statement, COMMIT):
//
//	Off, NewOnly          4  BEGIN, fence, statement, COMMIT
//	both shapes           4  BEGIN, statement, mirror with fence, COMMIT
//	  nothing to mirror   5  the fence has to be taken by itself
//	  target-shape writer 5  the source is checked after the mirror
//	  mixed statements    up to 7 for a table change: delete, update, insert
//
// The usual mirror, of one row with whole numbers for a key, is kept prepared on
// each connection while the server has room for it (see [PrepareUsual]); all other
// statements of ours go as text in one round trip, whatever the pool does about
// placeholders. On MariaDB, [CommitWithMirror] takes the COMMIT along with the
// mirror: 3 round trips for the caller, at the price of more outcomes that are
// unknown when a connection breaks. A read costs no round trip more, except with
// copy-on-read: one to see whether the row is there. BenchmarkDualWrite,
// BenchmarkChoose and BenchmarkDecide measure it.
package dualwrite
