package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mariadbSessions takes the text from INFO_BINARY: INFO has question marks where
// a character has four bytes.
const mariadbSessions = `/* underpin killer */
SELECT ID, USER, HOST, DB, COMMAND, CAST(TIME_MS * 1000 AS SIGNED), STATE, LEFT(INFO_BINARY, %d), EXAMINED_ROWS, QUERY_ID
FROM information_schema.PROCESSLIST`

// mariadbBusy leaves out who is idle: with 1000 connections that halves what the
// list costs the server.
const mariadbBusy = mariadbSessions + `
WHERE COMMAND <> 'Sleep'`

// read implements dialect.
func (m *mariadbServer) read(ctx context.Context, conn *sql.Conn) (serverLook, error) {
	r := serverLook{targets: map[StatementID]serverTarget{}}
	s := &r.snapshot
	began := time.Now()
	query, sweep := mariadbBusy, m.idle.due(m.opts.SweepEvery)
	if sweep {
		query = mariadbSessions
	}
	parts := m.fullLook(s, query)
	if !sweep {
		glanced, err := m.glanceAt(ctx, conn, &r, parts[0])
		if err != nil {
			return r, fmt.Errorf("glance at the process list: %w", err)
		}
		if glanced {
			parts = nil
		}
	}
	full := len(parts) > 0
	var look *reading
	if m.rows {
		var more []part
		more, look = m.innodb.parts()
		parts = append(parts, more...)
	}
	r.kind.parts = len(parts)
	worked, err := readParts(ctx, conn, parts...)
	r.worked += worked
	if look != nil {
		err = m.innodb.settle(ctx, conn, err)
	}
	if err != nil {
		return r, fmt.Errorf("read the process list: %w", err)
	}
	if full {
		m.glance.keep(s.Sessions, began)
	}
	if sweep {
		r.kind.list = listAll
		m.idle.sweep(s.Sessions)
	} else {
		s.Sessions = m.idle.add(s.Sessions)
	}
	if look != nil {
		m.innodb.take(look, s.Sessions)
	}
	m.innodb.words(s)
	next := make(map[uint64]callee, len(s.Sessions))
	for i := range s.Sessions {
		p := &s.Sessions[i]
		c := m.identify(p)
		next[p.ID] = c
		p.Statement = c.id
		r.targets[c.id] = serverTarget{id: c.id, query: c.query, nested: c.nested, alone: p.State == userSleep, server: s.At}
		s.Load.count(*p)
	}
	m.last, m.at = next, began
	err = m.detail(ctx, conn, &r)
	return r, err
}

// fullLook reads the server's facts and the sessions by the query.
func (m *mariadbServer) fullLook(s *Snapshot, query string) []part {
	return []part{
		{selectMariaDBFacts, func(rows *sql.Rows) error { return rows.Scan(&s.At, &s.ReadOnly, &s.Load.MaxConnections) }},
		{fmt.Sprintf(query, m.opts.TextLimit), func(rows *sql.Rows) error {
			p, err := scanSession(rows)
			s.Sessions = append(s.Sessions, p)
			return err
		}},
	}
}

// glanceAt reads the facts and the busy sessions at a glance, and reports whether
// that is enough.
func (m *mariadbServer) glanceAt(ctx context.Context, conn *sql.Conn, r *serverLook, facts part) (enough bool, err error) {
	if !m.glance.mayDo(func(session uint64) bool { return m.last[session].nested }) {
		return false, nil
	}
	sessions, worked, err := m.glance.take(ctx, conn, facts)
	r.worked = worked
	if sessions == nil {
		return false, err
	}
	r.kind.list, r.snapshot.Sessions = listGlance, sessions
	return true, nil
}

// userSleep is the state of a statement in SLEEP. All of those share one mutex of
// the server, and a KILL that wakes one while another has it waits for it with
// what the woken one needs to give it back: for two seconds, as long as a KILL
// tries at most. So they are not killed in a row.
const userSleep = "User sleep"

func scanSession(rows *sql.Rows) (Session, error) {
	var p Session
	var db, state, text sql.NullString
	var micros int64
	err := rows.Scan(&p.ID, &p.User, &p.Host, &db, &p.Command, &micros, &state, &text, &p.RowsExamined, &p.Statement.Query)
	p.System = systemThread(p)
	p.Host = withoutPort(p.Host)
	p.Database, p.State, p.Text = db.String, state.String, text.String
	p.Kind = KindOf(p.Text)
	p.Statement.Session = p.ID
	p.Statement.Idle = idles(p.Command, p.State, text)
	p.Age = max(time.Duration(micros)*time.Microsecond, 0)
	return p, err
}

// systemThread reports whether a thread is the server's own. The scheduler runs
// its events as the user who defined them, under the command Connect and from a
// host without a port; a client that is logging in looks the same and is no
// statement to kill either.
func systemThread(p Session) bool {
	return p.User == "system user" || p.User == "event_scheduler" || p.Command == "Daemon" ||
		p.Command == "Connect" || strings.HasPrefix(p.Command, "Slave_")
}

// withoutPort cuts what follows the last colon; a socket has none.
func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		return host[:i]
	}
	return host
}

