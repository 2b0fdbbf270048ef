package backfill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// ConflictError says that a row cannot be written because another row has the
// value of a unique key already. Neither is touched.
type ConflictError struct {
	Table string // the follower's
	Key   string // the unique key
	Row   string // the key of the row that does not fit
	Other string // the key of the row that has the value; empty if it could not be found out
	Err   error  // the server's
}

func (e *ConflictError) Error() string {
	other := e.Other
	if other == "" {
		other = "another one"
	}
	return fmt.Sprintf("row %s cannot be written to table %s: row %s has its value of unique key %s: change one of the two, or the key: %v",
		e.Row, e.Table, other, e.Key, e.Err)
}

// Unwrap returns the server's error.
func (e *ConflictError) Unwrap() error { return e.Err }

// reason says why a row does not fit.
func (h *hand) reason(ctx context.Context, key shape.Key, err error) error {
	if mysqlx.Classify(err) != mysqlx.ClassDuplicate {
		return fmt.Errorf("row %s: %w", key, err)
	}
	m := h.mapper.Mapping()
	authority, follower, assign := m.Source, m.Target, m.Forward
	if h.direction == shape.Backward {
		authority, follower, assign = m.Target, m.Source, m.Backward
	}
	conflict := &ConflictError{Table: follower.Name, Key: uniqueKey(err, follower.Name), Row: key.String(), Err: err}
	other, lookup := h.otherRow(ctx, conflict.Key, authority, follower, assign, key)
	if lookup != nil {
		h.cfg.Logger.Warn("the row that has the value of a unique key was not found", "row", conflict.Row, "error", lookup.Error())
	}
	conflict.Other = other
	return conflict
}

// duplicateMessage is the end of error 1062: … for key 'accounts.email' on
// MySQL, 'email' on MariaDB.
var duplicateMessage = regexp.MustCompile(`for key '(.*)'$`)

func uniqueKey(err error, table string) string {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		if m := duplicateMessage.FindStringSubmatch(my.Message); m != nil {
			return strings.TrimPrefix(m[1], table+".")
		}
	}
	return "?"
}

const selectIndexColumns = `/* underpin copy */
SELECT COALESCE(COLUMN_NAME, '')
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND INDEX_NAME = ?
ORDER BY SEQ_IN_INDEX`

// selectOther finds the follower row that has the values which the authority
// row would give to the columns of a unique key.
const selectOther = `/* underpin copy */
SELECT %s
FROM %s AS a
JOIN %s AS f
  ON %s
WHERE %s
LIMIT 2`

// otherRow returns the key of the row that a unique key belongs to, as text,
// or "" where the key's columns do not come from the mapping.
func (h *hand) otherRow(ctx context.Context, index string, authority, follower migrate.Table, assign []migrate.Assignment, key shape.Key) (string, error) {
	var on []string
	err := h.session.Query(ctx, selectIndexColumns, []any{follower.Name, index}, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		on = append(on, sameValue(name, authority, follower, assign))
		return nil
	})
	if err != nil || len(on) == 0 || slices.Contains(on, "") {
		return "", err
	}
	var list, where []string
	var args []any
	for i, c := range authority.Key {
		list = append(list, "f."+mysqlx.Quote(follower.Key[i].Name))
		where = append(where, "a."+mysqlx.Quote(c.Name)+" = ?")
		args = append(args, key[i])
	}
	query := fmt.Sprintf(selectOther, strings.Join(list, ", "), mysqlx.Quote(authority.Name), mysqlx.Quote(follower.Name),
		strings.Join(on, "\n  AND "), strings.Join(where, "\n  AND "))
	var other string
	err = h.session.Query(ctx, query, args, func(rows *sql.Rows) error {
		found, err := scanText(rows, follower.Key)
		if found != key.String() {
			other = found
		}
		return err
	})
	return other, err
}

// sameValue is the condition on one column of the unique key.
func sameValue(name string, authority, follower migrate.Table, assign []migrate.Assignment) string {
	for i, c := range follower.Key {
		if strings.EqualFold(c.Name, name) {
			return "f." + mysqlx.Quote(c.Name) + " = a." + mysqlx.Quote(authority.Key[i].Name)
		}
	}
	for _, a := range assign {
		if strings.EqualFold(a.Column, name) {
			return "f." + mysqlx.Quote(a.Column) + " = (" + a.Value.Over("a") + ")"
		}
	}
	return ""
}

// scanText reads a key the way [shape.Key.String] shows it.
func scanText(rows *sql.Rows, columns []migrate.Column) (string, error) {
	raw, dest := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range raw {
		dest[i] = &raw[i]
	}
	if err := rows.Scan(dest...); err != nil {
		return "", err
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		switch {
		case strings.HasSuffix(c.DataType, "binary"):
			parts[i] = fmt.Sprintf("0x%X", []byte(raw[i]))
		case strings.HasSuffix(c.DataType, "int") || c.DataType == "year":
			parts[i] = string(raw[i])
		default:
			parts[i] = fmt.Sprintf("%q", string(raw[i]))
		}
	}
	return strings.Join(parts, ", "), nil
}
