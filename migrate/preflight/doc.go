// Package preflight says, with numbers, whether a plan may be carried out on
// this server now: go, go with care, or no. It runs before anything is touched.
//
// # Verdict
//
// Every look is one row of [Report.Checks]: what was looked at, the value with
// its unit, the limit, and a status. One "no" makes the verdict no; anything
// that needs care, and anything that could not be measured, makes it go with
// care. What is unknown never counts as fine.
//
// # Nothing of the user's is locked
//
// User tables are read by plain SELECT, and by INSERT … SELECT in READ
// COMMITTED, which reads its source from a snapshot and locks no row of it.
// Everything that writes, writes to scratch tables of our own, which are
// dropped at the end. What waits for a metadata lock waits for
// [Input.LockWait] at most; a table that cannot be had in that time is
// reported with whoever holds it, and its forecasts are unknown.
//
// # Forecasts
//
// How a statement is carried out, what it locks and for how long is what package
// migrate/ddl says, as in the plan. Durations come from a measured sample on this
// very server. Rows of the table are copied to a scratch table of the same shape,
// in chunks and with as many workers as the backfill will have; then each
// statement of the plan is carried out on that scratch, on one with a quarter of
// its rows, and on an empty twin; and the pairs of what was copied are compared,
// as the verification does it. An integer key is sampled at four places between
// its lowest and its highest value, any other key from its beginning. A time for
// N rows follows from that for n:
//
//	seconds(N) = fixed + (measured(n) - fixed) · N/n · growth
//	growth     = 1 + share · (ln N / ln n - 1)
//
// fixed is what does not depend on the rows: where the line through the times of
// the quarter and of the whole sample meets no rows. That is more than a statement
// takes on the empty twin, for with the first rows come sort files, flushes and
// threads, which an extrapolation of everything above the twin's time would count
// N/n times. A line that leaves the rows less than half of that is not believed:
// the sample is too small to tell. A copy by a statement has no such costs, and
// what it takes on the empty twin is fixed. share is the secondary indexes' part of the
// table's bytes: their entries come unsorted, so that each costs a descent, or a
// merge, of which there are more in a larger table; the clustered index is
// written in its own order and grows evenly. Of a statement that only builds
// indexes it is 1. n is then the rows of one table, however often they were copied.
//
// Work that is over in a moment tells of that moment alone. A copy, by a statement
// or by the backfill, is repeated until it has filled the redo log, or copied as
// many rows as there are: a server puts the writing of pages off until then, so
// the first rows are cheap. A statement is repeated on rows as they were before
// it, for what it makes of them takes time too; and each repetition stays until
// all are done, for the pages of a dropped table are never written. Of copies
// fixed is then where the line through the first and all of them meets no rows,
// below zero where the later ones took longer, so that the rows beyond the sample
// take what those took. What one of two workers of the backfill copies while the
// other has nothing left to do is counted at one worker's pace.
// Pairs are compared again and again for as long as the sample may take. An index
// is built up to four times, and the mean of all but the first counts: the first
// index over rows that were just written takes longer, and the table's were
// written long ago.
//
// The sample's pages are flushed before anything is timed, as the table's were long
// ago: a statement that writes pages itself would wait for them. That takes RELOAD
// (MySQL: or FLUSH_TABLES), LOCK TABLES on the database, and a file for the table;
// else the sample is rebuilt, and a rebuild in place is forecast up to half too long.
//
// A range of ±30 % stands around the number, and of no less than ±1 s: a server
// keeps any work waiting for as long now and then, by a flush or by other
// sessions, and a work of less than a second is said to take "under" so much.
// Where data and indexes exceed the buffer pool, and the sample did not, the
// upper end is three times the number at least: pages of secondary indexes then
// come from disk, which a sample cannot show.
//
// The sample of a key that is no integer knows one worker; every sample knows the
// load of this moment, and a scratch table without the foreign keys and triggers
// of the real one. A statement that touches another table (a foreign key, EXCHANGE PARTITION, RENAME) is not
// tried: it would lock that table.
//
// # Disk
//
// What stays is the new rows and columns and the binary log of writing them;
// what is needed for a while is the largest second copy that a statement makes.
// Undo is that of one chunk at a time, and the redo log has a size of its own:
// neither is counted. SQL does not tell how much is free. It is known where the
// operator says it, where the server's data directory turns out to be on this
// machine, or from MariaDB's plugin DISKS; else it is unknown, and asks for care.
//
// # Privileges
//
// What the steps take is known here, what the user has is asked of the caller
// ([Input.Privileges]): underpin doctor probes it, and this package is below the
// command line.
//
// # What it writes
//
// Scratch tables of the names [plan.ScratchPrefix] + "preflight_…", of at most
// [Input.SampleRows] rows each, twice, and a quarter as many, go through the
// binary log as the real work will. So do the repetitions of a copy, of
// [Input.SampleBytes] at most, which lie on disk beside each other until the last
// is done. InnoDB stops purge for the moment in which it flushes a scratch table.
// A killed preflight leaves scratch tables; the next one drops them.
package preflight
