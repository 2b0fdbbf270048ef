package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Controller is who drives a change.
type Controller struct {
	Owner     string
	Token     uint64
	Left      time.Duration // of its lease; negative once it has run out
	Paused    bool
	PausedWhy string
}

const insertController = `/* underpin controller */
INSERT IGNORE INTO _underpin_controller
  (` + "`change`" + `, token, lease_until)
VALUES
  (?, 0, '1970-01-02')`

// takeController succeeds for the owner of a lease and for anybody once it has
// run out. The token rises every time.
const takeController = `/* underpin controller */
UPDATE _underpin_controller
SET owner = ?,
    token = token + 1,
    lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
WHERE ` + "`change`" + ` = ?
  AND token = ?
  AND lease_until < UTC_TIMESTAMP(6)`

const renewController = `/* underpin controller */
UPDATE _underpin_controller
SET lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
WHERE ` + "`change`" + ` = ?
  AND token = ?`

// releaseController raises the token as well: a renewal that its sender has given
// up may reach the server after it, and must not bring the lease back.
const releaseController = `/* underpin controller */
UPDATE _underpin_controller
SET token = token + 1,
    lease_until = '1970-01-02',
    owner = ''
WHERE ` + "`change`" + ` = ?
  AND token = ?`

const lockController = `/* underpin controller */
SELECT token
FROM _underpin_controller
WHERE ` + "`change`" + ` = ?
FOR UPDATE`

const selectController = `/* underpin controller */
SELECT owner, token, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), lease_until), paused, paused_why
FROM _underpin_controller
WHERE ` + "`change`" + ` = ?`

const pauseController = `/* underpin controller */
INSERT INTO _underpin_controller
  (` + "`change`" + `, token, lease_until, paused, paused_why)
VALUES
  (?, 0, '1970-01-02', ?, ?)
ON DUPLICATE KEY UPDATE
  paused = VALUES(paused),
  paused_why = VALUES(paused_why)`

// HeldError says that another controller drives the change.
type HeldError struct {
	Change, Owner string
	Left          time.Duration // until its lease runs out if it stays silent
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("change %s is driven by %s, whose lease runs for another %s: wait for it, or stop it",
		e.Change, e.Owner, e.Left.Round(100*time.Millisecond))
}

// GetController returns who drives a change; the zero Controller if nobody
// ever has.
func GetController(ctx context.Context, db mysqlx.Querier, change string) (Controller, error) {
	var c Controller
	var micros int64
	err := db.QueryRowContext(ctx, selectController, change).Scan(&c.Owner, &c.Token, &micros, &c.Paused, &c.PausedWhy)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("read the controller of %s: %w", change, err)
	}
	c.Left = time.Duration(micros) * time.Microsecond
	return c, nil
}

// TakeController makes owner the controller for the length of a lease, and
// returns the token that every transition has to show. A [*HeldError] names the
// present one.
func TakeController(ctx context.Context, db mysqlx.Querier, change, owner string, lease time.Duration) (token uint64, err error) {
	if _, err := db.ExecContext(ctx, insertController, change); err != nil {
		return 0, fmt.Errorf("take control of %s: %w", change, err)
	}
	c, err := GetController(ctx, db, change)
	if err != nil {
		return 0, err
	}
	if c.Left > 0 {
		return 0, &HeldError{change, c.Owner, c.Left}
	}
	res, err := db.ExecContext(ctx, takeController, owner, lease.Microseconds(), change, c.Token)
	if err != nil {
		return 0, fmt.Errorf("take control of %s: %w", change, err)
	}
	if err := expectOne(res, "take control of %s", change); err != nil {
		return 0, err
	}
	return c.Token + 1, nil
}

// RenewController prolongs the lease; [ErrLost] says that somebody else has
// taken over.
func RenewController(ctx context.Context, db mysqlx.Querier, change string, token uint64, lease time.Duration) error {
	if _, err := db.ExecContext(ctx, renewController, lease.Microseconds(), change, token); err != nil {
		return fmt.Errorf("renew control of %s: %w", change, err)
	}
	c, err := GetController(ctx, db, change)
	if err != nil {
		return err
	}
	return sameToken(change, c.Token, token)
}

// ConfirmController locks the controller's row for the rest of the transaction
// tx and returns [ErrLost] if the token is no longer the present one. A
// transition does this in its own transaction, so that a controller that was
// paused and replaced cannot record anything.
func ConfirmController(ctx context.Context, tx mysqlx.Querier, change string, token uint64) error {
	var have uint64
	if err := tx.QueryRowContext(ctx, lockController, change).Scan(&have); err != nil {
		return fmt.Errorf("confirm control of %s: %w", change, err)
	}
	return sameToken(change, have, token)
}

func sameToken(change string, have, want uint64) error {
	if have != want {
		return fmt.Errorf("control of %s has passed on: %w", change, ErrLost)
	}
	return nil
}

// ReleaseController gives the lease up at once, if the token still holds it.
func ReleaseController(ctx context.Context, db mysqlx.Querier, change string, token uint64) error {
	if _, err := db.ExecContext(ctx, releaseController, change, token); err != nil {
		return fmt.Errorf("release control of %s: %w", change, err)
	}
	return nil
}

// SetPaused pauses a change (why says the reason) or resumes it (why is
// empty). The engine makes no transition while a change is paused, and backfill
// workers stop after their chunk.
func SetPaused(ctx context.Context, db mysqlx.Querier, change, why string) error {
	if _, err := db.ExecContext(ctx, pauseController, change, why != "", why); err != nil {
		return fmt.Errorf("pause or resume %s: %w", change, err)
	}
	return nil
}
