package control

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Kill is one decision of the query killer as the database keeps it. Texts that
// are longer than their columns are cut, and what is not valid UTF-8 is
// replaced, when it is written: an odd statement must not make the record fail.
type Kill struct {
	ID           uint64          `json:"id"`
	At           time.Time       `json:"at"`
	Killer       string          `json:"killer"`
	Rule         string          `json:"rule"`
	Action       string          `json:"action"`
	Outcome      string          `json:"outcome"`
	Reason       string          `json:"reason"`
	Session      uint64          `json:"session"`
	User         string          `json:"user"`
	Host         string          `json:"host"`
	Database     string          `json:"database"`
	Release      string          `json:"release"`
	Digest       string          `json:"digest"`
	Text         string          `json:"text"` // without literals
	Age          time.Duration   `json:"age"`
	RowsExamined uint64          `json:"rows_examined"`
	RowsModified uint64          `json:"rows_modified"`
	Rollback     *time.Duration  `json:"rollback,omitempty"` // estimated; nil is not known
	Dead         *time.Duration  `json:"dead,omitempty"`     // after the kill; nil is not seen
	Detail       json.RawMessage `json:"detail"`
}

const killColumns = `at, killer, rule, action, outcome, reason, session, db_user, host, db_name, ` + "`release`" + `,
  digest, text, age_us, rows_examined, rows_modified, rollback_us, dead_us, detail`

const insertKill = `/* underpin kill log */
INSERT INTO _underpin_kill
  (` + killColumns + `)
VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
   ?, ?, ?, ?, ?, ?, ?, ?)`

const selectKills = `/* underpin kill log */
SELECT id, ` + killColumns + `
FROM _underpin_kill
WHERE id > ?
  AND (? = 0 OR at >= UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND)
  AND (? = '' OR rule = ?)
ORDER BY id
LIMIT ?`

const deleteOldKills = `/* underpin kill log */
DELETE FROM _underpin_kill
WHERE at < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND
ORDER BY at, id
LIMIT ?`

// AddKill records a decision and returns its id.
func AddKill(ctx context.Context, db mysqlx.Querier, k Kill) (uint64, error) {
	res, err := db.ExecContext(ctx, insertKill,
		k.At.UTC(), cutText(k.Killer, 255), cutText(k.Rule, 64), cutText(k.Action, 24), cutText(k.Outcome, 24), cutText(k.Reason, 1024),
		k.Session, cutText(k.User, 255), cutText(k.Host, 255), cutText(k.Database, 64), cutText(k.Release, 128),
		cutText(k.Digest, 64), cutText(k.Text, maxKillText), k.Age.Microseconds(), k.RowsExamined, k.RowsModified,
		microseconds(k.Rollback), microseconds(k.Dead), string(k.Detail))
	if err != nil {
		return 0, fmt.Errorf("record a decision about session %d: %w", k.Session, err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, fmt.Errorf("record a decision about session %d: %w", k.Session, err)
	}
	return uint64(id), nil
}

// maxKillText is how many characters of a statement are kept: they fit a TEXT
// however many bytes each takes.
const maxKillText = 16_000

// KillFilter says which decisions are asked for. The zero value is all of them.
type KillFilter struct {
	After  uint64        // only those with a greater id
	Within time.Duration // only those younger than this, by the server's clock; 0 is of any age
	Rule   string        // only those of this rule; empty is any
	Limit  int           // how many at most; 0 is 1000
}

// Kills returns the decisions that a filter lets through, in the order in which
// they were recorded.
func Kills(ctx context.Context, db mysqlx.Querier, f KillFilter) ([]Kill, error) {
	within := f.Within.Microseconds()
	return collect(ctx, db, "read the decisions of the query killer", scanKill, selectKills,
		f.After, within, within, f.Rule, f.Rule, cmp.Or(f.Limit, 1000))
}

// PurgeKills deletes up to limit decisions older than age by the server's clock,
// the oldest first, in one short statement, and returns how many. Call it again
// while it returns limit.
func PurgeKills(ctx context.Context, db mysqlx.Querier, age time.Duration, limit int) (int, error) {
	res, err := db.ExecContext(ctx, deleteOldKills, age.Microseconds(), limit)
	if err != nil {
		return 0, fmt.Errorf("delete old decisions of the query killer: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("delete old decisions of the query killer: %w", err)
	}
	return int(n), nil
}

func scanKill(rows *sql.Rows) (Kill, error) {
	var k Kill
	var age int64
	var rollback, dead sql.NullInt64
	var detail []byte
	err := rows.Scan(&k.ID, &k.At, &k.Killer, &k.Rule, &k.Action, &k.Outcome, &k.Reason, &k.Session, &k.User, &k.Host, &k.Database,
		&k.Release, &k.Digest, &k.Text, &age, &k.RowsExamined, &k.RowsModified, &rollback, &dead, &detail)
	k.Age, k.Rollback, k.Dead, k.Detail = fromMicroseconds(age), duration(rollback), duration(dead), detail
	return k, err
}

func fromMicroseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// microseconds is a length of time for its column; nil is NULL.
func microseconds(d *time.Duration) any {
	if d == nil {
		return nil
	}
	return d.Microseconds()
}

func duration(n sql.NullInt64) *time.Duration {
	if !n.Valid {
		return nil
	}
	d := fromMicroseconds(n.Int64)
	return &d
}
