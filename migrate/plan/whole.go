package plan

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

const (
	queryForeign = `/* underpin plan */ SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE
WHERE TABLE_SCHEMA = DATABASE()
  AND REFERENCED_TABLE_SCHEMA = DATABASE()
  AND (TABLE_NAME = ? OR REFERENCED_TABLE_NAME = ?)
ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`

	// columnText is a column with every fact that a definition can say.
	columnText = `CONCAT_WS('|', COLUMN_TYPE, IS_NULLABLE, COALESCE(COLLATION_NAME, '-'),
  COALESCE(CONCAT('default ', COLUMN_DEFAULT), 'no default'), EXTRA,
  COALESCE(GENERATION_EXPRESSION, ''), COLUMN_COMMENT)`

	queryColumnTexts = `/* underpin plan */ SELECT COLUMN_NAME, ` + columnText + `, ORDINAL_POSITION
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
ORDER BY ORDINAL_POSITION`

	queryColumnText = `/* underpin plan */ SELECT ` + columnText + `
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND COLUMN_NAME = ?`
)

// foreignKey is a foreign key and the columns on both of its sides.
type foreignKey struct {
	name            string
	table, parent   string
	columns, refers []string

	// The rest is read by readOutgoing: the parent's database, if it is another;
	// how NULLs match, if that is said; and the rules.
	elsewhere, match   string
	onDelete, onUpdate ForeignRule
}

// names reports whether the key stands on a column of a table, on either side.
func (f foreignKey) names(table, column string) bool {
	return strings.EqualFold(f.table, table) && containsFold(f.columns, column) ||
		strings.EqualFold(f.parent, table) && containsFold(f.refers, column)
}

// needs reports whether the key would be left without an index if this one of
// the table's indexes were dropped. InnoDB wants one on either side that begins
// with the key's columns.
func (f foreignKey) needs(table string, dropped index, all []index) bool {
	for _, side := range []struct {
		table   string
		columns []string
	}{{f.table, f.columns}, {f.parent, f.refers}} {
		if !strings.EqualFold(side.table, table) || !beginsWith(dropped.columns, side.columns) {
			continue
		}
		others := slices.ContainsFunc(all, func(i index) bool {
			return i.name != dropped.name && i.usable && beginsWith(i.columns, side.columns)
		})
		if !others {
			return true
		}
	}
	return false
}

// beginsWith reports whether the first of an index's columns are those given,
// in any order.
func beginsWith(columns, first []string) bool {
	if len(columns) < len(first) {
		return false
	}
	for _, c := range columns[:len(first)] {
		if !containsFold(first, c) {
			return false
		}
	}
	return true
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// fingerprint names the table's columns and indexes as they are. A plan is for
// a table with this fingerprint and no other.
func (t *table) fingerprint() string {
	var b strings.Builder
	for _, c := range t.columns {
		fmt.Fprintf(&b, "column %q %q\n", c.Name, t.texts[c.Name])
	}
	for _, i := range t.indexes {
		fmt.Fprintf(&b, "index %q %v %q\n", i.name, i.unique, i.columns)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// Moved reports whether the table of a change of the schema alone is no longer
// the one that was planned for. It is to be asked before anything is executed.
func Moved(ctx context.Context, q mysqlx.Querier, p *Plan) (bool, error) {
	t, err := readWhole(ctx, q, p.Schema.Table)
	if errors.Is(err, errNoTable) {
		return p.Schema.Before != "", nil
	}
	if err != nil {
		return false, err
	}
	now := t.fingerprint()
	return now != p.Schema.Before && now != p.Schema.Back, nil
}

// readWhole returns a table with everything that an operation on it can change.
func readWhole(ctx context.Context, q mysqlx.Querier, name string) (*table, error) {
	t, err := readTable(ctx, q, name)
	if err != nil {
		return nil, err
	}
	if t.texts, err = readTexts(ctx, q, t.name); err != nil {
		return nil, err
	}
	if t.foreign, err = readForeign(ctx, q, t.name); err != nil {
		return nil, err
	}
	if t.kind == "BASE TABLE" {
		var shown string
		err = q.QueryRowContext(ctx, "/* underpin plan */ SHOW CREATE TABLE "+mysqlx.Quote(t.name)).Scan(&shown, &t.create)
		if err != nil {
			return nil, fmt.Errorf("read the definition of %s: %w", t.name, explain(err))
		}
	}
	return t, nil
}

func readTexts(ctx context.Context, q mysqlx.Querier, name string) (out map[string]string, err error) {
	out = map[string]string{}
	err = mysqlx.EachRow(ctx, q, queryColumnTexts, []any{name}, func(rows *sql.Rows) error {
		var column, text string
		var position int
		if err := rows.Scan(&column, &text, &position); err != nil {
			return err
		}
		out[column] = text
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read columns of %s: %w", name, explain(err))
	}
	return out, nil
}

func readForeign(ctx context.Context, q mysqlx.Querier, name string) (out []foreignKey, err error) {
	err = mysqlx.EachRow(ctx, q, queryForeign, []any{name, name}, func(rows *sql.Rows) error {
		var f foreignKey
		var column, refers string
		if err := rows.Scan(&f.name, &f.table, &column, &f.parent, &refers); err != nil {
			return err
		}
		if last := len(out) - 1; last < 0 || out[last].name != f.name || out[last].table != f.table {
			out = append(out, f)
		}
		last := &out[len(out)-1]
		last.columns, last.refers = append(last.columns, column), append(last.refers, refers)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the foreign keys of %s: %w", name, explain(err))
	}
	return out, nil
}

// columnIs reports whether a column is as an effect wants it.
func columnIs(ctx context.Context, q mysqlx.Querier, e Effect) (bool, error) {
	var text string
	err := q.QueryRowContext(ctx, queryColumnText, e.Table, e.Name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether column %s.%s is as planned: %w", e.Table, e.Name, err)
	}
	return text == e.Want, nil
}

// indexHidden reports whether the optimizer ignores an index. MySQL shows a
// column Visible, MariaDB a column Ignored. An index that is not there, or a
// server that shows neither, hides nothing.
func indexHidden(ctx context.Context, q mysqlx.Querier, e Effect) (hidden bool, err error) {
	rows, err := q.QueryContext(ctx, "/* underpin plan */ SHOW INDEX FROM "+mysqlx.Quote(e.Table)+" WHERE Key_name = ?", e.Name)
	if err != nil {
		return false, fmt.Errorf("look whether index %s of %s is hidden: %w", e.Name, e.Table, explain(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return false, err
	}
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return false, err
		}
		for i, name := range columns {
			hidden = hidden || name == "Visible" && string(values[i]) == "NO" || name == "Ignored" && string(values[i]) == "YES"
		}
	}
	return hidden, rows.Err()
}
