package control

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

const insertStep = `/* underpin step */
INSERT INTO _underpin_step
  (` + "`change`" + `, step, run, detail, done_at)
VALUES
  (?, ?, ?, ?, UTC_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE
  detail = VALUES(detail),
  done_at = VALUES(done_at)`

const selectStep = `/* underpin step */
SELECT detail, done_at
FROM _underpin_step
WHERE ` + "`change`" + ` = ?
  AND step = ?
  AND run = ?`

// StepDone records that a step has had its effect. run is the epoch of the
// visit to the phase in which it was done; a record of another run means
// nothing. Recording it again replaces the detail.
func StepDone(ctx context.Context, db mysqlx.Querier, change, step string, run uint64, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("record step %s of %s: %w", step, change, err)
	}
	if _, err := db.ExecContext(ctx, insertStep, change, step, run, string(text)); err != nil {
		return fmt.Errorf("record step %s of %s: %w", step, change, err)
	}
	return nil
}

// Step reads the record of a step into detail, which may be nil, and returns
// when it was done; ok is false where there is none.
func Step(ctx context.Context, db mysqlx.Querier, change, step string, run uint64, detail any) (at time.Time, ok bool, err error) {
	var text []byte
	err = db.QueryRowContext(ctx, selectStep, change, step, run).Scan(&text, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return at, false, nil
	}
	if err == nil && detail != nil {
		err = json.Unmarshal(text, detail)
	}
	if err != nil {
		return at, false, fmt.Errorf("read step %s of %s: %w", step, change, err)
	}
	return at, true, nil
}
