package querykiller

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// youngUnknown is what is not read for statements that have only begun.
func youngUnknown() []string {
	return []string{"program", "release", "rows_modified", "rolling_back", "holds_tables", "blocked_by", "locked"}
}

// details is what is read of busy sessions, besides their statements.
type details struct {
	full         bool                     // all but the transactions' ages was asked for
	transactions map[uint64]time.Duration // by thread
	holders      map[uint64]bool          // threads
	trx          *reading                 // nil: not asked for
	cannot       bool                     // error 3854
	words        []string
}

func newDetails() *details {
	return &details{transactions: map[uint64]time.Duration{}, holders: map[uint64]bool{}}
}

// settle takes the error of the transactions' rows for what it is.
func (d *details) settle(err error) error {
	if mysqlx.Number(err) != mysqlx.CannotConvert {
		return err
	}
	d.cannot = true
	d.words = append(d.words, "information_schema.innodb_trx fails with error 3854 while a statement holds a character of four bytes: "+
		"rows modified and rollbacks are unknown in this poll")
	return nil
}

// parts are the queries for the details. The last is the one that may fail.
func (m *mysqlServer) parts(d *details) []part {
	var parts []part
	if m.transactions {
		parts = append(parts, part{mysqlTransactions, func(rows *sql.Rows) error {
			var thread, wait uint64
			err := rows.Scan(&thread, &wait)
			d.transactions[thread] = time.Duration(wait / 1000)
			return err
		}})
	}
	if !m.busy {
		return parts
	}
	d.full = true
	if m.locks {
		parts = append(parts, part{mysqlHolders, func(rows *sql.Rows) error {
			var thread uint64
			err := rows.Scan(&thread)
			d.holders[thread] = true
			return err
		}})
	}
	if m.rows {
		var more []part
		more, d.trx = m.innodb.parts()
		parts = append(parts, more...)
	}
	return parts
}

// detail tells the sessions that have been at it for a while what was read.
func (m *mysqlServer) detail(ctx context.Context, conn *sql.Conn, r *serverLook, d *details) error {
	sessions := r.snapshot.Sessions
	m.cannot = d.cannot
	if d.trx != nil && !d.cannot {
		m.innodb.take(d.trx, nil)
	}
	young := youngUnknown()
	var old []*Session
	present, read := make(map[uint64]bool, len(sessions)), make(map[uint64]bool, len(sessions))
	m.busy = false
	for i := range sessions {
		p := &sessions[i]
		present[p.ID], read[p.ID] = true, p.Remembered == 0
		p.Transaction = d.transactions[p.Statement.Thread]
		if !m.transactions {
			p.Unknown = append(p.Unknown, "transaction")
		}
		if p.System || p.ID == m.poller {
			continue
		}
		m.busy = m.busy || !p.Statement.Idle || p.Transaction > 0
		if p.Age < m.opts.Attention && p.Transaction < m.opts.Attention {
			p.Unknown = slices.Concat(p.Unknown, young)
			continue
		}
		old = append(old, p)
		m.tell(p, d)
	}
	m.attributes.keep(present)
	if err := m.attributes.fill(ctx, conn, old); err != nil {
		return err
	}
	if !d.full || !m.locks || !slices.ContainsFunc(old, m.mayWait) {
		return nil
	}
	w, err := m.waits(ctx, conn)
	if err != nil {
		return err
	}
	r.waited(w)
	w.attach(old)
	m.idle.wanted = slices.ContainsFunc(w.edges, func(e wait) bool { return !read[e.Session] })
	return nil
}

// mayWait reports whether a session may be waiting for a lock: where nobody may,
// the two tables that tell are not read, which is a quarter of what a look costs.
func (m *mysqlServer) mayWait(s *Session) bool {
	return mayWait(s) || !s.Statement.Idle && (!m.transactions || !s.Statement.Known())
}

// tell fills in what was read of one session; what was not is unknown, until the
// next poll where this one did not expect it.
func (m *mysqlServer) tell(s *Session, d *details) {
	if m.rows && d.full && !d.cannot {
		m.innodb.tell(s)
	} else {
		s.Unknown = append(s.Unknown, "rows_modified", "rolling_back")
	}
	if !m.locks || !d.full {
		s.Unknown = append(s.Unknown, "holds_tables", "blocked_by", "locked")
		return
	}
	s.HoldsTables = No
	if d.holders[s.Statement.Thread] {
		s.HoldsTables = Yes
	}
}

// mysqlHolders lists who holds LOCK TABLES, FLUSH TABLES WITH READ LOCK or LOCK
// INSTANCE FOR BACKUP, by the metadata locks that only these and DDL take.
const mysqlHolders = `/* underpin killer */
SELECT DISTINCT OWNER_THREAD_ID
FROM performance_schema.metadata_locks
WHERE LOCK_STATUS = 'GRANTED'
  AND (OBJECT_TYPE IN ('GLOBAL', 'COMMIT', 'BACKUP LOCK') AND LOCK_TYPE = 'SHARED'
    OR OBJECT_TYPE = 'TABLE' AND LOCK_TYPE IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))`

// mayWait reports whether a session may be waiting for a lock. Waiting for a row
// lock has no state of its own.
func mayWait(s *Session) bool {
	return !s.Statement.Idle && (s.Transaction > 0 || waitsByState(s))
}

// waitsByState reports whether the session says that it waits, as it does for
// anything but a row lock.
func waitsByState(s *Session) bool { return strings.HasPrefix(s.State, "Waiting for") }

func idSet(ctx context.Context, conn *sql.Conn, query string) (map[uint64]bool, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	set := map[uint64]bool{}
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		set[id] = true
	}
	return set, rows.Err()
}
