package control

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Release is what a release was last seen to declare.
type Release struct {
	LastSeen time.Time // when an instance of it last announced itself, the server's time
	Declares map[string]migrate.Capability
}

// A release that declares nothing is known too: its row has no change.
const putRelease = `/* underpin announce */
INSERT INTO _underpin_release
  (service, ` + "`release`, `change`" + `, writes, modes, last_seen)
VALUES
  (?, ?, ?, ?, ?, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE
  writes = VALUES(writes),
  modes = VALUES(modes),
  last_seen = VALUES(last_seen)`

const selectReleaseChanges = `/* underpin announce */
SELECT ` + "`change`" + `
FROM _underpin_release
WHERE service = ?
  AND ` + "`release`" + ` = ?`

const deleteRelease = `/* underpin announce */
DELETE FROM _underpin_release
WHERE service = ?
  AND ` + "`release`" + ` = ?
  AND ` + "`change`" + ` = ?`

const selectRelease = `/* underpin fleet */
SELECT ` + "`change`" + `, writes, modes, last_seen
FROM _underpin_release
WHERE service = ?
  AND ` + "`release`" + ` = ?`

// PutRelease replaces what a release was last seen to declare. tx has to be a
// transaction; instances of one release that announce themselves at once wait
// for each other on the row without a change, which comes first. As in
// [PutSupports], rows are deleted by whole keys only.
func PutRelease(ctx context.Context, tx mysqlx.Querier, service, release string, supports []Support) error {
	if _, err := tx.ExecContext(ctx, putRelease, service, release, "", "", ""); err != nil {
		return fmt.Errorf("record release %s of %s: %w", release, service, err)
	}
	surplus, err := collect(ctx, tx, "read release "+release, scanText, selectReleaseChanges, service, release)
	if err != nil {
		return err
	}
	surplus = slices.DeleteFunc(surplus, func(name string) bool { return name == "" })
	for _, s := range supports {
		_, err := tx.ExecContext(ctx, putRelease, service, release, s.Change, string(s.Capability.Writes), modesText(s.Capability.Modes))
		if err != nil {
			return fmt.Errorf("record what release %s of %s declares for %s: %w", release, service, s.Change, err)
		}
		surplus = slices.DeleteFunc(surplus, func(name string) bool { return name == s.Change })
	}
	for _, name := range surplus {
		if _, err := tx.ExecContext(ctx, deleteRelease, service, release, name); err != nil {
			return fmt.Errorf("remove what release %s of %s declared for %s: %w", release, service, name, err)
		}
	}
	return nil
}

// GetRelease returns what a release was last seen to declare; ok is false where
// none of its instances ever announced itself.
func GetRelease(ctx context.Context, db mysqlx.Querier, service, release string) (r Release, ok bool, err error) {
	r.Declares = map[string]migrate.Capability{}
	_, err = collect(ctx, db, "read release "+release, func(rows *sql.Rows) (struct{}, error) {
		var change, writes, modes string
		var seen time.Time
		if err := rows.Scan(&change, &writes, &modes, &seen); err != nil {
			return struct{}{}, err
		}
		ok = true
		if seen.After(r.LastSeen) {
			r.LastSeen = seen
		}
		if change != "" {
			r.Declares[change] = parseCapability(writes, modes)
		}
		return struct{}{}, nil
	}, selectRelease, service, release)
	return r, ok, err
}

// Now returns the server's time.
func Now(ctx context.Context, db mysqlx.Querier) (time.Time, error) {
	var now time.Time
	if err := db.QueryRowContext(ctx, selectNow).Scan(&now); err != nil {
		return now, fmt.Errorf("read the server's time: %w", err)
	}
	return now, nil
}
