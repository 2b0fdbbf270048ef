package querykiller

import (
	"context"
	"database/sql"
	"time"
)

// glance is a look that does without information_schema.PROCESSLIST: that is made
// anew for every query, as a table on the disk, and costs the server eight times
// what SHOW PROCESSLIST does, which tells no query id and whole seconds only. But
// what has run for a second was there less than a second ago, and is the statement
// that the last full look has seen. So a glance is enough until a second after that
// look, as long as all that is at work is that old; what is younger takes a full look.
type glance struct {
	self uint64 // the connection that polls
	// busy is who was at work, as of the last full look, which was asked for at
	// sent and answered at read.
	busy       map[uint64]Session
	sent, read time.Time
}

// settled is the age from which a statement is told from its successor by whole
// seconds. From when a full look is asked for to when a glance is answered takes
// less, so that what glances do not tell (rows examined, what a procedure has got
// to) is no older either.
const settled = time.Second

const mariadbGlance = `/* underpin killer */
SHOW PROCESSLIST`

// keep remembers who was at work in a full look.
func (g *glance) keep(sessions []Session, sent time.Time) {
	g.busy, g.sent, g.read = make(map[uint64]Session, len(sessions)), sent, time.Now()
	for _, s := range sessions {
		if !s.Statement.Idle {
			g.busy[s.ID] = s
		}
	}
}

// mayDo reports whether it is worth a try: all that was at work is old enough by
// now, or has ended.
func (g *glance) mayDo(nested func(session uint64) bool) bool {
	since := time.Since(g.read)
	if g.busy == nil || time.Since(g.sent) >= settled {
		return false
	}
	for id, s := range g.busy {
		if id != g.self && (s.Age+since < settled || nested(id)) {
			return false
		}
	}
	return true
}

// take glances at the server. Without sessions a full look is needed.
func (g *glance) take(ctx context.Context, conn *sql.Conn, facts part) (sessions []Session, worked time.Duration, err error) {
	sent := time.Now()
	ok := true
	worked, err = readParts(ctx, conn, facts, part{mariadbGlance, func(rows *sql.Rows) error {
		p, secs, err := scanGlance(rows)
		if err != nil || p.Statement.Idle {
			return err
		}
		was, known := g.busy[p.ID]
		ok = ok && known && (secs >= int64(settled/time.Second) || p.ID == g.self)
		if p.ID != g.self {
			was.Age += sent.Sub(g.read)
		}
		was.Command, was.State = p.Command, p.State
		sessions = append(sessions, was)
		return nil
	}})
	if err != nil || !ok || time.Since(g.sent) >= settled {
		return nil, worked, err
	}
	return sessions, worked, nil
}

// scanGlance reads a row; what follows the eight columns is progress, which can be
// turned off.
func scanGlance(rows *sql.Rows) (Session, int64, error) {
	columns, err := rows.Columns()
	if err != nil {
		return Session{}, 0, err
	}
	var p Session
	var secs sql.NullInt64
	var state, text sql.NullString
	var unused sql.RawBytes
	values := []any{&p.ID, &unused, &unused, &unused, &p.Command, &secs, &state, &text}
	for len(values) < len(columns) {
		values = append(values, &unused)
	}
	if err := rows.Scan(values...); err != nil {
		return Session{}, 0, err
	}
	p.State = state.String
	p.Statement.Idle = idles(p.Command, p.State, text)
	return p, secs.Int64, nil
}

// idles reports whether a session has no statement. A KILL QUERY that reaches an
// idle one leaves the word Killed there, until its next statement clears it.
func idles(command, state string, text sql.NullString) bool {
	return command == "Sleep" || command == "Killed" && !text.Valid && state == ""
}
