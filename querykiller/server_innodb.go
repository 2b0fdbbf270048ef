package querykiller

import (
	"database/sql"
	"time"
)

// innodb remembers what information_schema tells of transactions. The servers
// refresh that only if nobody has read it for a tenth of a second: who reads it
// more often reads the same answer for ever. So it is not read at every poll.
type innodb struct {
	trx, locks string // the queries; no locks: they are told elsewhere
	read       time.Time
	rows       map[uint64]trxRow // by connection
	waits      waits
	// statements is what the sessions ran at that time: of one that has gone on
	// it is not known whether it has a new transaction since.
	statements map[uint64]uint64
}

// innodbEvery is a little more than the servers' tenth of a second.
const innodbEvery = 130 * time.Millisecond

// trxRow is a transaction.
type trxRow struct {
	modified uint64
	back     bool
	micros   sql.NullInt64 // since it began
}

const mysqlTrx = `/* underpin killer */
SELECT trx_mysql_thread_id, trx_rows_modified, trx_state = 'ROLLING BACK', NULL
FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id > 0`

// mariadbTrx converts the clock, as transactions begin in the server's own time
// zone.
const mariadbTrx = `/* underpin killer */
SELECT trx_mysql_thread_id, trx_rows_modified, trx_state = 'ROLLING BACK',
  TIMESTAMPDIFF(MICROSECOND, trx_started, CONVERT_TZ(SYSDATE(6), @@session.time_zone, 'SYSTEM'))
FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id > 0`

// due reports whether reading would find anything new.
func (n *innodb) due() bool { return time.Since(n.read) >= innodbEvery }

// keep remembers what was read now.
func (n *innodb) keep(rows map[uint64]trxRow) { n.read, n.rows = time.Now(), rows }

// refreshed is a reading of the transactions and the row locks.
type refreshed struct {
	rows  map[uint64]trxRow
	waits waits
}

// parts are the queries of a refresh; none, and nil, if that was done a moment
// ago.
func (n *innodb) parts() ([]part, *refreshed) {
	if !n.due() {
		return nil, nil
	}
	r := &refreshed{rows: map[uint64]trxRow{}}
	return []part{trxPart(n.trx, r.rows), rowWaitPart(n.locks, &r.waits)}, r
}

// take remembers a refresh; sessions are those of its poll.
func (n *innodb) take(r *refreshed, sessions []Session) {
	n.statements = make(map[uint64]uint64, len(sessions))
	for i := range sessions {
		n.statements[sessions[i].ID] = sessions[i].Statement.Query
	}
	n.waits = r.waits
	n.keep(r.rows)
}

func trxPart(query string, of map[uint64]trxRow) part {
	return part{query, func(rows *sql.Rows) error {
		var id uint64
		var r trxRow
		err := rows.Scan(&id, &r.modified, &r.back, &r.micros)
		of[id] = r
		return err
	}}
}

// tell sets what is known of the session's rows.
func (n *innodb) tell(s *Session) {
	s.RowsModified, s.RollingBack = n.rows[s.ID].modified, No
	if n.rows[s.ID].back {
		s.RollingBack = Yes
	}
}

// tellAge sets the age of the transaction. It begins in whole seconds, of which
// the one that had begun does not count.
func (n *innodb) tellAge(s *Session, query uint64) {
	r, open := n.rows[s.ID]
	if was, seen := n.statements[s.ID]; !seen || was != query {
		s.Unknown = append(s.Unknown, "transaction")
		return
	}
	if open {
		s.Transaction = max(time.Duration(r.micros.Int64)*time.Microsecond-time.Second, time.Nanosecond)
	}
}