// identify returns the identity of what the session runs. Inside a procedure
// the query id is that of the statement it has got to, while the age counts from
// the CALL. If that is from before the last poll began, it is what the session
// ran then, whatever the id is now.
func (m *mariadbServer) identify(p *Session) callee {
	c := callee{id: p.Statement, query: p.Statement.Query}
	was, ok := m.last[p.ID]
	if !ok || was.id.Idle != p.Statement.Idle || was.query == c.query || p.Statement.Idle {
		if ok && was.id.Idle == p.Statement.Idle && was.query == c.query {
			return was
		}
		return c
	}
	const slack = time.Millisecond
	if p.Age > time.Since(m.at)+slack {
		return callee{id: was.id, query: c.query, nested: true}
	}
	return c
}

// detail reads what the process list does not tell.
func (m *mariadbServer) detail(ctx context.Context, conn *sql.Conn, r *serverLook) error {
	sessions := r.snapshot.Sessions
	m.tellRows(sessions)
	young := youngUnknown()
	var old, busy []*Session
	present := make(map[uint64]bool, len(sessions))
	for i := range sessions {
		p := &sessions[i]
		present[p.ID] = true
		switch {
		case p.System:
		case p.Age < m.opts.Attention && p.Transaction < m.opts.Attention:
			p.Unknown = slices.Concat(p.Unknown, young)
		default:
			old = append(old, p)
			if !p.Statement.Idle {
				busy = append(busy, p)
			}
		}
	}
	if m.schema {
		m.attributes.keep(present)
		if err := m.attributes.fill(ctx, conn, old); err != nil {
			return err
		}
	} else {
		for _, p := range old {
			p.Unknown = append(p.Unknown, "program", "release")
		}
	}
	if err := m.readHolders(ctx, conn, old); err != nil {
		return err
	}
	return m.tellWaits(ctx, conn, r, busy)
}

// tellWaits tells who waits for whom. A wait for a row is told of a statement
// that was there when the row locks were read.
func (m *mariadbServer) tellWaits(ctx context.Context, conn *sql.Conn, r *serverLook, busy []*Session) error {
	covered := make(map[uint64]bool, len(busy))
	for _, p := range busy {
		covered[p.ID] = m.rows && m.innodb.coversWaits(p)
		if !covered[p.ID] && !waitsByState(p) {
			p.Unknown = append(p.Unknown, "blocked_by", "locked")
		}
	}
	m.idle.wanted = m.innodb.waiting || slices.ContainsFunc(busy, waitsByState)
	if !slices.ContainsFunc(busy, mayWait) {
		return nil
	}
	w, err := m.waits(ctx, conn)
	if err != nil {
		return err
	}
	r.waited(w)
	w.edges = slices.DeleteFunc(w.edges, func(e wait) bool { return e.Lock == LockRow && !covered[e.waiter] })
	w.attach(busy)
	return nil
}

// tellRows tells of the transactions.
func (m *mariadbServer) tellRows(sessions []Session) {
	for i := range sessions {
		if !m.rows {
			sessions[i].Unknown = append(sessions[i].Unknown, "rows_modified", "rolling_back", "transaction")
			continue
		}
		m.innodb.tell(&sessions[i])
		m.innodb.tellAge(&sessions[i], sessions[i].Statement.Query)
	}
}

// mariadbHolders are the metadata locks that only LOCK TABLES, FLUSH TABLES
// WITH READ LOCK, BACKUP and DDL take, by connection.
const mariadbHoldersSchema = `/* underpin killer */
SELECT DISTINCT t.PROCESSLIST_ID
FROM performance_schema.metadata_locks AS l
JOIN performance_schema.threads AS t ON t.THREAD_ID = l.OWNER_THREAD_ID
WHERE l.LOCK_STATUS = 'GRANTED'
  AND t.PROCESSLIST_ID IS NOT NULL
  AND (l.OBJECT_TYPE = 'TABLE' AND l.LOCK_TYPE IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE')
    OR l.OBJECT_TYPE = 'BACKUP' AND l.LOCK_TYPE NOT LIKE 'BACKUP_%DML' AND l.LOCK_TYPE NOT IN ('BACKUP_ALTER_COPY', 'BACKUP_COMMIT', 'BACKUP_DDL', 'INTENTION_EXCLUSIVE'))`

const mariadbHoldersPlugin = `/* underpin killer */
SELECT DISTINCT THREAD_ID
FROM information_schema.METADATA_LOCK_INFO
WHERE LOCK_MODE IN ('MDL_SHARED_READ_ONLY', 'MDL_SHARED_NO_WRITE', 'MDL_SHARED_NO_READ_WRITE', 'MDL_EXCLUSIVE',
  'MDL_BACKUP_START', 'MDL_BACKUP_FLUSH', 'MDL_BACKUP_WAIT_FLUSH', 'MDL_BACKUP_WAIT_DDL', 'MDL_BACKUP_WAIT_COMMIT',
  'MDL_BACKUP_FTWRL1', 'MDL_BACKUP_FTWRL2')`

// readHolders reads who holds tables.
func (m *mariadbServer) readHolders(ctx context.Context, conn *sql.Conn, old []*Session) error {
	query := mariadbHoldersPlugin
	switch {
	case m.locks:
		query = mariadbHoldersSchema
	case !m.plugin:
		for _, p := range old {
			p.Unknown = append(p.Unknown, "holds_tables")
		}
		return nil
	}
	holders, err := idSet(ctx, conn, query)
	if err != nil {
		return fmt.Errorf("read the table locks: %w", err)
	}
	for _, p := range old {
		p.HoldsTables = No
		if holders[p.ID] {
			p.HoldsTables = Yes
		}
	}
	return nil
}
