package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/pingcap/tidb/pkg/parser"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

const (
	// Whether the server notes metadata locks at all: MariaDB has the
	// instrument, and has it off, as it has performance_schema.
	queryInstrument = `/* underpin preflight */ SELECT ENABLED AS enabled
FROM performance_schema.setup_instruments
WHERE NAME = 'wait/lock/metadata/sql/mdl'`

	queryMetadataLocks = `/* underpin preflight */ SELECT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user, t.PROCESSLIST_HOST AS host,
  COALESCE(MAX(x.TIMER_WAIT) / 1e12, MAX(t.PROCESSLIST_TIME), 0) AS age,
  MAX(l.LOCK_TYPE) AS lock_type, MAX(s.DIGEST_TEXT) AS statement
FROM performance_schema.metadata_locks AS l
JOIN performance_schema.threads AS t
  ON t.THREAD_ID = l.OWNER_THREAD_ID
LEFT JOIN performance_schema.events_transactions_current AS x
  ON x.THREAD_ID = t.THREAD_ID
  AND x.STATE = 'ACTIVE'
LEFT JOIN performance_schema.events_statements_current AS s
  ON s.THREAD_ID = t.THREAD_ID
WHERE l.OBJECT_TYPE = 'TABLE'
  AND l.OBJECT_SCHEMA = DATABASE()
  AND l.OBJECT_NAME = ?
  AND l.LOCK_STATUS = 'GRANTED'
  AND t.PROCESSLIST_ID <> CONNECTION_ID()
GROUP BY t.PROCESSLIST_ID, t.PROCESSLIST_USER, t.PROCESSLIST_HOST`

	// MariaDB with the plugin of that name.
	queryLockInfo = `/* underpin preflight */ SET STATEMENT time_zone = 'SYSTEM' FOR
SELECT p.ID AS id, p.USER AS user, p.HOST AS host,
  COALESCE(TIMESTAMPDIFF(SECOND, MAX(x.trx_started), NOW()), MAX(p.TIME), 0) AS age,
  MAX(l.LOCK_MODE) AS lock_type, MAX(COALESCE(x.trx_query, p.INFO)) AS text
FROM information_schema.METADATA_LOCK_INFO AS l
JOIN information_schema.PROCESSLIST AS p
  ON p.ID = l.THREAD_ID
LEFT JOIN information_schema.INNODB_TRX AS x
  ON x.trx_mysql_thread_id = p.ID
WHERE l.TABLE_SCHEMA = DATABASE()
  AND l.TABLE_NAME = ?
  AND p.ID <> CONNECTION_ID()
GROUP BY p.ID, p.USER, p.HOST`

	// MariaDB: whoever has a transaction open may have used the table. The
	// servers note its beginning in their own time zone.
	queryTransactions = `/* underpin preflight */ SET STATEMENT time_zone = 'SYSTEM' FOR
SELECT p.ID AS id, p.USER AS user, p.HOST AS host,
  TIMESTAMPDIFF(SECOND, x.trx_started, NOW()) AS age, COALESCE(x.trx_query, p.INFO) AS text
FROM information_schema.INNODB_TRX AS x
JOIN information_schema.PROCESSLIST AS p
  ON p.ID = x.trx_mysql_thread_id
WHERE p.ID <> CONNECTION_ID()
  AND (p.DB = DATABASE() OR p.DB IS NULL)`

	// MariaDB: LOCK TABLES opens no transaction. When a table cannot be had
	// and no transaction is open, it is one of these.
	querySessions = `/* underpin preflight */ SELECT ID AS id, USER AS user, HOST AS host, TIME AS age, INFO AS text
FROM information_schema.PROCESSLIST
WHERE ID <> CONNECTION_ID()
  AND (DB = DATABASE() OR DB IS NULL)
  AND COMMAND NOT IN ('Daemon', 'Binlog Dump')`
)

// longHeld is the age from which a holder of a metadata lock asks for care:
// every statement that comes after a waiting DDL waits with it.
const longHeld = 1.0

// lookAtBlockers finds who holds the metadata locks that the plan will want.
func (e *examiner) lookAtBlockers(ctx context.Context) error {
	e.r.Blockers = []Blocker{}
	query, hidden := e.lockSource(ctx)
	open := sync.OnceValues(func() ([]Blocker, error) { return e.transactions(ctx) })
	for _, t := range e.tables {
		if !t.there {
			continue
		}
		c := Check{Code: CodeBlocker, Object: t.Table.Table, What: "nobody holds it", Status: OK, Limit: secondsOf(longHeld)}
		var found []Blocker
		var err error
		switch {
		case query != "":
			found, err = e.blockers(ctx, t.Table.Table, query, t.Table.Table)
		case e.r.Server.Flavour == plan.MariaDB:
			found, err = e.guessed(ctx, t, open)
			c.What = "no transaction is open (a guess: metadata locks are not shown)"
		case hidden != nil:
			err = hidden
		default:
			c.What, c.Status = "the server does not show metadata locks", Unknown
			c.Remedy = "set performance_schema=ON, and enable the instrument wait/lock/metadata/sql/mdl"
		}
		if errors.Is(err, mysqlx.ErrStaleTransactions) {
			c.What, c.Status, c.Remedy = "open transactions could not be seen", Unknown, mysqlx.ErrStaleTransactions.Error()
		} else if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
			c.What, c.Status, c.Remedy = "this user may not see it", Unknown, "grant PROCESS ON *.* and SELECT ON performance_schema.*"
		} else if err != nil {
			return fmt.Errorf("look who holds the metadata lock of %s: %w", t.Table.Table, err)
		}
		e.judgeBlockers(&c, found, t)
		e.check(c)
		e.r.Blockers = append(e.r.Blockers, found...)
	}
	return nil
}

