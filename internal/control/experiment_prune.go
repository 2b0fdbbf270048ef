package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Window are the events of some metrics in a time, both ends included.
type Window struct {
	Metrics  []string
	From, To time.Time
}

// Events is the size of a set of events: all of it, and what no window covers.
type Events struct{ All, Free uint64 }

const settleExperiment = `/* underpin experiment */
UPDATE _underpin_experiment
SET spec = ?,
    version = version + 1
WHERE id = ?
  AND version = ?
  AND stopped_at IS NOT NULL`

const selectTimeBefore = `/* underpin experiment */
SELECT UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND`

const endOfChunk = `/* underpin experiment */
SELECT at
FROM _underpin_event
WHERE at > ?
  AND at <= ?
ORDER BY at
LIMIT 1 OFFSET ?`

const countEvents = `/* underpin experiment */
SELECT COUNT(*)
FROM _underpin_event
WHERE at > ?
  AND at <= ?`

const deleteEvents = `/* underpin experiment */
DELETE FROM _underpin_event
WHERE at > ?
  AND at <= ?`

// The order is that of the index by time, whose entries end with the primary key:
// nothing is sorted, and a replica that runs the statement deletes the same rows.
const firstEvents = `
ORDER BY at, metric, unit, event
LIMIT ?`

// SettleExperiment stores Spec of an experiment that is over by compare-and-set on
// Version. [ErrLost] says that it has changed.
func SettleExperiment(ctx context.Context, tx mysqlx.Querier, e Experiment) error {
	res, err := tx.ExecContext(ctx, settleExperiment, e.Spec, e.ID, e.Version)
	if err != nil {
		return fmt.Errorf("settle experiment %s: %w", e.Name, err)
	}
	return expectOne(res, "settle experiment %s at version %d", e.Name, e.Version)
}

// TimeBefore returns the server's time that long ago, in UTC.
func TimeBefore(ctx context.Context, db mysqlx.Querier, d time.Duration) (time.Time, error) {
	var at time.Time
	if err := db.QueryRowContext(ctx, selectTimeBefore, d.Microseconds()).Scan(&at); err != nil {
		return at, fmt.Errorf("read the server's time: %w", err)
	}
	return at, nil
}

// EndOfChunk returns the time up to which, counted from after that time on, there
// are n events or a few more; last where there are fewer.
func EndOfChunk(ctx context.Context, db mysqlx.Querier, after, last time.Time, n int) (time.Time, error) {
	var at time.Time
	err := db.QueryRowContext(ctx, endOfChunk, after, last, n-1).Scan(&at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return last, nil
	case err != nil:
		return at, fmt.Errorf("walk the events: %w", err)
	}
	return at, nil
}

// CountEvents counts the events after a time, up to another one.
func CountEvents(ctx context.Context, db mysqlx.Querier, after, to time.Time, keep []Window) (Events, error) {
	var e Events
	if err := db.QueryRowContext(ctx, countEvents, after, to).Scan(&e.All); err != nil {
		return e, fmt.Errorf("count events: %w", err)
	}
	where, args := outside(keep)
	if err := db.QueryRowContext(ctx, countEvents+where, append([]any{after, to}, args...)...).Scan(&e.Free); err != nil {
		return e, fmt.Errorf("count events: %w", err)
	}
	return e, nil
}

// DeleteEvents deletes events after a time, up to another one, that no window
// covers, n of them at most, and returns how many.
func DeleteEvents(ctx context.Context, db mysqlx.Querier, after, to time.Time, keep []Window, n int) (uint64, error) {
	where, args := outside(keep)
	args = append(append([]any{after, to}, args...), n)
	res, err := db.ExecContext(ctx, deleteEvents+where+firstEvents, args...)
	if err != nil {
		return 0, fmt.Errorf("delete events up to %s: %w", to.UTC().Format(time.RFC3339), err)
	}
	gone, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("delete events up to %s: %w", to.UTC().Format(time.RFC3339), err)
	}
	return uint64(max(gone, 0)), nil
}

// outside is the condition that no window covers an event. It is wrapped so that
// the server has one way to find the rows, which is by time: windows name metrics,
// and the primary key begins with one.
func outside(keep []Window) (where string, args []any) {
	for _, w := range keep {
		if len(w.Metrics) == 0 {
			continue
		}
		where += "\n  AND COALESCE(metric IN (" + placeholders("?", len(w.Metrics)) + ") AND at >= ? AND at <= ?, 0) = 0"
		for _, m := range w.Metrics {
			args = append(args, m)
		}
		args = append(args, w.From, w.To)
	}
	return where, args
}
