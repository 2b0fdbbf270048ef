package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Fencer holds the statements about one change with its name in them as a
// literal. A placeholder would cost an application whose pool does not
// interpolate three round trips where one does. It is immutable and safe for
// concurrent use.
type Fencer struct{ name, fence, short, epoch, setting, plan string }

// validName is what a change's name may be made of. None of it needs escaping,
// under any sql_mode.
var validName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// ErrBadName says that a text cannot name a change.
var ErrBadName = errors.New("no name of a change: use up to 64 of A-Z a-z 0-9 _ . -")

const fencerWhere = `
FROM _underpin_change
WHERE name = '%s'`

const fencerFence = `/* underpin fence */
SELECT ` + settingColumns + `, @@SESSION.sql_mode` + fencerWhere + `
LOCK IN SHARE MODE`

// fencerStrict is more than zero where either strict mode is on. A session's
// whole sql_mode takes the servers as long to print as the row takes to read.
const fencerStrict = `INSTR(@@SESSION.sql_mode, 'STRICT')`

const fencerShort = `/* underpin fence */
SELECT epoch, ` + fencerStrict + ` > 0` + fencerWhere + `
LOCK IN SHARE MODE`

const fencerSetting = `/* underpin control */
SELECT plan_hash, ` + settingColumns + fencerWhere

const fencerPlan = `/* underpin control */
SELECT plan_hash, spec` + fencerWhere + `
LOCK IN SHARE MODE`

const fencerEpoch = `(
    SELECT epoch` + fencerWhere + `
    LOCK IN SHARE MODE
  )`

// The look at sql_mode stands outside the subquery, which both servers would
// otherwise run again for every row. Both join the IN to a statement that joins
// tables anyway, which costs MariaDB a third less than a subquery; to the UPDATE
// of one table MariaDB does not join it, and the other form is the cheaper one.
// What is joined is locked all the same.
const (
	riderOfOne = fencerStrict + `
  AND %[1]s = %[2]d`
	riderOfJoin = fencerStrict + `
  AND %[2]d IN %[1]s`
)

// Rider returns the fence as a condition for a statement that writes for a change
// of that kind: it holds if the change is at that epoch and the session is
// strict. A statement that changed anything has therefore taken the fence, and
// acted under that epoch; one that changed nothing says nothing.
func (f Fencer) Rider(epoch uint64, kind migrate.Kind) string {
	rider := riderOfJoin
	if kind == migrate.ColumnChange {
		rider = riderOfOne
	}
	return fmt.Sprintf(rider, f.epoch, epoch)
}

// NewFencer returns the fencer of a change, or [ErrBadName].
func NewFencer(name string) (Fencer, error) {
	if !validName.MatchString(name) {
		return Fencer{}, fmt.Errorf("%w: %q", ErrBadName, name)
	}
	render := func(statement string) string { return fmt.Sprintf(statement, name) }
	return Fencer{name, render(fencerFence), render(fencerShort), render(fencerEpoch), render(fencerSetting), render(fencerPlan)}, nil
}

// Fence is [Fence] in one round trip.
func (f Fencer) Fence(ctx context.Context, tx mysqlx.Querier) (Fenced, error) {
	var out Fenced
	var err error
	out.Setting, err = scanSetting(tx.QueryRowContext(ctx, f.fence), nil, &out.SQLMode)
	return out, f.explain("fence of", err)
}

// Epoch takes the fence as Fence does and returns the epoch alone: enough for
// somebody who knows the setting of that epoch, and cheaper. strict says whether
// the session refuses values that do not fit.
func (f Fencer) Epoch(ctx context.Context, tx mysqlx.Querier) (epoch uint64, strict bool, err error) {
	err = tx.QueryRowContext(ctx, f.short).Scan(&epoch, &strict)
	return epoch, strict, f.explain("fence of", err)
}

// Setting is [Setting] in one round trip, together with the hash of the plan.
func (f Fencer) Setting(ctx context.Context, db mysqlx.Querier) (s migrate.Setting, planHash string, err error) {
	s, err = scanSetting(db.QueryRowContext(ctx, f.setting), []any{&planHash})
	return s, planHash, f.explain("read the setting of", err)
}

// Plan returns the recorded plan and its hash, both empty where none is. It is
// a locking read, so that inside a transaction that holds the fence it sees
// what the fence saw, whatever snapshot the transaction has.
func (f Fencer) Plan(ctx context.Context, db mysqlx.Querier) (hash string, spec []byte, err error) {
	err = db.QueryRowContext(ctx, f.plan).Scan(&hash, &spec)
	return hash, spec, f.explain("read the plan of", err)
}

func (f Fencer) explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w: %s", ErrNoChange, f.name)
	}
	return fmt.Errorf("%s change %s: %w", what, f.name, err)
}
