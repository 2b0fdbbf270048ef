package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Errors about experiments.
var (
	// ErrNoExperiment says that the database knows no experiment of that name.
	ErrNoExperiment = errors.New("no such experiment")
	// ErrExperimentExists says that the name is used, by an experiment that runs
	// or has run.
	ErrExperimentExists = errors.New("an experiment has that name already")
)

// Experiment is the control row of an experiment.
type Experiment struct {
	ID         uint32
	Name       string
	Flag       string
	Version    uint64 // raised by every change
	Generation uint32 // raised by a change of the weights
	Spec       []byte // JSON
	Started    time.Time
	Stopped    *time.Time // nil while it runs
}

const experimentColumns = "id, name, flag, version, generation, spec, started_at, stopped_at"

const insertExperiment = `/* underpin experiment */
INSERT INTO _underpin_experiment
  (name, flag, version, generation, spec, started_at)
VALUES
  (?, ?, 1, 1, ?, UTC_TIMESTAMP(6))`

const updateExperiment = `/* underpin experiment */
UPDATE _underpin_experiment
SET spec = ?,
    generation = ?,
    version = version + 1
WHERE id = ?
  AND version = ?
  AND stopped_at IS NULL`

const stopExperiment = `/* underpin experiment */
UPDATE _underpin_experiment
SET stopped_at = UTC_TIMESTAMP(6),
    version = version + 1
WHERE id = ?
  AND version = ?
  AND stopped_at IS NULL`

const selectExperiment = `/* underpin experiment */
SELECT ` + experimentColumns + `
FROM _underpin_experiment
WHERE name = ?`

const selectExperiments = `/* underpin experiment */
SELECT ` + experimentColumns + `
FROM _underpin_experiment
ORDER BY name`

const lockExperiments = `/* underpin experiment */
SELECT ` + experimentColumns + `
FROM _underpin_experiment
FOR UPDATE`

// What an application reads has no times in it: its pool may not parse them.
const selectRunning = `/* underpin experiment */
SELECT id, name, flag, version, generation, spec
FROM _underpin_experiment
WHERE stopped_at IS NULL
ORDER BY id`

const sumVersions = `/* underpin experiment */
SELECT CAST(COALESCE(SUM(version), 0) AS UNSIGNED)
FROM _underpin_experiment`

func scanExperiment(row scanner) (Experiment, error) {
	var e Experiment
	var stopped sql.NullTime
	err := row.Scan(&e.ID, &e.Name, &e.Flag, &e.Version, &e.Generation, &e.Spec, &e.Started, &stopped)
	if stopped.Valid {
		e.Stopped = &stopped.Time
	}
	return e, err
}

func scanExperimentRow(rows *sql.Rows) (Experiment, error) { return scanExperiment(rows) }

// AddExperiment records a new experiment, which runs from now on. Only Name,
// Flag and Spec of e count. A name that is used is [ErrExperimentExists].
func AddExperiment(ctx context.Context, tx mysqlx.Querier, e Experiment) error {
	_, err := tx.ExecContext(ctx, insertExperiment, e.Name, e.Flag, e.Spec)
	switch mysqlx.Classify(err) {
	case mysqlx.ClassNone:
		return nil
	case mysqlx.ClassDuplicate:
		return fmt.Errorf("%w: %s", ErrExperimentExists, e.Name)
	}
	return fmt.Errorf("start experiment %s: %w", e.Name, err)
}

// UpdateExperiment stores Spec and Generation of a running experiment by
// compare-and-set on Version. [ErrLost] says that it has changed or stopped.
func UpdateExperiment(ctx context.Context, tx mysqlx.Querier, e Experiment) error {
	res, err := tx.ExecContext(ctx, updateExperiment, e.Spec, e.Generation, e.ID, e.Version)
	if err != nil {
		return fmt.Errorf("change experiment %s: %w", e.Name, err)
	}
	return expectOne(res, "change experiment %s at version %d", e.Name, e.Version)
}

// StopExperiment stops a running experiment by compare-and-set on Version.
// [ErrLost] says that it has changed or stopped.
func StopExperiment(ctx context.Context, tx mysqlx.Querier, e Experiment) error {
	res, err := tx.ExecContext(ctx, stopExperiment, e.ID, e.Version)
	if err != nil {
		return fmt.Errorf("stop experiment %s: %w", e.Name, err)
	}
	return expectOne(res, "stop experiment %s at version %d", e.Name, e.Version)
}

// GetExperiment returns an experiment, or [ErrNoExperiment].
func GetExperiment(ctx context.Context, db mysqlx.Querier, name string) (Experiment, error) {
	e, err := scanExperiment(db.QueryRowContext(ctx, selectExperiment, name))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return e, fmt.Errorf("%w: %s", ErrNoExperiment, name)
	case err != nil:
		return e, fmt.Errorf("read experiment %s: %w", name, err)
	}
	return e, nil
}

// ListExperiments returns all experiments, by name.
func ListExperiments(ctx context.Context, db mysqlx.Querier) ([]Experiment, error) {
	return collect(ctx, db, "list experiments", scanExperimentRow, selectExperiments)
}

// LockExperiments returns all experiments and keeps everybody else from adding
// or changing one until the transaction ends. tx has to be a REPEATABLE READ
// transaction.
func LockExperiments(ctx context.Context, tx mysqlx.Querier) ([]Experiment, error) {
	return collect(ctx, tx, "lock the experiments", scanExperimentRow, lockExperiments)
}

// RunningExperiments returns the experiments that run, without their times.
func RunningExperiments(ctx context.Context, db mysqlx.Querier) ([]Experiment, error) {
	return collect(ctx, db, "read the running experiments", func(rows *sql.Rows) (Experiment, error) {
		var e Experiment
		err := rows.Scan(&e.ID, &e.Name, &e.Flag, &e.Version, &e.Generation, &e.Spec)
		return e, err
	}, selectRunning)
}

// ExperimentsVersion returns a number that rises with every change of any
// experiment.
func ExperimentsVersion(ctx context.Context, db mysqlx.Querier) (uint64, error) {
	var n uint64
	if err := db.QueryRowContext(ctx, sumVersions).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the version of the experiments: %w", err)
	}
	return n, nil
}
