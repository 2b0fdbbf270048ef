package control

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Entry is one row of the audit.
type Entry struct {
	ID     uint64          `json:"id"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Change string          `json:"change"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail"`
	Prev   string          `json:"prev"`
	Hash   string          `json:"hash"`
}

const lastAudit = `/* underpin audit */
SELECT id, hash
FROM _underpin_audit
ORDER BY id DESC
LIMIT 1
FOR UPDATE`

const insertAudit = `/* underpin audit */
INSERT INTO _underpin_audit
  (id, at, actor, ` + "`change`" + `, action, detail, prev, hash)
VALUES
  (?, ?, ?, ?, ?, ?, ?, ?)`

const selectNow = `/* underpin audit */
SELECT UTC_TIMESTAMP(6)`

const selectAudit = `/* underpin audit */
SELECT id, at, actor, ` + "`change`" + `, action, detail, prev, hash
FROM _underpin_audit
WHERE id > ?
ORDER BY id
LIMIT 1000`

// hash covers every field but the hash itself. Each field is preceded by its
// length, so that no two entries have the same text.
func (e Entry) hash() string {
	h := sha256.New()
	for _, field := range []string{
		fmt.Sprint(e.ID), e.At.UTC().Format("2006-01-02T15:04:05.000000Z"), e.Actor, e.Change, e.Action, string(e.Detail), e.Prev,
	} {
		fmt.Fprintf(h, "%d:%s", len(field), field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Audit appends an entry. tx has to be a transaction, so that the entry and
// what it tells of become durable together; concurrent writers wait for each
// other on the last row. detail is stored as JSON.
func Audit(ctx context.Context, tx mysqlx.Querier, actor, change, action string, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	e := Entry{Actor: actor, Change: change, Action: action, Detail: text}
	var last uint64
	err = tx.QueryRowContext(ctx, lastAudit).Scan(&last, &e.Prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("audit %s: read the last entry: %w", action, err)
	}
	if err := tx.QueryRowContext(ctx, selectNow).Scan(&e.At); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	e.ID = last + 1
	e.Hash = e.hash()
	_, err = tx.ExecContext(ctx, insertAudit, e.ID, e.At, e.Actor, e.Change, e.Action, string(e.Detail), e.Prev, e.Hash)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}

// AuditAfter returns up to 1000 entries with an id above after, in order.
func AuditAfter(ctx context.Context, db mysqlx.Querier, after uint64) ([]Entry, error) {
	return collect(ctx, db, "read the audit", scanEntry, selectAudit, after)
}

func scanEntry(rows *sql.Rows) (Entry, error) {
	var e Entry
	var detail []byte
	err := rows.Scan(&e.ID, &e.At, &e.Actor, &e.Change, &e.Action, &detail, &e.Prev, &e.Hash)
	e.Detail = detail
	return e, err
}

// ErrAuditBroken says that the chain of hashes does not hold: an entry was
// changed, removed or put in between.
var ErrAuditBroken = errors.New("the audit's chain is broken")

// CheckChain checks that entries follow prev (the zero Entry before the first)
// and each other, and returns the last. The chain shows that entries were
// changed by somebody who did not rewrite all that follow; keep the last hash
// elsewhere to see the rest.
func CheckChain(prev Entry, entries []Entry) (Entry, error) {
	for _, e := range entries {
		switch {
		case e.ID != prev.ID+1:
			return prev, fmt.Errorf("%w: entry %d follows entry %d", ErrAuditBroken, e.ID, prev.ID)
		case e.Prev != prev.Hash:
			return prev, fmt.Errorf("%w: entry %d does not carry the hash of entry %d", ErrAuditBroken, e.ID, prev.ID)
		case e.Hash != e.hash():
			return prev, fmt.Errorf("%w: entry %d does not match its own hash", ErrAuditBroken, e.ID)
		}
		prev = e
	}
	return prev, nil
}
