package control

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Vouch is an operator's recorded word about connections that the server
// cannot tell apart.
type Vouch struct {
	ID     uint64
	Change string
	User   string // user@host, with % for any text
	Who    string
	Why    string
	Until  time.Time // the server's time, UTC
}

const insertVouch = `/* underpin vouch */
INSERT INTO _underpin_vouch
  (` + "`change`" + `, db_user, who, why, until)
VALUES
  (?, ?, ?, ?, ?)`

const selectVouches = `/* underpin fleet */
SELECT id, ` + "`change`" + `, db_user, who, why, until
FROM _underpin_vouch
WHERE ` + "`change`" + ` = ?
  AND until > UTC_TIMESTAMP(6)
ORDER BY id`

// AddVouch records an operator's word.
func AddVouch(ctx context.Context, tx mysqlx.Querier, v Vouch) error {
	if _, err := tx.ExecContext(ctx, insertVouch, v.Change, v.User, v.Who, v.Why, v.Until.UTC()); err != nil {
		return fmt.Errorf("record a word for %s on change %s: %w", v.User, v.Change, err)
	}
	return nil
}

// Vouches returns the words for a change that have not run out.
func Vouches(ctx context.Context, db mysqlx.Querier, change string) ([]Vouch, error) {
	return collect(ctx, db, "read the words given for "+change, func(rows *sql.Rows) (Vouch, error) {
		var v Vouch
		err := rows.Scan(&v.ID, &v.Change, &v.User, &v.Who, &v.Why, &v.Until)
		return v, err
	}, selectVouches, change)
}
