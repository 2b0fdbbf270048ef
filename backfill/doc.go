// Package backfill brings the rows that nobody writes into step, proves
// afterwards that every pair is, and repairs on request.
//
// # Spans
//
// A job's work is cut once into spans of about [Config.SpanRows] keys, by
// walking the key's index: any key type will do, and any boundary is right,
// because a span is a condition on the key and not a list of rows. The first
// span is open below and the last above, so together they are everything.
// The spans belong to one run, the epoch at which the phase was entered; those
// of another run mean nothing and are removed when a new run starts.
//
// Several processes may start at once. Each walks, and inserts all spans in one
// transaction, the first span alone and first: that insert is the
// compare-and-set. The losers wait for the winner's commit, get a duplicate key
// and use what the winner made.
//
// # Chunks
//
// A worker takes a span by lease, by the server's clock; every take-over raises
// the span's token. It walks the span in chunks. A chunk is one transaction:
//
//  1. the fence, and the phase and epoch it shows: else [ErrSuperseded];
//  2. the span's row under lock, with our token: a worker that was thought dead
//     finds another's and has done nothing;
//  3. the authority's rows of the range, under lock;
//  4. reconcile the range, or fill it where the follower holds nothing yet, then
//     in one pass with 3 (why that is the same: [shape.Mapper.LockAndFill]);
//  5. the cursor, the counters and a renewed lease.
//
// So the cursor cannot run ahead of the rows or lag behind them, and a COMMIT
// whose answer was lost is settled by reading the span. The last chunk of a
// span reaches to the span's own end, follower rows without an authority
// included, and before it is recorded as done one more read has to find nothing
// left to do there.
//
// # Manners
//
// The rows of a range are locked with NOWAIT at first: a chunk that holds locks
// and waits for more could end in a deadlock with the application, and the
// servers choose the victim by the rows it has written, which would spare us.
// A chunk that does not get its locks is rolled back, shrunk and tried again,
// from then on in two passes, which takes all locks before it writes, and waits
// for them, a second at a time, only after several attempts. The application
// waits for at most one chunk. What is left: the follower's unique keys and gaps
// are locked after the authority's rows, and an application transaction that has
// locked a gap there and then writes a row of the chunk can be made a deadlock's
// victim; the library retries it.
//
// # More workers
//
// Spans have nothing in common, so two workers use two cores. One exception: on
// MariaDB with innodb_autoinc_lock_mode=1, its default, an INSERT … SELECT into
// a table that numbers its rows locks the numbering until the statement ends,
// even if every number is given. Chunks that fill such a target go one after
// the other there, and an application's insert into it waits for the present
// one. MySQL's default, mode 2, has no such lock.
//
// # Rows that do not fit
//
// A chunk that fails because of a value is halved until one row is left. That
// row goes to the quarantine with its reason, and the rest goes on. A conflict
// on another unique key is a [*ConflictError] that names both rows, and a source
// row that a merge has no target row for a [*StrayError].
//
// # Merges
//
// Where the source's rows become columns of rows that the target has anyway,
// spans and chunks are cut by the target's rows either way: each of them has to
// be looked at, and between two source rows there may be any number. A chunk
// locks them with what the source has of them, brings the columns of those that
// have a source row into step, and makes those of the others blank.
//
// # Verification
//
// [Verify] compares every pair in both directions, a chunk in one non-locking
// statement: both shapes are written in one transaction, so any snapshot has to
// show them in step and live writes make no false alarm. Every source row is
// looked up in the target; rows that only the target has are found by counting
// where the keys allow it, and by looking each up where they do not.
package backfill
