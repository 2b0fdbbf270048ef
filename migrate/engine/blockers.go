package engine

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// metadataLockHolders asks for the sessions that hold a metadata lock on a
// table. MySQL always answers; MariaDB if performance_schema is on.
const metadataLockHolders = `/* underpin blockers */
SELECT t.PROCESSLIST_ID, COALESCE(t.PROCESSLIST_USER, ''), COALESCE(t.PROCESSLIST_HOST, ''),
  COALESCE(t.PROCESSLIST_TIME, 0), COALESCE(t.PROCESSLIST_COMMAND, '')
FROM performance_schema.metadata_locks AS l
JOIN performance_schema.threads AS t
  ON t.THREAD_ID = l.OWNER_THREAD_ID
WHERE l.OBJECT_TYPE = 'TABLE'
  AND l.OBJECT_SCHEMA = DATABASE()
  AND l.OBJECT_NAME = ?
  AND l.LOCK_STATUS = 'GRANTED'
  AND t.PROCESSLIST_ID <> CONNECTION_ID()
LIMIT 5`

// oldTransactions asks for the sessions with the oldest open transactions,
// which is the next best thing: one of them holds the lock. It needs PROCESS.
const oldTransactions = `/* underpin blockers */
SELECT p.ID, p.USER, p.HOST, TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), p.COMMAND
FROM information_schema.INNODB_TRX AS x
JOIN information_schema.PROCESSLIST AS p
  ON p.ID = x.trx_mysql_thread_id
WHERE p.ID <> CONNECTION_ID()
ORDER BY x.trx_started
LIMIT 5`

// busySessions asks for sessions in this database, which takes no privilege
// for those of the same user.
const busySessions = `/* underpin blockers */
SELECT ID, USER, HOST, TIME, COMMAND
FROM information_schema.PROCESSLIST
WHERE DB = DATABASE()
  AND ID <> CONNECTION_ID()
ORDER BY TIME DESC
LIMIT 5`

// lockHolders names the sessions in the way of a DDL statement, as well as the
// server lets us know.
func (e *Engine) lockHolders(ctx context.Context, table string) string {
	if found := e.sessions(ctx, metadataLockHolders, table); found != "" {
		return found
	}
	return e.longTransactions(ctx)
}

// longTransactions names the sessions whose transactions have been open the
// longest.
func (e *Engine) longTransactions(ctx context.Context) string {
	if found := e.sessions(ctx, oldTransactions); found != "" {
		return found
	}
	if found := e.sessions(ctx, busySessions); found != "" {
		return "one of " + found + " (grant PROCESS to see which)"
	}
	return "a session that this user may not see (grant PROCESS to see which)"
}

// sessions renders up to five sessions. It is help for people in the middle of
// another error, so a query that is not allowed yields nothing.
func (e *Engine) sessions(ctx context.Context, query string, args ...any) string {
	rows, err := e.cfg.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return ""
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id uint64
		var user, host, command sql.NullString
		var seconds sql.NullInt64
		if rows.Scan(&id, &user, &host, &seconds, &command) != nil {
			return ""
		}
		out = append(out, fmt.Sprintf("connection %d of %s@%s, %s for %d s", id, user.String, host.String, strings.ToLower(command.String), seconds.Int64))
	}
	if rows.Err() != nil {
		return ""
	}
	return strings.Join(out, ", ")
}
