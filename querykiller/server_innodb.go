package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// innodb remembers what information_schema tells of transactions. The servers
// answer from a copy, which they renew only if nobody, of any session, has read
// it for a tenth of a second: who reads it more often, a monitor or a second
// killer, stops it for everybody and without a word. So a reading counts only if
// it is proven to be new, and what it tells is told for a while and not longer.
type innodb struct {
	trx, locks string // the queries; no locks: they are told elsewhere
	asked      uint64 // how often, which tells the readings apart
	next       time.Time
	// pace is the random part of the wait until the next reading: more after
	// each that was in vain, as those who try again at a fixed pace would keep
	// each other waiting for ever.
	pace time.Duration
	vain time.Time // since when in vain; zero if the last was not
	// read is when the last proven reading began, and ended when it was over.
	read, ended time.Time
	rows        map[uint64]trxRow // by connection
	waits       waits
	// waiting says that somebody waited for a row lock: the next reading finds out
	// for whose, which is expensive. locked says that this one has.
	waiting, locked bool
	// statements is what the sessions ran at that time: of one that has gone on
	// it is not known whether it has a new transaction since.
	statements map[uint64]uint64
}

// innodbEvery is a little more than the servers' tenth of a second, innodbPace
// and innodbMaxPace are the least and the most that is added to it at random
// after readings in vain. innodbGood is how long a proven reading is told; later
// what depends on it is unknown.
const (
	innodbEvery   = 130 * time.Millisecond
	innodbPace    = 100 * time.Millisecond
	innodbMaxPace = 1600 * time.Millisecond
	innodbGood    = time.Second
)

// staleWords are what a poll says while no reading can be proven.
const staleWords = "information_schema.INNODB_TRX has not been new for a while: something reads it more often than every 0.1 s, and then the server " +
	"renews it for nobody. Rows modified and rollbacks are unknown, on MariaDB also ages of transactions and row locks. Stop that monitor or have it ask less often"

// trxRow is a transaction.
type trxRow struct {
	modified uint64
	back     bool
	waits    bool          // for a row lock
	micros   sql.NullInt64 // since it began
}

// The queries run inside a transaction, which is then one of the answer: if it
// is there with the text of this very statement, the copy was made for it. Only
// the beginning of a text is kept there.
const (
	beginReading = `/* underpin killer */
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`
	endReading = `/* underpin killer */
COMMIT`
	ownTrx = `trx_mysql_thread_id = CONNECTION_ID() AND LOCATE('underpin killer reading %[1]d ', trx_query) > 0`
)

const mysqlTrx = `/* underpin killer reading %[1]d */
SELECT ` + ownTrx + `, trx_mysql_thread_id, trx_rows_modified, trx_state = 'ROLLING BACK', trx_state = 'LOCK WAIT', NULL
FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id > 0`

// mariadbTrx converts the clock, as transactions begin in the server's own time
// zone.
const mariadbTrx = `/* underpin killer reading %[1]d */
SELECT ` + ownTrx + `, trx_mysql_thread_id, trx_rows_modified, trx_state = 'ROLLING BACK', trx_state = 'LOCK WAIT',
  TIMESTAMPDIFF(MICROSECOND, trx_started, CONVERT_TZ(SYSDATE(6), @@session.time_zone, 'SYSTEM'))
FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id > 0`

// reading is a look at the transactions and the row locks.
type reading struct {
	began  time.Time
	proven bool
	rows   map[uint64]trxRow
	waits  waits
	locked bool
}

// parts are the queries of a reading, for the end of a poll; none, and nil, if
// it is not time for one.
func (n *innodb) parts() ([]part, *reading) {
	if time.Now().Before(n.next) {
		return nil, nil
	}
	n.asked++
	r := &reading{began: time.Now(), rows: map[uint64]trxRow{}}
	parts := []part{{query: beginReading}, {fmt.Sprintf(n.trx, n.asked), r.add}}
	if n.locks != "" && n.waiting { // the same copy, or one that is newer
		r.locked = true
		parts = append(parts, rowWaitPart(n.locks, &r.waits))
	}
	return append(parts, part{query: endReading}), r
}

