package querykiller

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// part is one of several queries that are sent together. Without row it is a
// statement that has no answer.
type part struct {
	query string
	row   func(*sql.Rows) error
}

// readParts sends the queries in one round trip: on a server whose processors
// are taken every round trip waits for its turn. An error ends it; the parts
// before have been read then. Without queries there is no round trip. It returns
// for how long the server has worked, as far as that is seen from here: from the
// first answer to the last, so that the way there and back does not count.
func readParts(ctx context.Context, conn *sql.Conn, parts ...part) (worked time.Duration, err error) {
	if len(parts) == 0 {
		return 0, nil
	}
	queries := make([]string, len(parts))
	for i, p := range parts {
		queries[i] = p.query
	}
	rows, err := conn.QueryContext(ctx, strings.Join(queries, ";\n"))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	answered := time.Now()
	first := true
	for _, p := range parts {
		if p.row == nil {
			continue // the driver passes over what has no answer
		}
		if !first && !rows.NextResultSet() {
			return 0, errors.Join(rows.Err(), errors.New("the server did not answer every query"))
		}
		first = false
		for rows.Next() {
			if err := p.row(rows); err != nil {
				return 0, err
			}
		}
		if err := rows.Err(); err != nil {
			return 0, err
		}
	}
	rows.NextResultSet() // to the error of a statement without an answer
	return time.Since(answered), rows.Err()
}
