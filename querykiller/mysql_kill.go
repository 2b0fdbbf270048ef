package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// mysqlIs is the identity of a statement; what is read of it is null if it is
// another one by now.
const mysqlIs = `FROM performance_schema.events_statements_current
    WHERE THREAD_ID = %d
      AND EVENT_ID = %d
      AND TIMER_START = %d
      AND NESTING_EVENT_LEVEL = 0
      AND END_EVENT_ID IS %s`

func (a aim) mysqlIs() string {
	state := "NULL"
	if a.id.Idle {
		state = "NOT NULL"
	}
	return fmt.Sprintf(mysqlIs, a.id.Thread, a.id.Event, a.id.Start, state)
}

// What kills reads the statement's identity again and kills in one round trip.
// KILL takes an expression, though none with a table in it, hence the variables.
// The clock is read first, and once more in the KILL: if the server was kept from
// going on in between, the statement is not its target. So the window between the
// two is bounded by the server itself.
const (
	mysqlLook = `SET @underpin_none = LAST_INSERT_ID(0),
  @underpin_at = SYSDATE(6),
  @underpin_age = (
    SELECT TIMER_WAIT
    %s)`
	mysqlStrike = `KILL %s IF(%s@underpin_age >= %d
  AND TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6)) BETWEEN 0 AND %d, LAST_INSERT_ID(%d), %s)`
	// mysqlWindow tells how wide it was, the KILL included. It is not reached if
	// the KILL failed.
	mysqlWindow = `SELECT TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6)), COALESCE(@underpin_age, 0)`
)

// mysqlExpired asks why a KILL had no target: because the identity did not match
// or the connection has gone, or because it came too late.
const mysqlExpired = `/* underpin killer */
SELECT @underpin_age IS NOT NULL AND EXISTS (
  SELECT 1
  FROM performance_schema.threads
  WHERE THREAD_ID = %d
    AND PROCESSLIST_ID = %d)`

// killAttempts is how often a kill is tried that expires, and firstFuse how long
// the first may take: a server at rest needs less, a busy one is given more.
// killMisses is how often the identity must not be found to be gone:
// performance_schema leaves a row out while it is being written.
const (
	killAttempts = 10
	killMisses   = 2
	firstFuse    = 500 * time.Microsecond
)

// kill implements dialect.
func (m *mysqlServer) kill(ctx context.Context, conn *sql.Conn, aims []aim, out []Killing) error {
	if len(aims) > 1 || aims[0].together() && later(aims) {
		if err := m.killTogether(ctx, conn, aims, out); err != nil {
			return err
		}
	}
	return killEach(aims, out, func(a aim) (Killing, error) { return m.killOne(ctx, conn, a) })
}

// killOne ends one statement, or a connection.
func (m *mysqlServer) killOne(ctx context.Context, conn *sql.Conn, a aim) (Killing, error) {
	what := "QUERY"
	if a.act == ActConnection {
		what = "CONNECTION"
	}
	missed := 0
	for attempt := range killAttempts {
		fuse := min(firstFuse<<(attempt/2), m.opts.Fuse)
		var s script
		s.add(mysqlLook, a.mysqlIs())
		s.add(mysqlStrike, what, "", picoseconds(a.old), fuse.Microseconds(), a.id.Session, "NULL")
		s.add(mysqlWindow)
		var micros int64
		var age uint64
		err := conn.QueryRowContext(ctx, s.String()).Scan(&micros, &age)
		k, err := answer(err, mysqlKillPrivilege)
		k.Window = time.Duration(micros) * time.Microsecond
		if k.Result != Gone {
			if !a.id.Idle {
				k.Age = between(0, age)
			}
			return k, err
		}
		expired := false
		if err := conn.QueryRowContext(ctx, fmt.Sprintf(mysqlExpired, a.id.Thread, a.id.Session)).Scan(&expired); err != nil {
			return Killing{Result: Uncertain}, err
		}
		if !expired {
			missed++
		}
		if missed == killMisses {
			return k, nil
		}
	}
	return Killing{Result: Uncertain}, ErrExpired
}

// Of several in one round trip each is looked at by itself, at the time when it
// is due, and once more at the end if the first KILL expired. A KILL without a
// target would be an error, and end it all: it goes to the connection that polls,
// which is idle then, and of which KILL QUERY ends nothing. Which of the two it
// was is told by LAST_INSERT_ID, which remembers what it is given.
const (
	mysqlForget = `SET @underpin_window_%[1]d = NULL, @underpin_age_%[1]d = NULL`
	mysqlSleep  = `DO SLEEP(COALESCE((
    SELECT IF(TIMER_WAIT >= %[1]d, 0, LEAST(%[1]d - CAST(TIMER_WAIT AS SIGNED) + 500000000, %[2]d) / 1e12)
    %[3]s), 0))`
	mysqlNot  = `@underpin_window_%d IS NULL AND `
	mysqlNote = `SET @underpin_age_%[1]d = IF(@underpin_window_%[1]d IS NULL, @underpin_age, @underpin_age_%[1]d),
  @underpin_window_%[1]d = COALESCE(@underpin_window_%[1]d,
    IF(LAST_INSERT_ID() = %[2]d, TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6)), NULL))`
	mysqlTold = `SELECT @underpin_window_%[1]d, @underpin_age_%[1]d`
)

// killTogether kills several in one round trip. What has no result after it was
// not killed.
func (m *mysqlServer) killTogether(ctx context.Context, conn *sql.Conn, aims []aim, out []Killing) error {
	var s script
	for i := range aims {
		s.add(mysqlForget, i)
	}
	for i, a := range aims {
		if a.age < a.old {
			s.add(mysqlSleep, picoseconds(a.old), picoseconds(2*sendAhead), a.mysqlIs())
		}
		m.addStrike(&s, i, a, firstFuse)
	}
	for i, a := range aims {
		m.addStrike(&s, i, a, m.opts.Fuse)
	}
	_, err := conn.ExecContext(ctx, s.String())
	if err != nil && mysqlx.Number(err) == 0 {
		return err
	}
	// An error of the server's ended it in the midst.
	parts := make([]part, len(aims))
	for i := range aims {
		parts[i] = part{fmt.Sprintf("/* underpin killer */\n"+mysqlTold, i), func(rows *sql.Rows) error { return scanTold(rows, &out[i]) }}
	}
	_, err = readParts(ctx, conn, parts...)
	return err
}

func (m *mysqlServer) addStrike(s *script, i int, a aim, fuse time.Duration) {
	s.add(mysqlLook, a.mysqlIs())
	s.add(mysqlStrike, "QUERY", fmt.Sprintf(mysqlNot, i), picoseconds(a.old), fuse.Microseconds(), a.id.Session, fmt.Sprint(m.poller))
	s.add(mysqlNote, i, a.id.Session)
}

func scanTold(rows *sql.Rows, k *Killing) error {
	var window sql.NullInt64
	var age sql.Null[uint64]
	err := rows.Scan(&window, &age)
	if window.Valid {
		*k = Killing{Result: Killed, Window: time.Duration(window.Int64) * time.Microsecond, Age: between(0, age.V)}
	}
	return err
}

// picoseconds is how the server counts.
func picoseconds(d time.Duration) int64 { return d.Nanoseconds() * 1000 }
