package engine

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// The servers' information_schema.INNODB_TRX carries statements, in a character
// set of three bytes: on MySQL it cannot be read (error 3854) while anybody runs a
// statement with a character of four. So performance_schema is asked first, which
// also measures ages instead of comparing clocks. MariaDB has it too, and off as
// a rule; its INNODB_TRX can always be read.

// metadataLockHolders asks for the sessions that hold a metadata lock on a
// table. MySQL always answers; MariaDB if performance_schema is on.
const metadataLockHolders = `/* underpin blockers */
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST,
  COALESCE(MAX(x.TIMER_WAIT) DIV 1000000000000, MAX(t.PROCESSLIST_TIME), 0) AS seconds,
  MAX(t.PROCESSLIST_COMMAND)
FROM performance_schema.metadata_locks AS l
JOIN performance_schema.threads AS t
  ON t.THREAD_ID = l.OWNER_THREAD_ID
LEFT JOIN performance_schema.events_transactions_current AS x
  ON x.THREAD_ID = t.THREAD_ID
  AND x.STATE = 'ACTIVE'
WHERE l.OBJECT_TYPE = 'TABLE'
  AND l.OBJECT_SCHEMA = DATABASE()
  AND l.OBJECT_NAME = ?
  AND l.LOCK_STATUS = 'GRANTED'
  AND t.PROCESSLIST_ID <> CONNECTION_ID()
GROUP BY t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST
ORDER BY seconds DESC
LIMIT 5`

// rowLockHolders asks for the sessions that hold a change's row: whose
// transactions a transition waits for. MySQL only.
const rowLockHolders = `/* underpin blockers */
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST,
  COALESCE(MAX(x.TIMER_WAIT) DIV 1000000000000, MAX(t.PROCESSLIST_TIME), 0) AS seconds,
  MAX(t.PROCESSLIST_COMMAND)
FROM performance_schema.data_locks AS l
JOIN performance_schema.threads AS t
  ON t.THREAD_ID = l.THREAD_ID
LEFT JOIN performance_schema.events_transactions_current AS x
  ON x.THREAD_ID = t.THREAD_ID
  AND x.STATE = 'ACTIVE'
WHERE l.OBJECT_SCHEMA = DATABASE()
  AND l.OBJECT_NAME = '_underpin_change'
  AND l.LOCK_TYPE = 'RECORD'
  AND l.LOCK_STATUS = 'GRANTED'
  AND l.LOCK_DATA = QUOTE(?)
  AND t.PROCESSLIST_ID <> CONNECTION_ID()
GROUP BY t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST
ORDER BY seconds DESC
LIMIT 5`

// oldTransactions asks for the sessions with the oldest open transactions,
// which is the next best thing: one of them holds the lock.
const oldTransactions = `/* underpin blockers */
SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, x.TIMER_WAIT DIV 1000000000000, t.PROCESSLIST_COMMAND
FROM performance_schema.events_transactions_current AS x
JOIN performance_schema.threads AS t
  ON t.THREAD_ID = x.THREAD_ID
WHERE x.STATE = 'ACTIVE'
  AND x.TIMER_WAIT IS NOT NULL
  AND t.PROCESSLIST_ID <> CONNECTION_ID()
ORDER BY x.TIMER_WAIT DESC
LIMIT 5`

// oldTransactionsMariaDB is the same where performance_schema is off. The server
// notes when a transaction began in its own time zone. It needs PROCESS.
const oldTransactionsMariaDB = `/* underpin blockers */
SET STATEMENT time_zone = 'SYSTEM' FOR
SELECT p.ID, p.USER, p.HOST, TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), p.COMMAND
FROM information_schema.INNODB_TRX AS x
JOIN information_schema.PROCESSLIST AS p
  ON p.ID = x.trx_mysql_thread_id
WHERE p.ID <> CONNECTION_ID()
ORDER BY x.trx_started
LIMIT 5`

// busySessions asks for sessions in this database, which takes no privilege
// for those of the same user. MySQL's list in information_schema has the same
// trouble as INNODB_TRX.
const busySessions = `/* underpin blockers */
SELECT ID, USER, HOST, TIME, COMMAND
FROM performance_schema.processlist
WHERE DB = DATABASE()
  AND ID <> CONNECTION_ID()
ORDER BY TIME DESC
LIMIT 5`

const busySessionsMariaDB = `/* underpin blockers */
SELECT ID, USER, HOST, TIME, COMMAND
FROM information_schema.PROCESSLIST
WHERE DB = DATABASE()
  AND ID <> CONNECTION_ID()
ORDER BY TIME DESC
LIMIT 5`

// lockHolders names the sessions in the way of a DDL statement that locks these
// tables, as well as the server lets us know.
func (e *Engine) lockHolders(ctx context.Context, tables ...string) string {
	var found []string
	for _, table := range tables {
		if holders := e.sessions(ctx, metadataLockHolders, table); holders != "" {
			found = append(found, holders)
		}
	}
	return cmp.Or(strings.Join(found, ", "), e.transactions(ctx))
}

// fenceHolders names the sessions whose transactions a transition of a change
// waits for, likewise.
func (e *Engine) fenceHolders(ctx context.Context, change string) string {
	return cmp.Or(e.sessions(ctx, rowLockHolders, change), e.transactions(ctx))
}

// transactions names the sessions whose transactions have been open the longest.
func (e *Engine) transactions(ctx context.Context) string {
	const grant = " (grant PROCESS, and SELECT on performance_schema.*, to see which)"
	if found := cmp.Or(e.sessions(ctx, oldTransactions), e.innodbTransactions(ctx)); found != "" {
		return found
	}
	if found := cmp.Or(e.sessions(ctx, busySessions), e.sessions(ctx, busySessionsMariaDB)); found != "" {
		return "one of " + found + grant
	}
	return "a session that this user may not see" + grant
}

// innodbTransactions names them as MariaDB tells them, unless all it has is old:
// whom it names may be killed.
func (e *Engine) innodbTransactions(ctx context.Context) (found string) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	conn, err := e.cfg.DB.Conn(ctx)
	if err != nil {
		return ""
	}
	defer conn.Close()
	if mysqlx.FreshTransactions(ctx, conn, func(ctx context.Context) error {
		found = sessions(ctx, conn, oldTransactionsMariaDB)
		return nil
	}) != nil {
		return ""
	}
	return found
}

// lookTime bounds the look at the transactions: somebody waits for an error.
const lookTime = 2 * time.Second

func (e *Engine) sessions(ctx context.Context, query string, args ...any) string {
	return sessions(ctx, e.cfg.DB, query, args...)
}

// sessions renders up to five sessions. It is help for people in the middle of
// another error, so a query that is not allowed, or that this server does not
// know, yields nothing.
func sessions(ctx context.Context, q mysqlx.Querier, query string, args ...any) string {
	rows, err := q.QueryContext(ctx, query, args...)
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
