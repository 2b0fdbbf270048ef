package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"time"
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
// it still does.
const mariadbConnection = `/* underpin killer */
BEGIN NOT ATOMIC
  IF NOT EXISTS (
    SELECT 1
    FROM information_schema.PROCESSLIST
    WHERE ID = %[1]d
      AND QUERY_ID = %[2]d
      AND (COMMAND = 'Sleep' OR COMMAND = 'Killed' AND INFO IS NULL) = %[3]d) THEN
    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1957, MESSAGE_TEXT = 'the statement has ended';
  END IF;
  SET @underpin_at = SYSDATE(6);
  KILL SOFT QUERY ID %[2]d;
  KILL SOFT CONNECTION %[1]d;
  SELECT TIMESTAMPDIFF(MICROSECOND, @underpin_at, SYSDATE(6));
END`

// kill implements dialect.
func (m *mariadbServer) kill(ctx context.Context, conn *sql.Conn, t serverTarget, act Act) (Killing, error) {
	if act == ActConnection {
		return m.killConnection(ctx, conn, t)
	}
	if t.nested && t.age >= minCall {
		return m.killCall(ctx, conn, t)
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf(mariadbQuery, t.id.Session, t.query))
	return answer(err, mariadbKillPrivilege)
}

// minCall is the age from which a CALL is told from what follows it by age.
const minCall = 50 * time.Millisecond

// killCall ends what the client sent, whichever of its statements runs. The
// server must have done so before anything sent after the poll can have
// reached that age.
func (m *mariadbServer) killCall(ctx context.Context, conn *sql.Conn, t serverTarget) (Killing, error) {
	deadline := t.server.Add(t.age / 2).Format("2006-01-02 15:04:05.000000")
	var killed int
	var gone bool
	err := conn.QueryRowContext(ctx, fmt.Sprintf(mariadbCall, t.id.Session, t.age.Milliseconds(), deadline)).Scan(&killed, &gone)
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
	idle := 0
	if t.id.Idle {
		idle = 1
	}
	var micros int64
	err := conn.QueryRowContext(ctx, fmt.Sprintf(mariadbConnection, t.id.Session, t.query, idle)).Scan(&micros)
	k, err := answer(err, mariadbKillPrivilege)
	k.Window = time.Duration(micros) * time.Microsecond
	return k, err
}
