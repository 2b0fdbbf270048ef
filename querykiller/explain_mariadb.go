package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

const mariadbRowWaits = `/* underpin killer */
SELECT STRAIGHT_JOIN DISTINCT r.trx_mysql_thread_id, b.trx_mysql_thread_id, NULL, REPLACE(l.lock_table, CHAR(96), '')
FROM information_schema.INNODB_LOCK_WAITS AS w
JOIN information_schema.INNODB_TRX AS r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.INNODB_TRX AS b ON b.trx_id = w.blocking_trx_id
LEFT JOIN information_schema.INNODB_LOCKS AS l ON l.lock_id = w.requested_lock_id
LIMIT 2000`

const mariadbWaiting = `/* underpin killer */
SELECT ID, COALESCE(INFO_BINARY, ''), COALESCE(TIME_MS, 0)
FROM information_schema.PROCESSLIST
WHERE STATE LIKE 'Waiting for%%metadata lock'
   OR STATE IN ('Waiting for backup lock', 'Waiting for table flush')
LIMIT 500`

const mariadbPluginLocks = `/* underpin killer */
SELECT THREAD_ID, REPLACE(LOCK_MODE, 'MDL_', ''), TABLE_SCHEMA, TABLE_NAME
FROM information_schema.METADATA_LOCK_INFO
WHERE LOCK_TYPE = 'Table metadata lock'
LIMIT 5000`

// mariadbMayHold are the sessions that may hold the metadata lock somebody has
// waited for: those with a transaction open, and those whose statement is older
// and waits for none itself.
const mariadbMayHold = `/* underpin killer */
SELECT trx_mysql_thread_id
FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id NOT IN (0, CONNECTION_ID())
UNION
SELECT ID
FROM information_schema.PROCESSLIST
WHERE COMMAND IN ('Query', 'Execute')
  AND ID <> CONNECTION_ID()
  AND STATE NOT LIKE 'Waiting for%%'
  AND TIME_MS > %f
LIMIT 500`

// seen implements dialect.
func (m *mariadbServer) seen(since time.Time) (bool, time.Time) {
	return !m.rows || m.innodb.read.After(since) && (m.innodb.locked || !m.innodb.waiting), m.innodb.next
}

// waits implements dialect: the row locks are those of the last poll's reading.
func (m *mariadbServer) waits(ctx context.Context, conn *sql.Conn) (waits, error) {
	var w waits
	if m.rows {
		if m.innodb.known() {
			w.edges = slices.Clone(m.innodb.waits.edges)
		}
	} else {
		w.notes = append(w.notes, "without the privilege PROCESS row locks are not told: who waits for whose rows is unknown")
	}
	if m.locks {
		var locks []mdl
		if err := w.read(ctx, conn, lockPart(&locks)); err != nil {
			return w, fmt.Errorf("read the metadata locks: %w", err)
		}
		mdlWaits(&w, locks)
		return w, nil
	}
	waiting, err := readWaiting(ctx, conn, &w)
	if err != nil || len(waiting) == 0 {
		return w, err
	}
	if m.plugin {
		return w, pluginWaits(ctx, conn, &w, waiting)
	}
	return w, m.guessWaits(ctx, conn, &w, waiting)
}

// waiter is a session that waits for a metadata lock.
type waiter struct {
	id     uint64
	text   string
	millis float64
}

func readWaiting(ctx context.Context, conn *sql.Conn, w *waits) ([]waiter, error) {
	var waiting []waiter
	err := w.read(ctx, conn, part{strings.ReplaceAll(mariadbWaiting, "%%", "%"), func(rows *sql.Rows) error {
		var one waiter
		err := rows.Scan(&one.id, &one.text, &one.millis)
		waiting = append(waiting, one)
		return err
	}})
	if err != nil {
		return nil, fmt.Errorf("read who waits for a metadata lock: %w", err)
	}
	return waiting, nil
}

// pluginWaits reads METADATA_LOCK_INFO. It tells who holds what and not who
// waits for what, so a wait is taken to be for the tables that are held and that
// the waiting statement names.
func pluginWaits(ctx context.Context, conn *sql.Conn, w *waits, waiting []waiter) error {
	var locks []mdl
	tables := map[string]string{} // by object, the name alone
	err := w.read(ctx, conn, part{mariadbPluginLocks, func(rows *sql.Rows) error {
		l := mdl{kind: "TABLE"}
		var schema, table string
		err := rows.Scan(&l.owner, &l.mode, &schema, &table)
		l.object = schema + "." + table
		tables[l.object] = table
		locks = append(locks, l)
		return err
	}})
	if err != nil {
		return fmt.Errorf("read METADATA_LOCK_INFO: %w", err)
	}
	for _, r := range waiting {
		named := identifiersIn(r.text)
		for object, table := range tables {
			if named[strings.ToLower(table)] {
				locks = append(locks, mdl{kind: "TABLE", object: object, mode: wantedMode(r.text), pending: true, owner: r.id})
			}
		}
	}
	mdlWaits(w, locks)
	w.notes = append(w.notes, "METADATA_LOCK_INFO tells who holds a metadata lock and not who waits for which: "+
		"a wait is taken to be for the tables that the waiting statement names")
	return nil
}

// wantedMode is the metadata lock that a statement waits for in the end.
func wantedMode(text string) string {
	switch KindOf(text) {
	case KindDDL:
		return "EXCLUSIVE"
	case KindSelect:
		return "SHARED_READ"
	}
	return "SHARED_WRITE"
}

// words are the identifiers of a statement, in lower case.
func identifiersIn(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		set[word] = true
	}
	return set
}

// guessWaits names everybody who may be in the way. It is for people to look at:
// guesses are never attached to a session that rules judge.
func (m *mariadbServer) guessWaits(ctx context.Context, conn *sql.Conn, w *waits, waiting []waiter) error {
	w.guessed = true
	if !m.rows {
		w.notes = append(w.notes, "who holds the metadata locks is not told, and without PROCESS not even a guess can be made")
		return nil
	}
	blocked := map[uint64]bool{}
	oldest := waiting[0]
	for _, r := range waiting {
		blocked[r.id] = true
		if r.millis > oldest.millis {
			oldest = r
		}
	}
	err := w.read(ctx, conn, part{fmt.Sprintf(mariadbMayHold, oldest.millis), func(rows *sql.Rows) error {
		var id uint64
		err := rows.Scan(&id)
		for _, r := range waiting {
			if !blocked[id] {
				w.add(r.id, Block{Session: id, Lock: LockMetadata})
			}
		}
		return err
	}})
	if err != nil {
		return fmt.Errorf("read who may hold a metadata lock: %w", err)
	}
	w.notes = append(w.notes, "a guess: this server does not tell who holds metadata locks, so everybody with an open transaction or an older "+
		"statement is named. INSTALL SONAME 'metadata_lock_info' to know")
	return nil
}
