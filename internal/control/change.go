package control

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

var errNoRows = sql.ErrNoRows

// ErrNoChange says that the database knows no change of that name.
var ErrNoChange = errors.New("no such change")

// Change is the control row of a change.
type Change struct {
	Name     string
	Service  string
	Setting  migrate.Setting
	PlanHash string        // empty until a plan is recorded
	Spec     []byte        // the plan as JSON, nil until one is recorded
	Since    time.Time     // when the phase and ramp were entered, the server's time
	Age      time.Duration // how long ago that was, by the server's clock
}

// Declared returns the change as the recorded plan declares it; where none is
// recorded, a Mapped one with its name alone.
func (c Change) Declared() (migrate.Change, error) {
	spec := struct {
		Change migrate.Change `json:"change"`
	}{migrate.Change{Name: c.Name, Service: c.Service}}
	if len(c.Spec) == 0 {
		return spec.Change, nil
	}
	if err := json.Unmarshal(c.Spec, &spec); err != nil {
		return spec.Change, fmt.Errorf("read the recorded plan of change %s: %w", c.Name, err)
	}
	_, err := migrate.ParseCourse(string(spec.Change.Course))
	return spec.Change, err
}

// Course returns the course of the recorded plan; Mapped where none is
// recorded.
func (c Change) Course() (migrate.Course, error) {
	declared, err := c.Declared()
	return declared.Course, err
}

const settingColumns = "phase, mode, epoch, ramp, rule, target_stale"

const selectChange = `/* underpin control */
SELECT name, service, plan_hash, spec, since,
  TIMESTAMPDIFF(MICROSECOND, since, UTC_TIMESTAMP(6)), ` + settingColumns + `
FROM _underpin_change
WHERE name = ?`

const selectChanges = `/* underpin control */
SELECT name, service, plan_hash, spec, since,
  TIMESTAMPDIFF(MICROSECOND, since, UTC_TIMESTAMP(6)), ` + settingColumns + `
FROM _underpin_change
ORDER BY name`

// insertChange makes the row that a fence can lock. It is what the library
// does when it announces a change that nobody has planned yet: a fence on a row
// that is not there locks nothing, and a transaction begun then would be
// invisible to the transitions that follow.
const insertChange = `/* underpin control */
INSERT IGNORE INTO _underpin_change
  (name, service, phase, mode, epoch, ramp, rule, target_stale, since)
VALUES
  (?, ?, ?, ?, 0, 0, ?, 0, UTC_TIMESTAMP(6))`

// fence is the locking read that every write of the library begins with. Its
// spelling works on MySQL and MariaDB. The session's mode comes along because a
// mirror in a session that truncates silently would lose data silently.
const fence = `/* underpin fence */
SELECT ` + settingColumns + `, @@SESSION.sql_mode
FROM _underpin_change
WHERE name = ?
LOCK IN SHARE MODE`

const selectSetting = `/* underpin control */
SELECT ` + settingColumns + `
FROM _underpin_change
WHERE name = ?`

const updateSetting = `/* underpin transition */
UPDATE _underpin_change
SET phase = ?,
    mode = ?,
    epoch = ?,
    ramp = ?,
    rule = ?,
    target_stale = ?,
    since = UTC_TIMESTAMP(6)
WHERE name = ?
  AND epoch = ?`

const updateSpec = `/* underpin plan */
UPDATE _underpin_change
SET service = ?,
    plan_hash = ?,
    spec = ?,
    epoch = epoch + 1
WHERE name = ?
  AND epoch = ?
  AND phase = 'planned'`

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// scanSetting scans the setting's columns after those in before.
func scanSetting(row scanner, before []any, after ...any) (migrate.Setting, error) {
	var s migrate.Setting
	var phase, mode, rule string
	var stale bool
	dest := slices.Concat(before, []any{&phase, &mode, &s.Epoch, &s.Ramp, &rule, &stale})
	if err := row.Scan(append(dest, after...)...); err != nil {
		return s, err
	}
	var errs [3]error
	s.Phase, errs[0] = migrate.ParsePhase(phase)
	s.Mode, errs[1] = migrate.ParseMode(mode)
	s.Rule, errs[2] = migrate.ParseStepRule(rule)
	if stale {
		s.TargetStale = migrate.Yes
	}
	return s, errors.Join(errs[:]...)
}

