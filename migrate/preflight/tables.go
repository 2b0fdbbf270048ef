package preflight

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

const (
	queryTable = `/* underpin preflight */ SELECT TABLE_NAME AS name, COALESCE(ENGINE, '') AS engine,
  COALESCE(TABLE_ROWS, 0) AS table_rows, COALESCE(AVG_ROW_LENGTH, 0) AS row_bytes,
  COALESCE(DATA_LENGTH, 0) AS data_bytes, COALESCE(INDEX_LENGTH, 0) AS index_bytes
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

	queryPartitions = `/* underpin preflight */ SELECT COUNT(DISTINCT PARTITION_NAME) AS partitions
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

	// A partition's name follows its table's after a #.
	queryStatisticsAge = `/* underpin preflight */ SELECT TIMESTAMPDIFF(SECOND, MIN(last_update), NOW()) AS age
FROM mysql.innodb_table_stats
WHERE database_name = DATABASE()
  AND (table_name = ? OR LEFT(table_name, CHAR_LENGTH(?) + 1) = CONCAT(?, '#'))`

	queryColumns = `/* underpin preflight */ SELECT COLUMN_NAME AS name, LOWER(DATA_TYPE) AS data_type, COLUMN_TYPE AS column_type,
  COALESCE(CHARACTER_SET_NAME, '') AS charset, COALESCE(COLLATION_NAME, '') AS collation_name, IS_NULLABLE AS nullable,
  LOWER(EXTRA) AS extra, COALESCE(GENERATION_EXPRESSION, '') AS expression
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
ORDER BY ORDINAL_POSITION`

	queryPrimaryKey = `/* underpin preflight */ SELECT COLUMN_NAME AS name
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND INDEX_NAME = 'PRIMARY'
  AND SUB_PART IS NULL
ORDER BY SEQ_IN_INDEX`
)

// table is a live table with what sampling needs of it.
type table struct {
	Table
	// there is whether it exists; one that the plan makes does not.
	there  bool
	engine string
	// shape is its primary key and every column that can be written.
	shape migrate.Table
	// low and high are the ends of a key of one integer; nil otherwise.
	low, high shape.Key
	// blind is why its rows cannot be read; nil where they can.
	blind error
}

// bytes is the table's size.
func (t *table) bytes() uint64 { return t.DataBytes + t.IndexBytes }

// indexShare is the secondary indexes' part of the bytes.
func (t *table) indexShare() float64 {
	if t.bytes() == 0 {
		return 0
	}
	return float64(t.IndexBytes) / float64(t.bytes())
}

// lookAtTables reads the facts of every table that a step names.
func (e *examiner) lookAtTables(ctx context.Context) error {
	e.r.Tables = []Table{}
	for _, name := range e.named() {
		t, err := e.readTable(ctx, name)
		if err != nil {
			return fmt.Errorf("read table %s: %w", name, err)
		}
		e.tables = append(e.tables, t)
		if !t.there {
			continue
		}
		if err := e.measureRows(ctx, t); err != nil {
			return fmt.Errorf("measure table %s: %w", name, err)
		}
	}
	return nil
}

// named lists the tables of the steps, in their order.
func (e *examiner) named() []string {
	var names []string
	add := func(name string) {
		name = e.renamed.before(name)
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			names = append(names, name)
		}
	}
	for _, s := range e.in.Steps {
		if s.Rewrite == nil {
			add(s.Table)
			continue
		}
		add(s.Rewrite.Source.Name)
		add(s.Rewrite.Target.Name)
	}
	return names
}

// table returns the facts of a table that a step names, by the name it has now.
func (e *examiner) table(name string) *table {
	name = e.renamed.before(name)
	i := slices.IndexFunc(e.tables, func(t *table) bool { return strings.EqualFold(t.Table.Table, name) })
	return e.tables[i] // named lists all of them
}

