package control

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// expectOne turns a compare-and-set that matched nothing into ErrLost. Every
// such statement changes what it matches (an epoch, a token or a lease), so the
// count is right whether the connection counts matched or changed rows.
func expectOne(res sql.Result, what string, args ...any) error {
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf(what+": %w", append(args, err)...)
	}
	if n != 1 {
		return fmt.Errorf(what+": %w", append(args, ErrLost)...)
	}
	return nil
}

// collect runs a query and gathers its rows.
func collect[T any](ctx context.Context, db mysqlx.Querier, what string, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}
