package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// mariadbQuery ends the statement with that query id or nothing: the server
// looks the id up and kills under one lock. A session keeps the id of a statement
// that has ended until its next one begins, and a kill that arrives just then has
// been seen to reach that next one (once in 1 290 kills that were aimed at the very
// end of statements). So the server is asked in the same round trip whether the
// statement still runs. SOFT lets MyISAM and Aria finish what would leave a table
// in need of repair.
const mariadbQuery = `/* underpin killer */
BEGIN NOT ATOMIC
  IF NOT EXISTS (
    SELECT 1
    FROM information_schema.PROCESSLIST
    WHERE ID = %[1]d
      AND QUERY_ID = %[2]d
      AND COMMAND NOT IN ('Sleep', 'Killed')) THEN
    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1957, MESSAGE_TEXT = 'the statement has ended';
  END IF;
  KILL SOFT QUERY ID %[2]d;
END`

// mariadbCall is for what runs inside a procedure, whose query id changes from
// statement to statement, now and then faster than we can answer; and a kill
// that arrives between two of them can be lost. The server looks for the id that
// the same CALL has now, which is known by its age: what the client sent later is
// younger. It kills until the CALL is seen to end, for a while.
const mariadbCall = `/* underpin killer */
BEGIN NOT ATOMIC
  DECLARE victim BIGINT UNSIGNED;
  DECLARE tries, killed INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR 1957 SET killed = killed - 1;
  search: WHILE tries < 100 DO
    SET victim = NULL, tries = tries + 1;
    SELECT QUERY_ID INTO victim
    FROM information_schema.PROCESSLIST
    WHERE ID = %d
      AND COMMAND NOT IN ('Sleep', 'Killed')
      AND TIME_MS >= %d;
    IF victim IS NULL OR SYSDATE(6) > '%s' THEN
      LEAVE search;
    END IF;
    SET killed = killed + 1;
    KILL SOFT QUERY ID victim;
    DO SLEEP(0.001);
  END WHILE;
  SELECT killed, victim IS NULL;
END`

// mariadbConnection ends the connection of that query id. KILL CONNECTION takes
// no query id; but KILL QUERY ID does, finds idle sessions as well, fails if the
// session has gone on, and so is the identity check of the KILL that follows it
// at once. Of a statement that was judged while it ran it is also asked whether
// it still does, and of a CALL, whose query id may be that of a later one, whether
// it is as old.
const mariadbConnection = `/* underpin killer */
BEGIN NOT ATOMIC
  IF NOT EXISTS (
    SELECT 1
    FROM information_schema.PROCESSLIST
    WHERE ID = %[1]d
      AND QUERY_ID = %[2]d
      AND (COMMAND = 'Sleep' OR COMMAND = 'Killed' AND INFO IS NULL) = %[3]d
      AND TIME_MS >= %[4]d) THEN
    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1957, MESSAGE_TEXT = 'the statement has ended';
  END IF;
  SET @underpin_at = SYSDATE(6);
  KILL SOFT QUERY ID %[2]d;
  KILL SOFT CONNECTION %[1]d;
  SELECT TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6));
END`

// mariadbTogether is one of several statements that are ended in one round trip:
// looked at, once more after a sleep until it is due, and ended if it is old
// enough. A KILL that does not find it leaves no age.
const mariadbTogether = `  BEGIN
    DECLARE CONTINUE HANDLER FOR 1094, 1957 SET @underpin_age_%[1]d = NULL;
    %[2]s
    IF @underpin_age_%[1]d < %[3]s THEN
      DO SLEEP(LEAST((%[3]s - @underpin_age_%[1]d) / 1000 + 0.0005, %[4]f));
      %[2]s
    END IF;
    SET @underpin_tries = 0;
    WHILE @underpin_asleep AND @underpin_tries < 100 DO
      SET @underpin_tries = @underpin_tries + 1;
      %[2]s
    END WHILE;
    IF @underpin_age_%[1]d >= %[3]s THEN
      KILL SOFT QUERY ID %[5]d;
      SET @underpin_killed_%[1]d = @underpin_age_%[1]d IS NOT NULL;
    END IF;
  END;
`

// mariadbLook tells how old a statement is, and whether one that was ended before
// it is in SLEEP still. Until that has left, it may have the mutex that all of
// those share. A look is longer than that takes, as a rule; it is not waited for
// with a SLEEP.
const mariadbLook = `SELECT MAX(IF(ID = %[2]d AND QUERY_ID = %[3]d AND COMMAND NOT IN ('Sleep', 'Killed'), TIME_MS, NULL)),
      MAX(ID = %[4]d AND QUERY_ID = %[5]d AND STATE = '` + userSleep + `')
      INTO @underpin_age_%[1]d, @underpin_asleep
      FROM information_schema.PROCESSLIST
      WHERE ID IN (%[2]d, %[4]d);`