// readTable reads what the dictionary has of a table.
func (e *examiner) readTable(ctx context.Context, name string) (*table, error) {
	t := &table{Table: Table{Table: name}, shape: migrate.Table{Name: name}}
	found, err := e.list(ctx, queryTable, name)
	if err != nil || len(found) == 0 {
		return t, err
	}
	t.there, t.engine = true, found[0]["engine"]
	for column, dest := range map[string]*uint64{
		"table_rows": &t.Rows, "row_bytes": &t.RowBytes, "data_bytes": &t.DataBytes, "index_bytes": &t.IndexBytes,
	} {
		if *dest, err = strconv.ParseUint(found[0][column], 10, 64); err != nil {
			return nil, err
		}
	}
	t.RowsFrom = "statistics"
	if err := e.s.QueryRow(ctx, queryPartitions, []any{name}, &t.Partitions); err != nil {
		return nil, err
	}
	// The statistics' own table takes a privilege; without it the age stays unknown.
	if age, err := e.list(ctx, queryStatisticsAge, name, name, name); err == nil && age[0]["age"] != "" {
		seconds, err := strconv.ParseInt(age[0]["age"], 10, 64)
		if err != nil {
			return nil, err
		}
		t.StatisticsAge = &seconds
	}
	return t, e.readShape(ctx, t)
}

// readShape reads the columns that can be written, and the primary key.
func (e *examiner) readShape(ctx context.Context, t *table) error {
	columns, err := e.list(ctx, queryColumns, t.Table.Table)
	if err != nil {
		return err
	}
	for _, c := range columns {
		if c["expression"] != "" || strings.Contains(c["extra"], " generated") {
			continue
		}
		column := migrate.Column{Name: c["name"], DataType: c["data_type"], ColumnType: c["column_type"], Charset: c["charset"],
			Collation: c["collation_name"], Null: migrate.NotNull, AutoIncrement: strings.Contains(c["extra"], "auto_increment")}
		if c["nullable"] == "YES" {
			column.Null = migrate.Nullable
		}
		t.shape.Columns = append(t.shape.Columns, column)
	}
	key, err := e.list(ctx, queryPrimaryKey, t.Table.Table)
	if err != nil {
		return err
	}
	for _, k := range key {
		c, ok := t.shape.Column(k["name"])
		if !ok || !shape.SupportsKey(c) {
			t.shape.Key = nil // it is walked without an order
			break
		}
		t.shape.Key = append(t.shape.Key, c)
	}
	return nil
}

// exactRows is up to how many rows a table is counted instead of estimated.
const exactRows = 10_000

// measureRows corrects the server's estimate by what can be had for little: a
// small table is counted, and an integer key's ends bound the rest.
func (e *examiner) measureRows(ctx context.Context, t *table) error {
	name := mysqlx.Quote(t.Table.Table)
	err := e.measureKey(ctx, t, name)
	if err == nil && t.Rows <= exactRows {
		var n uint64
		err = e.s.QueryRow(ctx, fmt.Sprintf("/* underpin preflight */ SELECT COUNT(*)\nFROM (SELECT 1 FROM %s LIMIT %d) AS some", name, exactRows+1), nil, &n)
		if err == nil && n <= exactRows {
			t.Rows, t.Exact, t.RowsFrom = n, true, "counted"
		} else if err == nil {
			t.Rows = max(t.Rows, n)
		}
	}
	switch mysqlx.Classify(err) {
	case mysqlx.ClassLockWait, mysqlx.ClassPrivilege:
		t.blind, err = err, nil
	}
	return err
}

// measureKey reads the ends of a key of one integer, both from the index.
func (e *examiner) measureKey(ctx context.Context, t *table, name string) error {
	if len(t.shape.Key) != 1 || !strings.HasSuffix(t.shape.Key[0].DataType, "int") {
		return nil
	}
	column := mysqlx.Quote(t.shape.Key[0].Name)
	ends, err := e.list(ctx, fmt.Sprintf("/* underpin preflight */ SELECT MIN(%s) AS low, MAX(%s) AS high\nFROM %s", column, column, name))
	if err != nil || ends[0]["low"] == "" {
		return err
	}
	low, errLow := strconv.ParseInt(ends[0]["low"], 10, 64)
	high, errHigh := strconv.ParseInt(ends[0]["high"], 10, 64)
	if beyond := errLow != nil || errHigh != nil; beyond { // 63 bits: no ends then
		return nil
	}
	t.low, t.high = shape.Key{low}, shape.Key{high}
	if span := uint64(high-low) + 1; span != 0 && t.Rows > span {
		e.check(Check{Code: CodeStatistics, Object: t.Table.Table, Value: &Quantity{float64(t.Rows), Rows}, Limit: &Quantity{float64(span), Rows}, Status: Care,
			What:   fmt.Sprintf("statistics say %d rows, and the key has room for %d", t.Rows, span),
			Remedy: "run ANALYZE TABLE at a quiet time: the optimizer is misled as well"})
		t.Rows, t.RowsFrom = span, "span of the key"
	}
	return nil
}
