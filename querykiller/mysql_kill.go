package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// mysqlKill reads the statement's identity again and kills in one round trip.
// KILL takes an expression, though none with a table in it, hence the variable.
// The clock is read first, and once more in the KILL: if the server was kept
// from going on in between, the KILL has no target left and is refused. So the
// window between the two is bounded by the server itself. The last statement
// tells how wide it was, the KILL included; it is not reached if that failed.
const mysqlKill = `/* underpin killer */
SET @underpin_at = SYSDATE(6),
  @underpin_victim = (
    SELECT %d
    FROM performance_schema.events_statements_current
    WHERE THREAD_ID = %d
      AND EVENT_ID = %d
      AND TIMER_START = %d
      AND NESTING_EVENT_LEVEL = 0
      AND END_EVENT_ID IS %s);
/* underpin killer */
KILL %s IF(TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6)) BETWEEN 0 AND %d, @underpin_victim, NULL);
/* underpin killer */
SELECT TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6))`

// mysqlExpired asks why a KILL had no target: because the identity did not match
// or the connection has gone, or because it came too late.
const mysqlExpired = `/* underpin killer */
SELECT @underpin_victim IS NOT NULL AND EXISTS (
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
func (m *mysqlServer) kill(ctx context.Context, conn *sql.Conn, t serverTarget, act Act) (Killing, error) {
	state, what := "NULL", "QUERY"
	if t.id.Idle {
		state = "NOT NULL"
	}
	if act == ActConnection {
		what = "CONNECTION"
	}
	missed := 0
	for attempt := range killAttempts {
		fuse := min(firstFuse<<(attempt/2), m.opts.Fuse)
		query := fmt.Sprintf(mysqlKill, t.id.Session, t.id.Thread, t.id.Event, t.id.Start, state, what, fuse.Microseconds())
		var micros int64
		err := conn.QueryRowContext(ctx, query).Scan(&micros)
		k, err := answer(err, mysqlKillPrivilege)
		k.Window = time.Duration(micros) * time.Microsecond
		if k.Result != Gone {
			return k, err
		}
		expired := false
		if err := conn.QueryRowContext(ctx, fmt.Sprintf(mysqlExpired, t.id.Thread, t.id.Session)).Scan(&expired); err != nil {
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
