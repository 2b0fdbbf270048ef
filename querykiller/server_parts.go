package querykiller

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// part is one of several queries that are sent together.
type part struct {
	query string
	row   func(*sql.Rows) error
}

// readParts sends the queries in one round trip: on a server whose processors
// are taken every round trip waits for its turn. An error ends it; the parts
// before have been read then.
func readParts(ctx context.Context, conn *sql.Conn, parts ...part) error {
	queries := make([]string, len(parts))
	for i, p := range parts {
		queries[i] = p.query
	}
	rows, err := conn.QueryContext(ctx, strings.Join(queries, ";\n"))
	if err != nil {
		return err
	}
	defer rows.Close()
	for i, p := range parts {
		if i > 0 && !rows.NextResultSet() {
			return errors.Join(rows.Err(), errors.New("the server did not answer every query"))
		}
		for rows.Next() {
			if err := p.row(rows); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}
