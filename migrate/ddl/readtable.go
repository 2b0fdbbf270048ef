package ddl

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

const (
	queryTable = `/* underpin ddl */ SELECT TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, ''), LOWER(COALESCE(ROW_FORMAT, '')),
  COALESCE(TABLE_COLLATION, ''), COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0) + COALESCE(INDEX_LENGTH, 0)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

	queryColumns = `/* underpin ddl */ SELECT COLUMN_NAME, COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, ''),
  COALESCE(COLLATION_NAME, ''), IS_NULLABLE = 'YES', COLUMN_DEFAULT, LOWER(EXTRA),
  COALESCE(GENERATION_EXPRESSION, ''), COLUMN_COMMENT, ORDINAL_POSITION
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
ORDER BY ORDINAL_POSITION`

	queryIndexes = `/* underpin ddl */ SELECT INDEX_NAME, INDEX_TYPE, NON_UNIQUE = 0, COALESCE(COLUMN_NAME, '')
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
ORDER BY INDEX_NAME, SEQ_IN_INDEX`

	queryConstraints = `/* underpin ddl */ SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE
FROM information_schema.TABLE_CONSTRAINTS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND CONSTRAINT_TYPE IN ('FOREIGN KEY', 'CHECK')
ORDER BY CONSTRAINT_NAME`

	queryCascades = `/* underpin ddl */ SELECT CONSTRAINT_NAME
FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))`

	queryReferenced = `/* underpin ddl */ SELECT DISTINCT REFERENCED_COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE
WHERE REFERENCED_TABLE_SCHEMA = DATABASE()
  AND REFERENCED_TABLE_NAME = ?`

	queryPartitioning = `/* underpin ddl */ SELECT DISTINCT PARTITION_METHOD
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND PARTITION_METHOD IS NOT NULL`

	queryCollations = `/* underpin ddl */ SELECT CHARACTER_SET_NAME, COLLATION_NAME
FROM information_schema.COLLATIONS
WHERE IS_DEFAULT = 'Yes'`

	queryDefaultCharset = `/* underpin ddl */ SELECT COALESCE(CHARACTER_SET_NAME, '')
FROM information_schema.COLLATIONS
WHERE COLLATION_NAME = ?
  AND CHARACTER_SET_NAME IS NOT NULL`

	queryRowVersions = `/* underpin ddl */ SELECT COALESCE(MAX(TOTAL_ROW_VERSIONS), 0)