func scanChange(row scanner) (Change, error) {
	var c Change
	var micros int64
	var err error
	c.Setting, err = scanSetting(row, []any{&c.Name, &c.Service, &c.PlanHash, &c.Spec, &c.Since, &micros})
	c.Age = time.Duration(micros) * time.Microsecond
	return c, err
}

// Get returns the control row of a change, or [ErrNoChange].
func Get(ctx context.Context, db mysqlx.Querier, name string) (Change, error) {
	c, err := scanChange(db.QueryRowContext(ctx, selectChange, name))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("%w: %s", ErrNoChange, name)
	}
	if err != nil {
		return c, fmt.Errorf("read change %s: %w", name, err)
	}
	return c, nil
}

// List returns the control rows of all changes, by name.
func List(ctx context.Context, db mysqlx.Querier) ([]Change, error) {
	return collect(ctx, db, "list changes", func(rows *sql.Rows) (Change, error) { return scanChange(rows) }, selectChanges)
}

// Register makes sure that the change has a row to fence on. It changes
// nothing where there is one.
func Register(ctx context.Context, db mysqlx.Querier, name, service string) error {
	s := migrate.Initial()
	_, err := db.ExecContext(ctx, insertChange, name, service, string(s.Phase), s.Mode.String(), string(s.Rule))
	if err != nil {
		return fmt.Errorf("register change %s: %w", name, err)
	}
	return nil
}

// Fenced is what a fence read.
type Fenced struct {
	Setting migrate.Setting
	SQLMode string // of the session
}

// Fence takes the shared lock on the change's row and returns what it says.
// tx has to be a transaction, and the call its first statement. From then on
// until the transaction ends no transition can happen. Returns [ErrNoChange] if
// there is no row, in which case nothing is locked.
func Fence(ctx context.Context, tx mysqlx.Querier, name string) (Fenced, error) {
	var f Fenced
	var err error
	f.Setting, err = scanSetting(tx.QueryRowContext(ctx, fence, name), nil, &f.SQLMode)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("%w: %s", ErrNoChange, name)
	}
	if err != nil {
		return f, fmt.Errorf("fence of change %s: %w", name, err)
	}
	return f, nil
}

// Setting returns what the row says, without a lock.
func Setting(ctx context.Context, db mysqlx.Querier, name string) (migrate.Setting, error) {
	s, err := scanSetting(db.QueryRowContext(ctx, selectSetting, name), nil)
	if errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("%w: %s", ErrNoChange, name)
	}
	if err != nil {
		return s, fmt.Errorf("read the setting of change %s: %w", name, err)
	}
	return s, nil
}

// Transit replaces the setting, by compare-and-set on the epoch: next.Epoch has
// to be from's plus one. It waits for every transaction that holds the fence,
// as long as innodb_lock_wait_timeout lets it, and returns [ErrLost] if the
// epoch is no longer from's.
func Transit(ctx context.Context, tx mysqlx.Querier, name string, from, next migrate.Setting) error {
	if next.Epoch != from.Epoch+1 {
		return fmt.Errorf("transition of %s from epoch %d to %d: epochs rise by one", name, from.Epoch, next.Epoch)
	}
	res, err := tx.ExecContext(ctx, updateSetting, string(next.Phase), next.Mode.String(), next.Epoch, next.Ramp,
		string(next.Rule), next.TargetStale == migrate.Yes, name, from.Epoch)
	if err != nil {
		return fmt.Errorf("transition of %s to %s: %w", name, next.Phase, err)
	}
	return expectOne(res, "transition of %s from epoch %d", name, from.Epoch)
}

// RecordPlan stores the plan of a change that is still planned, by
// compare-and-set on the epoch, which it raises. [ErrLost] says that the change
// has moved on.
func RecordPlan(ctx context.Context, tx mysqlx.Querier, c Change) error {
	res, err := tx.ExecContext(ctx, updateSpec, c.Service, c.PlanHash, c.Spec, c.Name, c.Setting.Epoch)
	if err != nil {
		return fmt.Errorf("record the plan of %s: %w", c.Name, err)
	}
	return expectOne(res, "record the plan of %s at epoch %d", c.Name, c.Setting.Epoch)
}
