package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const showProcesses = `/* underpin killer */
SHOW FULL PROCESSLIST`

// readPlain lists the sessions of a MySQL whose performance_schema tells
// nothing: for warnings and for explain. No session has an identity, so that
// none can be killed.
func (m *mysqlServer) readPlain(ctx context.Context, conn *sql.Conn, s *Snapshot) error {
	rows, err := conn.QueryContext(ctx, showProcesses)
	if err != nil {
		return fmt.Errorf("read the process list: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Session
		var db, state, text sql.NullString
		var secs int64
		if err := rows.Scan(&p.ID, &p.User, &p.Host, &db, &p.Command, &secs, &state, &text); err != nil {
			return fmt.Errorf("read the process list: %w", err)
		}
		p.Host = withoutPort(p.Host)
		p.Statement = StatementID{Session: p.ID, Idle: p.Command == "Sleep"}
		p.Database, p.State, p.Text = db.String, state.String, cut(text.String, m.opts.TextLimit)
		p.Kind = KindOf(p.Text)
		p.System = p.User == "system user" || p.User == "event_scheduler" || p.Command == "Daemon"
		p.Age = wholeSeconds(secs)
		p.Unknown = append(youngUnknown(), "statement", "digest", "rows_examined", "transaction")
		if p.Statement.Idle {
			// The seconds count from the beginning of the last statement, and
			// nothing tells how long that one took.
			p.Age, p.Unknown = 0, append(p.Unknown, "age")
		}
		s.Sessions = append(s.Sessions, p)
		s.Load.count(p)
	}
	return rows.Err()
}

// count adds a session to the load.
func (l *Load) count(s Session) {
	if s.System {
		return
	}
	l.Connections++
	if !s.Statement.Idle {
		l.ThreadsRunning++
	}
}

func wholeSeconds(secs int64) time.Duration { return time.Duration(max(secs-1, 0)) * time.Second }

// cut shortens a text to at most n bytes.
func cut(text string, n int) string { return text[:min(len(text), n)] }