const mariadbTold = `/* underpin killer */
SELECT @underpin_age_%[1]d, @underpin_killed_%[1]d`

// kill implements dialect.
func (m *mariadbServer) kill(ctx context.Context, conn *sql.Conn, aims []aim, out []Killing) error {
	// One that goes alone has its age looked at like the others.
	if len(aims) > 1 || aims[0].alone && aims[0].act == ActQuery && !aims[0].nested || aims[0].together() && later(aims) {
		if err := m.killTogether(ctx, conn, aims, out); err != nil {
			return err
		}
	}
	return killEach(aims, out, func(a aim) (Killing, error) { return m.killOne(ctx, conn, a) })
}

func (m *mariadbServer) killOne(ctx context.Context, conn *sql.Conn, a aim) (Killing, error) {
	if a.act == ActConnection {
		return m.killConnection(ctx, conn, a.serverTarget)
	}
	if a.nested && a.age >= minCall {
		return m.killCall(ctx, conn, a)
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf(mariadbQuery, a.id.Session, a.query))
	return answer(err, mariadbKillPrivilege)
}

// killTogether kills several in one round trip. What has no result after it was
// not killed.
func (m *mariadbServer) killTogether(ctx context.Context, conn *sql.Conn, aims []aim, out []Killing) error {
	var forget, s strings.Builder
	parts := make([]part, len(aims))
	var woken aim // the one in SLEEP before
	for i, a := range aims {
		fmt.Fprintf(&forget, "  SET @underpin_age_%[1]d = NULL, @underpin_killed_%[1]d = FALSE;\n", i)
		look := fmt.Sprintf(mariadbLook, i, a.id.Session, a.query, woken.id.Session, woken.query)
		if a.alone {
			woken = a
		}
		fmt.Fprintf(&s, mariadbTogether, i, look, millis(a.old), (2 * sendAhead).Seconds(), a.query)
		parts[i] = part{fmt.Sprintf(mariadbTold, i), func(rows *sql.Rows) error {
			var age sql.NullFloat64
			var killed bool
			err := rows.Scan(&age, &killed)
			switch told := time.Duration(age.Float64 * float64(time.Millisecond)); {
			case killed:
				out[i] = Killing{Result: Killed, Age: told}
			case age.Valid && told < a.old: // the server has not let it grow old enough
				out[i] = Killing{Result: Uncertain, Err: ErrExpired}
			}
			return err
		}}
	}
	_, err := conn.ExecContext(ctx, "/* underpin killer */\nBEGIN NOT ATOMIC\n"+forget.String()+s.String()+"END")
	if err != nil && mysqlx.Number(err) == 0 {
		return err
	}
	// An error of the server's ended it in the midst.
	_, err = readParts(ctx, conn, parts...)
	return err
}

// millis is how the server counts.
func millis(d time.Duration) string { return fmt.Sprintf("%.3f", float64(d.Microseconds())/1000) }

// minCall is the age from which a CALL is told from what follows it by age.
const minCall = 50 * time.Millisecond

// killCall ends what the client sent, whichever of its statements runs. The
// server must have done so before anything sent after the poll can have
// reached that age.
func (m *mariadbServer) killCall(ctx context.Context, conn *sql.Conn, t aim) (Killing, error) {
	age := max(t.age, t.old)
	deadline := t.server.Add(age - t.age + t.age/2).Format("2006-01-02 15:04:05.000000")
	var killed int
	var gone bool
	err := conn.QueryRowContext(ctx, fmt.Sprintf(mariadbCall, t.id.Session, age.Milliseconds(), deadline)).Scan(&killed, &gone)
	k, err := answer(err, mariadbKillPrivilege)
	switch {
	case err != nil || killed > 0:
		return k, err
	case gone:
		return Killing{Result: Gone}, nil
	}
	return Killing{Result: Uncertain}, ErrExpired
}

func (m *mariadbServer) killConnection(ctx context.Context, conn *sql.Conn, t serverTarget) (Killing, error) {
	idle, age := 0, int64(0)
	if t.id.Idle {
		idle = 1
	}
	if t.nested {
		age = t.age.Milliseconds()
	}
	var micros int64
	err := conn.QueryRowContext(ctx, fmt.Sprintf(mariadbConnection, t.id.Session, t.query, idle, age)).Scan(&micros)
	k, err := answer(err, mariadbKillPrivilege)
	k.Window = time.Duration(micros) * time.Microsecond
	return k, err
}
