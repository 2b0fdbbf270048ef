package control

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Progress is how far an instance has come with a change.
type Progress struct {
	Epoch        uint64 // no read begun under an older epoch is left
	ShadowEpoch  uint64 // the epoch that the two counters belong to
	ShadowReads  uint64
	ShadowDiffs  uint64
	ShadowSample string // the key of a differing read, cut to 255 characters
}

// Support is what one instance declares for one change.
type Support struct {
	Instance   string
	Change     string
	Capability migrate.Capability
	Progress   Progress
}

const putSupport = `/* underpin announce */
INSERT INTO _underpin_support
  (instance, ` + "`change`" + `, writes, modes, applied_epoch, shadow_epoch, shadow_reads, shadow_diffs, shadow_sample)
VALUES
  (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
  writes = VALUES(writes),
  modes = VALUES(modes),
  applied_epoch = VALUES(applied_epoch),
  shadow_epoch = VALUES(shadow_epoch),
  shadow_reads = VALUES(shadow_reads),
  shadow_diffs = VALUES(shadow_diffs),
  shadow_sample = VALUES(shadow_sample)`

const selectDeclared = `/* underpin announce */
SELECT ` + "`change`" + `
FROM _underpin_support
WHERE instance = ?`

const deleteSupport = `/* underpin announce */
DELETE FROM _underpin_support
WHERE instance = ?
  AND ` + "`change`" + ` = ?`

// updateSupport never takes an acknowledgement back.
const updateSupport = `/* underpin lease */
UPDATE _underpin_support
SET applied_epoch = GREATEST(applied_epoch, ?),
    shadow_epoch = ?,
    shadow_reads = ?,
    shadow_diffs = ?,
    shadow_sample = ?
WHERE instance = ?
  AND ` + "`change`" + ` = ?`

const deleteSupports = `/* underpin leave */
DELETE FROM _underpin_support
WHERE instance = ?`

const supportColumns = "instance, `change`, writes, modes, applied_epoch, shadow_epoch, shadow_reads, shadow_diffs, shadow_sample"

const lockSupports = `/* underpin fleet */
SELECT ` + supportColumns + `
FROM _underpin_support
WHERE ` + "`change`" + ` = ?
LOCK IN SHARE MODE`

const selectSupports = `/* underpin fleet */
SELECT ` + supportColumns + `
FROM _underpin_support
ORDER BY instance, ` + "`change`"

// PutSupports replaces what an instance declares. tx has to be the transaction
// that wrote the instance's row. It deletes by whole keys only: a range that
// holds no row would be locked as a gap, and processes that start together
// would deadlock on it.
func PutSupports(ctx context.Context, tx mysqlx.Querier, instance string, supports []Support) error {
	surplus, err := collect(ctx, tx, "read what instance "+instance+" declares", scanText, selectDeclared, instance)
	if err != nil {
		return err
	}
	for _, s := range supports {
		surplus = slices.DeleteFunc(surplus, func(name string) bool { return name == s.Change })
	}
	for _, name := range surplus {
		if _, err := tx.ExecContext(ctx, deleteSupport, instance, name); err != nil {
			return fmt.Errorf("remove what instance %s declared for %s: %w", instance, name, err)
		}
	}
	for _, s := range supports {
		p := s.Progress
		_, err := tx.ExecContext(ctx, putSupport, instance, s.Change, string(s.Capability.Writes), modesText(s.Capability.Modes),
			p.Epoch, p.ShadowEpoch, p.ShadowReads, p.ShadowDiffs, cutText(p.ShadowSample, 255))
		if err != nil {
			return fmt.Errorf("record what instance %s declares for %s: %w", instance, s.Change, err)
		}
	}
	return nil
}

// RecordProgress stores how far an instance has come. The acknowledged epoch
// only rises. It is no error if the instance declares no such change.
func RecordProgress(ctx context.Context, tx mysqlx.Querier, instance, change string, p Progress) error {
	_, err := tx.ExecContext(ctx, updateSupport, p.Epoch, p.ShadowEpoch, p.ShadowReads, p.ShadowDiffs,
		cutText(p.ShadowSample, 255), instance, change)
	if err != nil {
		return fmt.Errorf("record the progress of instance %s with %s: %w", instance, change, err)
	}
	return nil
}

// LockSupports returns what every instance declares for a change, as a current
// read under shared locks. Take it after [LockInstances].
func LockSupports(ctx context.Context, tx mysqlx.Querier, change string) ([]Support, error) {
	return collect(ctx, tx, "lock what instances declare for "+change, scanSupport, lockSupports, change)
}

// Supports returns what every instance declares for every change, without
// locks.
func Supports(ctx context.Context, db mysqlx.Querier) ([]Support, error) {
	return collect(ctx, db, "list what instances declare", scanSupport, selectSupports)
}

func scanSupport(rows *sql.Rows) (Support, error) {
	var s Support
	var writes, modes string
	p := &s.Progress
	err := rows.Scan(&s.Instance, &s.Change, &writes, &modes, &p.Epoch, &p.ShadowEpoch, &p.ShadowReads, &p.ShadowDiffs, &p.ShadowSample)
	s.Capability = parseCapability(writes, modes)
	return s, err
}

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}

func modesText(modes []migrate.Mode) string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = m.String()
	}
	return strings.Join(names, ",")
}

// parseCapability leaves out modes that this binary does not know: a newer
// release of the library may declare them, and nothing here asks for them.
func parseCapability(writes, modes string) migrate.Capability {
	c := migrate.Capability{Writes: migrate.Shape(writes)}
	for name := range strings.SplitSeq(modes, ",") {
		if m, err := migrate.ParseMode(name); err == nil {
			c.Modes = append(c.Modes, m)
		}
	}
	return c
}

// cutText returns at most n characters of valid UTF-8: a sample must not make a
// heartbeat fail.
func cutText(text string, n int) string {
	text = strings.ToValidUTF8(text, "�")
	seen := 0
	for i := range text {
		if seen == n {
			return text[:i]
		}
		seen++
	}
	return text
}
