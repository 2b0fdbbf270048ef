package querykiller

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// event is a statement event of the outermost level: what a client sent.
type event struct {
	id, start  uint64
	wait       uint64 // picoseconds so far, or in all
	ended      bool
	name, text string
	digest     string
	examined   uint64
}

// mysqlThreads and mysqlEvents are the full list.
const (
	mysqlThread = `t.THREAD_ID, t.PROCESSLIST_ID, t.CONNECTION_TYPE IS NULL, t.PROCESSLIST_USER, t.PROCESSLIST_HOST,
  t.PROCESSLIST_DB, t.PROCESSLIST_COMMAND, t.PROCESSLIST_TIME, t.PROCESSLIST_STATE`
	mysqlEvent = `e.THREAD_ID, e.EVENT_ID, e.TIMER_START, e.TIMER_WAIT, e.END_EVENT_ID IS NOT NULL,
  e.EVENT_NAME, LEFT(e.SQL_TEXT, %d), e.DIGEST, e.ROWS_EXAMINED`
	mysqlThreads = `/* underpin killer */
SELECT ` + mysqlThread + `
FROM performance_schema.threads AS t
WHERE t.PROCESSLIST_ID IS NOT NULL`
	mysqlEvents = `/* underpin killer */
SELECT ` + mysqlEvent + `
FROM performance_schema.events_statements_current AS e
WHERE e.NESTING_EVENT_LEVEL = 0
  AND e.TIMER_START IS NOT NULL`
)

// mysqlBusy leaves out who is idle, and looks up the statements of the others: with
// 1000 connections that takes the server 0.7 ms, and the full list 2.8 ms.
const mysqlBusy = `/* underpin killer */
SELECT ` + mysqlThread + `,
  ` + mysqlEvent + `
FROM performance_schema.threads AS t
LEFT JOIN performance_schema.events_statements_current AS e
  ON e.THREAD_ID = t.THREAD_ID
  AND e.NESTING_EVENT_LEVEL = 0
  AND e.TIMER_START IS NOT NULL
WHERE t.PROCESSLIST_ID IS NOT NULL
  AND NOT t.PROCESSLIST_COMMAND <=> 'Sleep'`

const mysqlTransactions = `/* underpin killer */
SELECT THREAD_ID, TIMER_WAIT
FROM performance_schema.events_transactions_current
WHERE STATE = 'ACTIVE'
  AND TIMER_WAIT IS NOT NULL`

// mysqlList is the sessions as they are read, and their statements by thread.
type mysqlList struct {
	sessions []Session
	secs     []int64 // of each session, since it began what it does
	events   map[uint64]event
}

// read implements dialect. A thread is read before its statement. A statement
// that is then found to be older than this reading was the one that the thread's
// line describes; of a younger one only what the event tells is believed, and at
// that age nothing is decided. All is read in one round trip.
func (m *mysqlServer) read(ctx context.Context, conn *sql.Conn) (serverLook, error) {
	r := serverLook{targets: map[StatementID]serverTarget{}}
	s := &r.snapshot
	facts := part{selectMySQLFacts, func(rows *sql.Rows) error { return rows.Scan(&s.At, &s.ReadOnly, &s.Load.MaxConnections) }}
	if !m.events {
		if _, err := readParts(ctx, conn, facts); err != nil {
			return r, fmt.Errorf("read the variables: %w", err)
		}
		return r, m.readPlain(ctx, conn, s)
	}
	list, d := mysqlList{events: map[uint64]event{}}, newDetails()
	sweep := m.idle.due(m.opts.SweepEvery)
	parts := slices.Concat([]part{facts}, m.list(&list, sweep), m.parts(d))
	var err error
	r.kind.parts = len(parts)
	r.worked, err = readParts(ctx, conn, parts...)
	if d.trx != nil {
		err = m.innodb.settle(ctx, conn, err)
	}
	if err = d.settle(err); err == nil {
		err = m.tellStatements(&list)
	}
	if err != nil {
		return r, fmt.Errorf("read the threads and their statements: %w", err)
	}
	s.Sessions = list.sessions
	if sweep {
		r.kind.list = listAll
		m.idle.sweep(s.Sessions)
	} else {
		s.Sessions = m.idle.add(s.Sessions)
	}
	for i := range s.Sessions {
		p := &s.Sessions[i]
		if p.Statement.Known() {
			r.targets[p.Statement] = serverTarget{id: p.Statement, server: s.At}
		}
		s.Load.count(*p)
	}
	err = m.detail(ctx, conn, &r, d)
	s.Degraded = d.words
	if d.full {
		m.innodb.words(s)
	}
	return r, err
}

