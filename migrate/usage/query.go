package usage

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// row is a row whose values are read as text.
type row []sql.NullString

func (r row) text(n int) string { return r[n].String }

func (r row) number(n int) uint64 {
	v, _ := strconv.ParseUint(r[n].String, 10, 64) // NULL is 0
	return v
}

// when reads seconds since 1970, as UNIX_TIMESTAMP gives them.
func (r row) when(n int) time.Time {
	seconds, err := strconv.ParseFloat(r[n].String, 64)
	if err != nil || seconds == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC()
}

// each hands every row of a query to fn.
func (l *look) each(ctx context.Context, query string, args []any, fn func(row) error) error {
	rows, err := l.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		r := make(row, len(columns))
		dest := make([]any, len(columns))
		for i := range r {
			dest[i] = &r[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// eachIfSeen is each for what another user may not be allowed to see. It
// reports whether it was.
func (l *look) eachIfSeen(ctx context.Context, query string, fn func(row) error) (bool, error) {
	err := l.each(ctx, query, nil, fn)
	switch mysqlx.Classify(err) {
	case mysqlx.ClassNone:
		return true, nil
	case mysqlx.ClassPrivilege, mysqlx.ClassSchema:
		return false, nil
	}
	return false, err
}

func flavourOf(version string) flavour {
	if strings.Contains(strings.ToLower(version), "mariadb") {
		return mariaDB
	}
	return mySQL
}
