package querykiller

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// part is one of several queries that are sent together. Without row it is a
// statement that has no answer.
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
	first := true
	for _, p := range parts {
		if p.row == nil {
			continue // the driver passes over what has no answer
		}
		if !first && !rows.NextResultSet() {
			return errors.Join(rows.Err(), errors.New("the server did not answer every query"))
		}
		first = false
		for rows.Next() {
			if err := p.row(rows); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	rows.NextResultSet() // to the error of a statement without an answer
	return rows.Err()
}