// list is the queries for the sessions: all of them, or those that are not idle.
func (m *mysqlServer) list(l *mysqlList, sweep bool) []part {
	var t threadRow
	var e eventRow
	if !sweep {
		return []part{{fmt.Sprintf(mysqlBusy, m.opts.TextLimit), func(rows *sql.Rows) error {
			err := rows.Scan(slices.Concat(t.columns(), e.columns())...)
			l.addThread(t)
			l.addEvent(e)
			return err
		}}}
	}
	return []part{
		{mysqlThreads, func(rows *sql.Rows) error {
			err := rows.Scan(t.columns()...)
			l.addThread(t)
			return err
		}},
		{fmt.Sprintf(mysqlEvents, m.opts.TextLimit), func(rows *sql.Rows) error {
			err := rows.Scan(e.columns()...)
			l.addEvent(e)
			return err
		}},
	}
}

// threadRow is a row of performance_schema.threads.
type threadRow struct {
	thread, session                uint64
	system                         bool
	user, host, db, command, state sql.NullString
	secs                           sql.NullInt64
}

func (t *threadRow) columns() []any {
	return []any{&t.thread, &t.session, &t.system, &t.user, &t.host, &t.db, &t.command, &t.secs, &t.state}
}

func (l *mysqlList) addThread(t threadRow) {
	l.sessions = append(l.sessions, Session{
		ID: t.session, System: t.system, User: t.user.String, Host: t.host.String, Database: t.db.String,
		Command: t.command.String, State: t.state.String,
		Statement: StatementID{Session: t.session, Thread: t.thread, Idle: t.command.String == "Sleep"},
	})
	l.secs = append(l.secs, t.secs.Int64)
}

// eventRow is a row of performance_schema.events_statements_current; all of it is
// null where a thread has none.
type eventRow struct {
	thread, id, start, wait, examined sql.Null[uint64]
	ended                             bool
	name, text, digest                sql.NullString
}

func (e *eventRow) columns() []any {
	return []any{&e.thread, &e.id, &e.start, &e.wait, &e.ended, &e.name, &e.text, &e.digest, &e.examined}
}

func (l *mysqlList) addEvent(e eventRow) {
	if e.thread.Valid {
		l.events[e.thread.V] = event{
			id: e.id.V, start: e.start.V, wait: e.wait.V, ended: e.ended,
			name: e.name.String, text: e.text.String, digest: e.digest.String, examined: e.examined.V,
		}
	}
}

// tellStatements tells the sessions what their statements are. The server's timer
// is that of this very query, a little in the past: ages are too small rather than
// too great.
func (m *mysqlServer) tellStatements(l *mysqlList) error {
	now := l.events[m.self].start
	if now == 0 {
		return errors.New("performance_schema no longer tells of this connection: are its instruments or consumers off?")
	}
	for i := range l.sessions {
		p := &l.sessions[i]
		if e, ok := l.events[p.Statement.Thread]; ok {
			e.tell(p, now)
			continue
		}
		if p.Statement.Idle { // its seconds count from the beginning of the last statement
			p.Unknown = append(p.Unknown, "statement", "age")
			continue
		}
		// Whole seconds are all there is, and the one that has begun does not count.
		p.Age = wholeSeconds(l.secs[i])
		p.Unknown = append(p.Unknown, "statement", "digest", "rows_examined")
	}
	return nil
}

// tell fills in what the event tells.
func (e event) tell(p *Session, now uint64) {
	p.Statement.Event, p.Statement.Start, p.Statement.Idle = e.id, e.start, e.ended
	if e.ended {
		p.Command, p.Age = "Sleep", between(e.start+e.wait, now)
		return
	}
	if com, dump := strings.CutPrefix(e.name, "statement/com/Binlog Dump"); dump {
		p.Command = "Binlog Dump" + com
	} else if p.Command == "Sleep" {
		p.Command = "Query"
	}
	p.Age = between(e.start, now)
	p.Text, p.Digest, p.RowsExamined = e.text, e.digest, e.examined
	p.Kind = KindOf(p.Text)
}

// between is the time between two of the server's timers, in picoseconds.
func between(start, now uint64) time.Duration {
	if now <= start {
		return 0
	}
	return time.Duration((now - start) / 1000)
}
