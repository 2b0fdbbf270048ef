package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

const (
	queryTable = `/* underpin plan */ SELECT TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, ''),
  COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0), COALESCE(INDEX_LENGTH, 0)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

	queryColumns = `/* underpin plan */ SELECT COLUMN_NAME, LOWER(DATA_TYPE), COLUMN_TYPE,
  COALESCE(CHARACTER_SET_NAME, ''), COALESCE(COLLATION_NAME, ''),
  IS_NULLABLE, COLUMN_DEFAULT, LOWER(EXTRA), COALESCE(GENERATION_EXPRESSION, ''),
  COALESCE(CHARACTER_MAXIMUM_LENGTH, 0), COALESCE(NUMERIC_PRECISION, 0),
  COALESCE(NUMERIC_SCALE, 0), COALESCE(DATETIME_PRECISION, 0)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
ORDER BY ORDINAL_POSITION`

	queryIndexes = `/* underpin plan */ SELECT INDEX_NAME, NON_UNIQUE, COALESCE(COLUMN_NAME, ''), SUB_PART IS NOT NULL
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
ORDER BY INDEX_NAME, SEQ_IN_INDEX`

	queryServer = `/* underpin plan */ SELECT VERSION(), DATABASE()`
)

// column is a column with everything that the rules look at.
type column struct {
	migrate.Column
	hasDefault bool
	// deflt and extra are what the server says of the default and the rest.
	deflt, extra string
	generated    bool
	onUpdate     bool
	// length is in characters for char types and in bytes for others;
	// precision, scale and fraction are those of numbers and of times.
	length                     uint64
	precision, scale, fraction int
}

// required reports whether an INSERT that leaves the column out fails.
func (c column) required() bool {
	return c.Null == migrate.NotNull && !c.hasDefault && !c.AutoIncrement && !c.generated
}

// index is an index over whole columns.
type index struct {
	name    string
	columns []string
	unique  bool
	// usable is whether every part is a whole column.
	usable bool
}

// table is a table as the server has it.
type table struct {
	name, kind, engine string
	facts              TableFacts
	columns            []column
	indexes            []index

	// The rest is read for changes of the schema alone, by readWhole.
	create  string            // SHOW CREATE TABLE
	foreign []foreignKey      // of the table and to it
	texts   map[string]string // of each column, every fact, as ColumnIs wants it
}

// index returns the index of that name, in any case.
func (t *table) index(name string) (index, bool) {
	for _, i := range t.indexes {
		if strings.EqualFold(i.name, name) {
			return i, true
		}
	}
	return index{}, false
}

// column returns the column of that name, in any case.
func (t *table) column(name string) (column, bool) {
	for _, c := range t.columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return column{}, false
}

// errNoTable says that a table is not there.
var errNoTable = errors.New("no such table")

// readTable returns a table of the connection's database, or errNoTable. Outside a
// transaction a deadlock is no reason to give up, see ReadTable of migrate/ddl.
func readTable(ctx context.Context, q mysqlx.Querier, name string) (t *table, err error) {
	err = mysqlx.Backoff{}.Retry(ctx, mysqlx.IsDeadlock, func(ctx context.Context) error {
		t, err = readTableOnce(ctx, q, name)
		return err
	})
	return t, err
}

// readTableOnce is readTable for a connection that may be in a transaction.
func readTableOnce(ctx context.Context, q mysqlx.Querier, name string) (*table, error) {
	t := &table{}
	err := q.QueryRowContext(ctx, queryTable, name).Scan(&t.name, &t.kind, &t.engine,
		&t.facts.Rows, &t.facts.DataBytes, &t.facts.IndexBytes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read table %s: %w", name, errNoTable)
	}
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", name, explain(err))
	}
	t.facts.Table = t.name
	if t.columns, err = readColumns(ctx, q, name); err != nil {
		return nil, err
	}
	if t.indexes, err = readIndexes(ctx, q, name); err != nil {
		return nil, err
	}
	return t, nil
}

// readColumns returns the columns of a table in their order.
func readColumns(ctx context.Context, q mysqlx.Querier, name string) (out []column, err error) {
	err = mysqlx.EachRow(ctx, q, queryColumns, []any{name}, func(rows *sql.Rows) error {
		var c column
		var nullable, generation string
		var deflt sql.NullString
		if err := rows.Scan(&c.Name, &c.DataType, &c.ColumnType, &c.Charset, &c.Collation, &nullable,
			&deflt, &c.extra, &generation, &c.length, &c.precision, &c.scale, &c.fraction); err != nil {
			return err
		}
		c.Null = migrate.NotNull
		if nullable == "YES" {
			c.Null = migrate.Nullable
		}
		c.hasDefault, c.deflt = deflt.Valid, deflt.String
		c.AutoIncrement = strings.Contains(c.extra, "auto_increment")
		c.onUpdate = strings.Contains(c.extra, "on update")
		c.generated = generation != "" || strings.Contains(c.extra, " generated")
		c.ColumnType = canonicalType(c.DataType, c.ColumnType)
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read columns of %s: %w", name, explain(err))
	}
	return out, nil
}

// canonicalType returns a column type that is the same on every server:
// without the display width that MariaDB shows for integers and years.
func canonicalType(dataType, columnType string) string {
	if _, isInt := integers[dataType]; !isInt && dataType != "year" {
		return columnType
	}
	open, end := strings.IndexByte(columnType, '('), strings.IndexByte(columnType, ')')
	if open < 0 || end < open || strings.Contains(columnType, "zerofill") {
		return columnType
	}
	return columnType[:open] + columnType[end+1:]
}

// readIndexes returns the indexes of a table.
func readIndexes(ctx context.Context, q mysqlx.Querier, name string) (out []index, err error) {
	err = mysqlx.EachRow(ctx, q, queryIndexes, []any{name}, func(rows *sql.Rows) error {
		var name, col string
		var nonUnique, prefix int
		if err := rows.Scan(&name, &nonUnique, &col, &prefix); err != nil {
			return err
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, index{name: name, unique: nonUnique == 0, usable: true})
		}
		last := &out[len(out)-1]
		last.columns = append(last.columns, col)
		if prefix != 0 || col == "" {
			last.usable = false
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read indexes of %s: %w", name, explain(err))
	}
	return out, nil
}

// readServer returns the server and the database that the connection uses.
func readServer(ctx context.Context, q mysqlx.Querier) (Server, string, error) {
	var version string
	var database sql.NullString
	if err := q.QueryRowContext(ctx, queryServer).Scan(&version, &database); err != nil {
		return Server{}, "", fmt.Errorf("ask for the server's version: %w", explain(err))
	}
	if !database.Valid {
		return Server{}, "", mysqlx.ErrNoDatabase
	}
	s := Server{Flavour: MySQL, Version: version}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		s.Flavour = MariaDB
	}
	return s, database.String, nil
}

// explain adds to an error of the server what to do about it.
func explain(err error) error {
	if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
		return fmt.Errorf("%w: grant SELECT, CREATE, ALTER, DROP, INDEX and TRIGGER, and REFERENCES where there are foreign keys, on the database to the user that plans", err)
	}
	return err
}
