package backfill

import (
	"context"
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

const selectNumbering = `/* underpin copy */
SELECT @@GLOBAL.innodb_autoinc_lock_mode`

// interleaved is the mode in which statements number rows side by side: the
// default of MySQL since 8.0, and not of MariaDB.
const interleaved = 2

// SuitableWorkers returns how many workers of one process suit a job: two, or
// one where the server lets a single INSERT … SELECT at a time write to a
// table that numbers its rows. There a second worker only waits, and the
// waiting costs more than it brings.
func SuitableWorkers(ctx context.Context, q mysqlx.Querier, c migrate.Change, job Job) (int, error) {
	follower := c.Mapping.Target
	if job == Reverse {
		follower = c.Mapping.Source
	}
	numbers := slices.ContainsFunc(follower.Key, func(k migrate.Column) bool { return k.AutoIncrement })
	if c.Mapping.Kind() != migrate.TableChange || !numbers {
		return 2, nil
	}
	var mode int
	if err := q.QueryRowContext(ctx, selectNumbering).Scan(&mode); err != nil {
		return 0, fmt.Errorf("ask how the server numbers rows: %w", err)
	}
	if mode == interleaved {
		return 2, nil
	}
	return 1, nil
}