FROM information_schema.INNODB_TABLES
WHERE NAME LIKE ?
   OR NAME LIKE ?`

	queryDatabase = `/* underpin ddl */ SELECT DATABASE()`
)

// ErrNoTable says that a table is not there, or is a view.
var ErrNoTable = errors.New("no such table")

// ReadTable reads what the cost of DDL hangs on out of information_schema: it
// takes no lock on the table's rows. The table is one of the connection's
// database, and the connection in no transaction: MySQL opens the table to see how
// large it is, which now and then is the victim of a deadlock, and is read again.
func ReadTable(ctx context.Context, q mysqlx.Querier, server Server, name string) (t *Table, err error) {
	err = mysqlx.Backoff{}.Retry(ctx, mysqlx.IsDeadlock, func(ctx context.Context) error {
		r := &tableReader{ctx: ctx, q: q, name: name, table: &Table{DefaultCollations: map[string]string{}}}
		t = r.table
		return r.read(server)
	})
	switch {
	case mysqlx.Classify(err) == mysqlx.ClassPrivilege:
		return nil, fmt.Errorf("read table %s: %w: grant SELECT on the database to the user", name, err)
	case err != nil:
		return nil, fmt.Errorf("read table %s: %w", name, err)
	}
	return t, nil
}

// tableReader reads one table.
type tableReader struct {
	ctx   context.Context
	q     mysqlx.Querier
	name  string
	table *Table
}

// read reads all of it.
func (r *tableReader) read(server Server) error {
	steps := []func() error{r.head, r.columns, r.indexes, r.constraints, r.partitioning, r.collations}
	if server.Flavour == MySQL && !server.Version.Below(mysql8029) {
		steps = append(steps, r.rowVersions)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// head reads the table's own row.
func (r *tableReader) head() error {
	t := r.table
	var kind string
	err := r.q.QueryRowContext(r.ctx, queryTable, r.name).Scan(&t.Name, &kind, &t.Engine, &t.RowFormat, &t.Collation, &t.Rows, &t.Bytes)
	if errors.Is(err, sql.ErrNoRows) || err == nil && strings.Contains(kind, "VIEW") {
		return ErrNoTable
	}
	if err != nil {
		return err
	}
	if kind == "SYSTEM VERSIONED" {
		t.Versioning = SystemVersioned
	}
	if t.Collation == "" {
		return nil
	}
	if err := r.q.QueryRowContext(r.ctx, queryDefaultCharset, t.Collation).Scan(&t.Charset); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if t.Charset == "" {
		t.Charset, _, _ = strings.Cut(t.Collation, "_")
	}
	t.Charset, t.Collation = normalCharset(t.Charset), normalCollation(t.Collation)
	return nil
}

// rows runs a query whose one argument is the table's name.
func (r *tableReader) rows(query string, scan func(*sql.Rows) error, args ...any) error {
	return mysqlx.EachRow(r.ctx, r.q, query, args, scan)
}

// names runs a query for names and appends them to a list.
func (r *tableReader) names(query string, list *[]string) error {
	return r.rows(query, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		*list = append(*list, name)
		return err
	}, r.name)
}

func (r *tableReader) columns() error {
	p := parser.New()
	return r.rows(queryColumns, func(rows *sql.Rows) error {
		var c Column
		var deflt sql.NullString
		var extra string
		if err := rows.Scan(&c.Name, &c.Type, &c.Charset, &c.Collation, &c.Nullable, &deflt, &extra, &c.Expression, &c.Comment, &c.Position); err != nil {
			return err
		}
		c.Type = normalType(p, c.Type)
		c.Charset, c.Collation = normalCharset(c.Charset), normalCollation(c.Collation)
		c.HasDefault, c.Default = deflt.Valid && !strings.EqualFold(deflt.String, "null"), deflt.String
		c.AutoIncrement = strings.Contains(extra, "auto_increment")
		c.OnUpdate = strings.Contains(extra, "on update")
		c.Invisible = strings.Contains(extra, "invisible")
		c.Expression = plainExpression(c.Expression)
		switch {
		case strings.Contains(extra, "virtual generated"):
			c.Generation = Virtual
		case strings.Contains(extra, "stored generated"), strings.Contains(extra, "persistent"):
			c.Generation = Stored
		}
		r.table.Columns = append(r.table.Columns, c)
		return nil
	}, r.name)
}

func (r *tableReader) indexes() error {
	t := r.table
	return r.rows(queryIndexes, func(rows *sql.Rows) error {
		var i Index
		var column string
		if err := rows.Scan(&i.Name, &i.Kind, &i.Unique, &column); err != nil {
			return err
		}
		if n := len(t.Indexes); n == 0 || t.Indexes[n-1].Name != i.Name {
			t.Indexes = append(t.Indexes, i)
		}
		last := &t.Indexes[len(t.Indexes)-1]
		last.Columns = append(last.Columns, column)
		return nil
	}, r.name)
}

func (r *tableReader) constraints() error {
	t := r.table
	err := r.rows(queryConstraints, func(rows *sql.Rows) error {
		var name, kind string
		err := rows.Scan(&name, &kind)
		if kind == "CHECK" {
			t.Checks = append(t.Checks, name)
		} else {
			t.ForeignKeys = append(t.ForeignKeys, name)
		}
		return err
	}, r.name)
	if err != nil {
		return err
	}
	if err := r.names(queryCascades, &t.Cascading); err != nil {
		return err
	}
	return r.names(queryReferenced, &t.Referenced)
}

func (r *tableReader) partitioning() error {
	var methods []string
	err := r.names(queryPartitioning, &methods)
	if len(methods) > 0 {
		r.table.Partitioning = methods[0]
	}
	return err
}

func (r *tableReader) collations() error {
	return r.rows(queryCollations, func(rows *sql.Rows) error {
		var charset, collation string
		err := rows.Scan(&charset, &collation)
		r.table.DefaultCollations[normalCharset(charset)] = normalCollation(collation)
		return err
	})
}

// rowVersions reads the most row versions of the table and its partitions. A user
// without PROCESS may not see them, and need not: INSTANT is asserted, so that a
// server whose table has used them up refuses, and the next way is taken.
func (r *tableReader) rowVersions() error {
	var database string
	if err := r.q.QueryRowContext(r.ctx, queryDatabase).Scan(&database); err != nil {
		return err
	}
	pattern := fileName(database) + "/" + fileName(r.table.Name)
	err := r.q.QueryRowContext(r.ctx, queryRowVersions, pattern, pattern+"#p#%").Scan(&r.table.RowVersions)
	if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
		return nil
	}
	return err
}

// fileName returns a LIKE pattern for how InnoDB writes a name: other
// characters than letters, digits and underscores as codes. The codes of those
// outside ASCII are not looked up: the pattern then matches more tables, and
// the largest count of them is on the safe side.
func fileName(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '_':
			b.WriteString(`\_`)
		case r >= utf8.RuneSelf:
			b.WriteString("@%")
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "@%04x", r)
		}
	}
	return b.String()
}