// add takes a transaction; our own is the proof.
func (r *reading) add(rows *sql.Rows) error {
	var own sql.NullBool
	var id uint64
	var row trxRow
	if err := rows.Scan(&own, &id, &row.modified, &row.back, &row.waits, &row.micros); err != nil {
		return err
	}
	if own.Bool {
		r.proven = true
		return nil
	}
	r.rows[id] = row
	return nil
}

// take remembers a reading if it is proven, and says when the next is of use;
// sessions are those of its poll.
func (n *innodb) take(r *reading, sessions []Session) {
	n.ended = time.Now()
	if !r.proven {
		if n.vain.IsZero() {
			n.vain = r.began
		}
		n.pace = min(max(2*n.pace, innodbPace), innodbMaxPace)
		n.next = n.ended.Add(innodbEvery + rand.N(n.pace)) //nolint:gosec // no secret
		return
	}
	if n.pace /= 2; n.pace < innodbPace {
		n.pace = 0
	}
	n.next = n.ended.Add(innodbEvery + rand.N(n.pace+1)) //nolint:gosec // no secret
	n.vain, n.read = time.Time{}, r.began
	n.rows, n.waits, n.locked = r.rows, r.waits, r.locked
	n.waiting = false
	for _, row := range r.rows {
		n.waiting = n.waiting || row.waits
	}
	n.statements = make(map[uint64]uint64, len(sessions))
	for i := range sessions {
		n.statements[sessions[i].ID] = sessions[i].Statement.Query
	}
}

// settle closes the transaction of a reading that an error has cut off: an open
// snapshot would hold back the purge of old rows. It returns err.
func (n *innodb) settle(ctx context.Context, conn *sql.Conn, err error) error {
	switch mysqlx.Classify(err) {
	case mysqlx.ClassConnection, mysqlx.ClassCanceled, mysqlx.ClassUnavailable, mysqlx.ClassKilled:
		return err // the connection is given up, and its transaction with it
	}
	if err == nil {
		return nil
	}
	n.next = time.Now().Add(innodbEvery)
	if _, failed := conn.ExecContext(ctx, endReading); failed != nil {
		return fmt.Errorf("end the reading of transactions, after %v: %w", err, failed) //nolint:errorlint // the second is the one to act on
	}
	return err
}

// known reports whether there is a proven reading that is new enough.
func (n *innodb) known() bool { return !n.read.IsZero() && time.Since(n.read) <= innodbGood }

// stale is how long readings have been in vain, zero if what was read before is
// good still.
func (n *innodb) stale() time.Duration {
	if n.vain.IsZero() || n.known() {
		return 0
	}
	return time.Since(n.vain)
}

// words say that the readings are in vain, and for how long they have been.
func (n *innodb) words(s *Snapshot) {
	if s.TransactionsStale = n.stale(); s.TransactionsStale > 0 {
		s.Degraded = append(s.Degraded, staleWords)
	}
}

// covers reports whether the last reading tells of what the session does now: it
// began before the reading did.
func (n *innodb) covers(s *Session) bool {
	return n.known() && !slices.Contains(s.Unknown, "age") && s.Age >= time.Since(n.read)
}

// coversWaits reports whether it also tells whom the session waits for.
func (n *innodb) coversWaits(s *Session) bool {
	return n.covers(s) && (n.locked || !n.rows[s.ID].waits)
}

// tell sets what is known of the session's rows.
func (n *innodb) tell(s *Session) {
	if !n.covers(s) {
		s.Unknown = append(s.Unknown, "rows_modified", "rolling_back")
		return
	}
	s.RowsModified, s.RollingBack = n.rows[s.ID].modified, No
	if n.rows[s.ID].back {
		s.RollingBack = Yes
	}
}

// tellAge sets the age of the transaction. It begins in whole seconds, of which
// the one that had begun does not count.
func (n *innodb) tellAge(s *Session, query uint64) {
	r, open := n.rows[s.ID]
	if was, seen := n.statements[s.ID]; !n.known() || !seen || was != query || query == 0 {
		s.Unknown = append(s.Unknown, "transaction")
		return
	}
	if open {
		age := time.Duration(r.micros.Int64)*time.Microsecond - time.Second + time.Since(n.ended)
		s.Transaction = max(age, time.Nanosecond)
	}
}
