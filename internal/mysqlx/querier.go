package mysqlx

import (
	"context"
	"database/sql"
)

var _ Querier = (*Session)(nil)

// ExecContext is [Session.Exec]; it makes a Session a [Querier].
func (s *Session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.Exec(ctx, query, args...)
}

// QueryContext runs a query until its first rows are there, and kills it if ctx
// ends before. Reading on is not watched: it is for results of a few rows; long
// ones are [Session.Query]'s. The rows have to be closed before the session
// runs anything else.
func (s *Session) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = s.during(ctx, func(ctx context.Context) error {
		rows, err = s.conn.QueryContext(ctx, query, args...) //nolint:sqlclosecheck,rowserrcheck // the caller's
		return err
	})
	return rows, err
}

// QueryRowContext runs a query for one row, watched as in QueryContext; its
// error comes with Scan.
func (s *Session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() != nil {
		return s.conn.QueryRowContext(ctx, query, args...) // fails with ctx's error, without a round trip
	}
	var row *sql.Row
	_ = s.during(ctx, func(ctx context.Context) error {
		row = s.conn.QueryRowContext(ctx, query, args...)
		return row.Err()
	})
	return row
}
