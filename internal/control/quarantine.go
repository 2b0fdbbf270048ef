package control

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// QuarantinedRow is a row that does not fit the other shape.
type QuarantinedRow struct {
	Key    []byte // encoded
	Reason string
	At     time.Time // when it was found last, the server's time
}

const insertQuarantine = `/* underpin quarantine */
INSERT INTO _underpin_quarantine
  (` + "`change`" + `, job, run, key_hash, row_key, reason, at)
VALUES
  (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE
  reason = VALUES(reason),
  at = VALUES(at)`

const deleteQuarantine = `/* underpin quarantine */
DELETE FROM _underpin_quarantine
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND key_hash = ?`

const selectQuarantined = `/* underpin quarantine */
SELECT COUNT(*)
FROM _underpin_quarantine
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND key_hash = ?`

const countQuarantine = `/* underpin quarantine */
SELECT COUNT(*)
FROM _underpin_quarantine
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?`

const selectQuarantine = `/* underpin quarantine */
SELECT row_key, reason, at
FROM _underpin_quarantine
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND key_hash > ?
ORDER BY key_hash
LIMIT ?`

const deleteOldQuarantine = `/* underpin quarantine */
DELETE FROM _underpin_quarantine
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run < ?
LIMIT 1000`

// maxReason is the length of the reason's column, in characters.
const maxReason = 1024

func keyHash(key []byte) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])
}

// Quarantine records that the row with this encoded key does not fit, and why.
// Recording it again replaces the reason.
func Quarantine(ctx context.Context, tx mysqlx.Querier, r JobRun, key []byte, reason string) error {
	if text := []rune(reason); len(text) > maxReason {
		reason = string(text[:maxReason-1]) + "…"
	}
	if _, err := tx.ExecContext(ctx, insertQuarantine, append(r.args(), keyHash(key), key, reason)...); err != nil {
		return fmt.Errorf("quarantine a row of the %s: %w", r, err)
	}
	return nil
}

// Unquarantine removes the record of a row that fits by now.
func Unquarantine(ctx context.Context, tx mysqlx.Querier, r JobRun, key []byte) error {
	if _, err := tx.ExecContext(ctx, deleteQuarantine, append(r.args(), keyHash(key))...); err != nil {
		return fmt.Errorf("take a row of the %s out of quarantine: %w", r, err)
	}
	return nil
}

// IsQuarantined reports whether the row with this encoded key is quarantined.
func IsQuarantined(ctx context.Context, db mysqlx.Querier, r JobRun, key []byte) (bool, error) {
	var n int
	if err := db.QueryRowContext(ctx, selectQuarantined, append(r.args(), keyHash(key))...).Scan(&n); err != nil {
		return false, fmt.Errorf("look for a quarantined row of the %s: %w", r, err)
	}
	return n > 0, nil
}

// CountQuarantined returns how many rows of a run do not fit.
func CountQuarantined(ctx context.Context, db mysqlx.Querier, r JobRun) (uint64, error) {
	var n uint64
	if err := db.QueryRowContext(ctx, countQuarantine, r.args()...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the quarantined rows of the %s: %w", r, err)
	}
	return n, nil
}

// ListQuarantined returns up to limit quarantined rows of a run, those after
// the row with the encoded key after; nil is from the beginning. Their order
// is stable and has no meaning.
func ListQuarantined(ctx context.Context, db mysqlx.Querier, r JobRun, after []byte, limit int) ([]QuarantinedRow, error) {
	from := ""
	if after != nil {
		from = keyHash(after)
	}
	return collect(ctx, db, "list the quarantined rows of the "+r.String(), func(rows *sql.Rows) (QuarantinedRow, error) {
		var q QuarantinedRow
		err := rows.Scan(&q.Key, &q.Reason, &q.At)
		return q, err
	}, selectQuarantine, append(r.args(), from, limit)...)
}
