package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Instance is the row of one running process of the application.
type Instance struct {
	ID      string
	Service string
	Release string
	Host    string // as the process names its machine
	PID     uint64
	User    string         // user@host as the server sees it; set by the server
	Tagged  migrate.Choice // its connections carry ID as an attribute
	Started time.Time      // the server's time
	Left    time.Duration  // of its lease; negative once it has run out
}

// Live reports whether the lease had not run out when the row was read.
func (i Instance) Live() bool { return i.Left >= 0 }

// fenceAll locks every change in the order of their names. Under REPEATABLE
// READ it also keeps new ones from being registered until the transaction ends.
const fenceAll = `/* underpin announce */
SELECT name, service, ` + settingColumns + `
FROM _underpin_change
ORDER BY name
LOCK IN SHARE MODE`

const fenceService = `/* underpin fleet */
SELECT service
FROM _underpin_change
WHERE name = ?
LOCK IN SHARE MODE`

const putInstance = `/* underpin announce */
INSERT INTO _underpin_instance
  (id, service, ` + "`release`" + `, host, pid, db_user, tagged, started_at, lease_until)
VALUES
  (?, ?, ?, ?, ?, LEFT(USER(), 255), ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)
ON DUPLICATE KEY UPDATE
  service = VALUES(service),
  ` + "`release` = VALUES(`release`)" + `,
  host = VALUES(host),
  pid = VALUES(pid),
  db_user = VALUES(db_user),
  tagged = VALUES(tagged),
  lease_until = VALUES(lease_until)`

const lockInstance = `/* underpin lease */
SELECT id
FROM _underpin_instance
WHERE id = ?
FOR UPDATE`

const renewInstance = `/* underpin lease */
UPDATE _underpin_instance
SET lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
WHERE id = ?
  AND lease_until >= UTC_TIMESTAMP(6)`

const deleteInstance = `/* underpin leave */
DELETE FROM _underpin_instance
WHERE id = ?`

// lockInstances has no condition on the lease, so that it walks the primary
// key: locks taken along the index of leases would cross those of a renewal,
// which moves its row within that index.
const lockInstances = `/* underpin fleet */
SELECT id, service, ` + "`release`" + `, host, pid, db_user, tagged, started_at,
       TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), lease_until)
FROM _underpin_instance
ORDER BY id
LOCK IN SHARE MODE`

const selectInstances = `/* underpin fleet */
SELECT id, service, ` + "`release`" + `, host, pid, db_user, tagged, started_at,
       TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), lease_until)
FROM _underpin_instance
ORDER BY service, ` + "`release`" + `, host, pid, id`

const selectDead = `/* underpin fleet */
SELECT id
FROM _underpin_instance
WHERE lease_until < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND
ORDER BY id`

const deleteDead = `/* underpin fleet */
DELETE FROM _underpin_instance
WHERE id = ?
  AND lease_until < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND`

// FenceAll takes the shared lock on the row of every change and returns the
// rows by name, without their plans. tx has to be a REPEATABLE READ transaction
// and the call its first statement: until it ends no change of the database can
// make a transition and none can be registered.
func FenceAll(ctx context.Context, tx mysqlx.Querier) ([]Change, error) {
	return collect(ctx, tx, "fence of all changes", func(rows *sql.Rows) (Change, error) {
		var c Change
		var err error
		c.Setting, err = scanSetting(rows, []any{&c.Name, &c.Service})
		return c, err
	}, fenceAll)
}

// FenceService returns the service of a change as a current read under the
// shared lock on its row, or [ErrNoChange].
func FenceService(ctx context.Context, tx mysqlx.Querier, change string) (string, error) {
	var service string
	err := tx.QueryRowContext(ctx, fenceService, change).Scan(&service)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("%w: %s", ErrNoChange, change)
	}
	if err != nil {
		return "", fmt.Errorf("read the service of change %s: %w", change, err)
	}
	return service, nil
}

// PutInstance writes the row of an instance with a lease from now. User,
// Started and Left are the server's to say. An instance that announces itself
// again, after its lease ran out or because it never learned the outcome,
// replaces its own row: the id is random, so nobody else's.
func PutInstance(ctx context.Context, tx mysqlx.Querier, i Instance, lease time.Duration) error {
	_, err := tx.ExecContext(ctx, putInstance, i.ID, i.Service, i.Release, i.Host, i.PID,
		i.Tagged == migrate.Yes, lease.Microseconds())
	if err != nil {
		return fmt.Errorf("record instance %s: %w", i.ID, err)
	}
	return nil
}

// RenewInstance prolongs a lease that has not run out, and else returns
// [ErrLost]. tx has to be a transaction: the row is locked by one statement and
// judged by the next, because a statement that had to wait for the lock still
// carries the time at which it began.
func RenewInstance(ctx context.Context, tx mysqlx.Querier, id string, lease time.Duration) error {
	var found string
	err := tx.QueryRowContext(ctx, lockInstance, id).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("renew instance %s: its row is gone: %w", id, ErrLost)
	}
	if err != nil {
		return fmt.Errorf("renew instance %s: %w", id, err)
	}
	res, err := tx.ExecContext(ctx, renewInstance, lease.Microseconds(), id)
	if err != nil {
		return fmt.Errorf("renew instance %s: %w", id, err)
	}
	return expectOne(res, "renew instance %s", id)
}

// DeleteInstance removes an instance and what it declares. It is no error if
// there is none.
func DeleteInstance(ctx context.Context, tx mysqlx.Querier, id string) error {
	for _, statement := range []string{deleteInstance, deleteSupports} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return fmt.Errorf("remove instance %s: %w", id, err)
		}
	}
	return nil
}

// LockInstances returns every instance, dead ones included, as a current read
// under shared locks, in the order of the ids. Take it before [LockSupports],
// the order in which a renewal takes its locks.
func LockInstances(ctx context.Context, tx mysqlx.Querier) ([]Instance, error) {
	return collect(ctx, tx, "lock the instances", scanInstance, lockInstances)
}

// Instances returns every instance, dead ones included, by service, release
// and host, without locks.
func Instances(ctx context.Context, db mysqlx.Querier) ([]Instance, error) {
	return collect(ctx, db, "list the instances", scanInstance, selectInstances)
}

func scanInstance(rows *sql.Rows) (Instance, error) {
	var i Instance
	var tagged bool
	var micros int64
	err := rows.Scan(&i.ID, &i.Service, &i.Release, &i.Host, &i.PID, &i.User, &tagged, &i.Started, &micros)
	if tagged {
		i.Tagged = migrate.Yes
	}
	i.Left = time.Duration(micros) * time.Microsecond
	return i, err
}

// DeadInstances returns the ids of the instances whose lease ran out longer
// than age ago.
func DeadInstances(ctx context.Context, db mysqlx.Querier, age time.Duration) ([]string, error) {
	return collect(ctx, db, "list dead instances", scanText, selectDead, age.Microseconds())
}

// DeleteDead removes an instance and what it declares if its lease ran out
// longer than age ago, and reports whether it did. tx has to be a transaction.
func DeleteDead(ctx context.Context, tx mysqlx.Querier, id string, age time.Duration) (removed bool, err error) {
	res, err := tx.ExecContext(ctx, deleteDead, id, age.Microseconds())
	if err != nil {
		return false, fmt.Errorf("remove dead instance %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, deleteSupports, id); err != nil {
		return false, fmt.Errorf("remove what dead instance %s declared: %w", id, err)
	}
	return true, nil
}