// judgeBlockers says of the holders of a table's lock whether they are in the
// way. Short ones come and go.
func (e *examiner) judgeBlockers(c *Check, found []Blocker, t *table) {
	if len(found) == 0 {
		if t.blind != nil && mysqlx.Classify(t.blind) == mysqlx.ClassLockWait {
			c.What, c.Status = "somebody holds it and cannot be seen", Unknown
			c.Remedy = "grant PROCESS ON *.*, and look again"
		}
		return
	}
	oldest := found[0]
	c.Value = secondsOf(oldest.Age)
	c.What = fmt.Sprintf("%d hold it, the oldest is %s", len(found), oldest.text())
	if oldest.Guess {
		c.What = fmt.Sprintf("%d may hold it (a guess from open transactions and sessions), the oldest is %s", len(found), oldest.text())
	}
	if oldest.Age >= longHeld || t.blind != nil {
		c.Status, c.Remedy = Care, "end it or wait for it: DDL would wait behind it, and everybody else behind the DDL"
	}
}

// text names a holder to people.
func (b Blocker) text() string {
	out := fmt.Sprintf("connection %d of %s@%s, %s old", b.Connection, b.User, b.Host, secondsText(b.Age))
	if b.Statement != "" {
		out += ", last: " + cut(b.Statement)
	}
	return out
}

// lockSource chooses the query that shows metadata locks; it is empty where
// there is none, with the error of one that this user may not ask.
func (e *examiner) lockSource(ctx context.Context) (query string, hidden error) {
	if e.on("performance_schema") {
		rows, err := e.list(ctx, queryInstrument)
		if err == nil && len(rows) == 1 && rows[0]["enabled"] == "YES" {
			return queryMetadataLocks, nil
		}
		hidden = err
	}
	if e.r.Server.Flavour == plan.MariaDB {
		// Without the plugin there is no such table.
		if _, err := e.list(ctx, queryLockInfo, ""); err == nil {
			return queryLockInfo, nil
		}
	}
	return "", hidden
}

// transactions are the sessions with an open one.
func (e *examiner) transactions(ctx context.Context) (found []Blocker, err error) {
	err = mysqlx.FreshTransactions(ctx, e.s, func(ctx context.Context) (err error) {
		found, err = e.blockers(ctx, "", queryTransactions)
		return err
	})
	return found, err
}

// guessed are the sessions of which one may hold a table's lock: those with an
// open transaction, if there are any.
func (e *examiner) guessed(ctx context.Context, t *table, open func() ([]Blocker, error)) ([]Blocker, error) {
	found, err := open()
	if err == nil && len(found) == 0 && mysqlx.Classify(t.blind) == mysqlx.ClassLockWait {
		found, err = e.blockers(ctx, "", querySessions)
	}
	for i := range found {
		found[i].Guess = true
	}
	return found, err
}

// blockers reads sessions, the oldest first.
func (e *examiner) blockers(ctx context.Context, table, query string, args ...any) ([]Blocker, error) {
	rows, err := e.list(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var out []Blocker
	for _, row := range rows {
		id, err1 := strconv.ParseUint(row["id"], 10, 64)
		age, err2 := strconv.ParseFloat(row["age"], 64)
		if err := cmp.Or(err1, err2); err != nil {
			return nil, fmt.Errorf("read a session: %w", err)
		}
		b := Blocker{Table: table, Connection: id, User: row["user"], Host: row["host"], Age: age, Lock: row["lock_type"], Statement: row["statement"]}
		if text := row["text"]; text != "" {
			b.Statement = parser.Normalize(text, "ON") // literals may be anybody's data
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Blocker) int {
		return cmp.Or(cmp.Compare(b.Age, a.Age), cmp.Compare(a.Connection, b.Connection))
	})
	return out, nil
}

// longest is the age of the oldest holder of a table's lock.
func (e *examiner) longest(table string) (age float64, found bool) {
	for _, b := range e.r.Blockers {
		if b.Table == "" || key(b.Table) == key(table) {
			age, found = max(age, b.Age), true
		}
	}
	return age, found
}
