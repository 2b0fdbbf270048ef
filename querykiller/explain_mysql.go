package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// The joins are straight: these tables have no statistics, and every session
// would be looked at for nothing where nobody waits.

// performanceSchemaLocks lists the metadata locks on everything that somebody
// waits for, by connection. It is the same on both flavours, where MariaDB
// keeps it.
const performanceSchemaLocks = `/* underpin killer */
SELECT STRAIGHT_JOIN l.OBJECT_TYPE, l.OBJECT_SCHEMA, l.OBJECT_NAME, l.LOCK_TYPE, l.LOCK_STATUS = 'PENDING', t.PROCESSLIST_ID
FROM (
  SELECT DISTINCT OBJECT_TYPE, OBJECT_SCHEMA, OBJECT_NAME
  FROM performance_schema.metadata_locks
  WHERE LOCK_STATUS = 'PENDING'
  LIMIT 50) AS wanted
JOIN performance_schema.metadata_locks AS l
  ON l.OBJECT_TYPE = wanted.OBJECT_TYPE
  AND l.OBJECT_SCHEMA <=> wanted.OBJECT_SCHEMA
  AND l.OBJECT_NAME <=> wanted.OBJECT_NAME
JOIN performance_schema.threads AS t ON t.THREAD_ID = l.OWNER_THREAD_ID
WHERE l.LOCK_STATUS IN ('GRANTED', 'PENDING')
  AND t.PROCESSLIST_ID IS NOT NULL
LIMIT 5000`

const mysqlRowWaits = `/* underpin killer */
SELECT STRAIGHT_JOIN DISTINCT r.PROCESSLIST_ID, b.PROCESSLIST_ID, l.OBJECT_SCHEMA, l.OBJECT_NAME
FROM performance_schema.data_lock_waits AS w
JOIN performance_schema.threads AS r ON r.THREAD_ID = w.REQUESTING_THREAD_ID
JOIN performance_schema.threads AS b ON b.THREAD_ID = w.BLOCKING_THREAD_ID
JOIN performance_schema.data_locks AS l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID AND l.ENGINE = w.ENGINE
WHERE r.PROCESSLIST_ID IS NOT NULL
  AND b.PROCESSLIST_ID IS NOT NULL
LIMIT 2000`

// seen implements dialect. The first poll that finds somebody at work asks for
// more in the next.
func (m *mysqlServer) seen(since time.Time) (bool, time.Time) {
	return !m.rows || !m.events || !m.busy || m.cannot || m.innodb.read.After(since), m.innodb.next
}

// waits implements dialect.
func (m *mysqlServer) waits(ctx context.Context, conn *sql.Conn) (waits, error) {
	var w waits
	if !m.locks {
		w.notes = append(w.notes, "performance_schema does not tell of locks: who blocks whom is unknown")
		return w, nil
	}
	var locks []mdl
	if err := w.read(ctx, conn, lockPart(&locks), rowWaitPart(mysqlRowWaits, &w)); err != nil {
		return w, fmt.Errorf("read the locks: %w", err)
	}
	mdlWaits(&w, locks)
	return w, nil
}

// lockPart reads metadata locks from performance_schema.
func lockPart(locks *[]mdl) part {
	return part{performanceSchemaLocks, func(rows *sql.Rows) error {
		var l mdl
		var schema, name sql.NullString
		err := rows.Scan(&l.kind, &schema, &name, &l.mode, &l.pending, &l.owner)
		l.object = objectName(l.kind, schema.String, name.String)
		*locks = append(*locks, l)
		return err
	}}
}

// objectName is schema.table, or the kind of what is neither.
func objectName(kind, schema, name string) string {
	switch {
	case schema != "" && name != "":
		return schema + "." + name
	case schema != "" || name != "":
		return schema + name
	}
	return strings.ToLower(kind)
}

// rowWaitPart reads who waits for whose row lock.
func rowWaitPart(query string, w *waits) part {
	return part{query, func(rows *sql.Rows) error {
		var waiter, holder uint64
		var schema, table sql.NullString
		err := rows.Scan(&waiter, &holder, &schema, &table)
		w.add(waiter, Block{Session: holder, Lock: LockRow, Object: objectName("", schema.String, table.String)})
		return err
	}}
}
