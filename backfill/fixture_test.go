package backfill

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// fixture is a database with a change in a phase.
type fixture struct {
	t      testing.TB
	d      *servers.Database
	dsn    string
	db     *sql.DB
	change migrate.Change
	mapper *shape.Mapper
	run    uint64
}

// declared is a change as a test writes it down. Expressions have their columns
// as {name}.
type declared struct {
	ddl            []string
	source, target string
	key            []string // of the source; the target's has the same names unless targetKey is given
	targetKey      []string
	forward        [][2]string
	backward       [][2]string
	where          string
	merge          migrate.Choice
}

// newFixture makes the tables and puts the change into Backfilling at epoch 3.
func newFixture(t testing.TB, s *servers.Server, c declared) *fixture {
	t.Helper()
	d := s.Database(t)
	f := &fixture{t: t, d: d, dsn: d.DSN, db: openPool(t, d.DSN), run: 3}
	_, err := control.Init(t.Context(), f.db)
	require.NoError(t, err)
	for _, statement := range c.ddl {
		f.exec(statement)
	}
	f.change = migrate.Change{Name: "the-change", Service: "svc", Mapping: f.mapping(c)}
	f.mapper, err = shape.New(f.change.Name, f.change.Mapping)
	require.NoError(t, err)
	require.NoError(t, control.Register(t.Context(), f.db, f.change.Name, f.change.Service))
	f.phase(migrate.Backfilling, f.run)
	return f
}

func openPool(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{MaxOpen: 32})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// phase puts the change where the test wants it.
func (f *fixture) phase(p migrate.Phase, epoch uint64) {
	f.t.Helper()
	f.exec("UPDATE _underpin_change SET phase = ?, mode = ?, epoch = ?", string(p), p.Mode().String(), epoch)
}

func (f *fixture) mapping(c declared) migrate.Mapping {
	targetKey := c.targetKey
	if targetKey == nil {
		targetKey = c.key
	}
	m := migrate.Mapping{Source: f.table(c.source, c.key), Target: f.table(c.target, targetKey), Where: expr(c.where), Merge: c.merge}
	for _, a := range c.forward {
		m.Forward = append(m.Forward, migrate.Assignment{Column: a[0], Value: expr(a[1])})
	}
	for _, a := range c.backward {
		m.Backward = append(m.Backward, migrate.Assignment{Column: a[0], Value: expr(a[1])})
	}
	return m
}

// expr turns {name} into a column reference.
func expr(text string) migrate.Expression {
	return migrate.Expression(strings.NewReplacer("{", migrate.Row+"`", "}", "`").Replace(text))
}

// table reads a table's columns from the live schema.
func (f *fixture) table(name string, key []string) migrate.Table {
	f.t.Helper()
	rows, err := f.db.Query(`SELECT COLUMN_NAME, LOWER(DATA_TYPE), COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, ''), COALESCE(COLLATION_NAME, ''),
		IS_NULLABLE, EXTRA LIKE '%auto_increment%'
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`, name)
	require.NoError(f.t, err)
	defer rows.Close()
	t := migrate.Table{Name: name}
	byName := map[string]migrate.Column{}
	for rows.Next() {
		var c migrate.Column
		var nullable string
		var auto bool
		require.NoError(f.t, rows.Scan(&c.Name, &c.DataType, &c.ColumnType, &c.Charset, &c.Collation, &nullable, &auto))
		if c.Null = migrate.NotNull; nullable == "YES" {
			c.Null = migrate.Nullable
		}
		c.AutoIncrement = auto
		byName[c.Name] = c
		t.Columns = append(t.Columns, c)
	}
	require.NoError(f.t, rows.Err())
	for _, k := range key {
		require.Contains(f.t, byName, k)
		t.Key = append(t.Key, byName[k])
	}
	return t
}

func (f *fixture) exec(query string, args ...any) {
	f.t.Helper()
	_, err := f.db.ExecContext(f.t.Context(), query, args...)
	require.NoError(f.t, err, query)
}

// one reads a single value.
func (f *fixture) one(query string, args ...any) string {
	f.t.Helper()
	var v sql.NullString
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), query, args...).Scan(&v), query)
	if !v.Valid {
		return "NULL"
	}
	return v.String
}

// config is a worker's, with everything small and quick.
func (f *fixture) config() Config {
	return Config{DB: f.db, Change: f.change, Job: Backfill, Run: f.run, SpanRows: 7, ChunkMin: 1, ChunkMax: 3, Lease: 2 * time.Second,
		RetryDelay: 50 * time.Millisecond, Attempts: 60}
}

// backfill runs a worker to the end.
func (f *fixture) backfill(cfg Config) Result {
	f.t.Helper()
	w, err := New(cfg)
	require.NoError(f.t, err)
	r, err := w.Run(f.t.Context())
	require.NoError(f.t, err)
	require.Equal(f.t, r.Spans, r.Done)
	return r
}

func (f *fixture) verify(cfg VerifyConfig) Report {
	f.t.Helper()
	cfg.Change = f.change
	if cfg.DB == nil {
		cfg.DB = f.db
	}
	r, err := Verify(f.t.Context(), cfg)
	require.NoError(f.t, err)
	return r
}

// requireInStep compares everything, in small chunks.
func (f *fixture) requireInStep(rows int) {
	f.t.Helper()
	r := f.verify(VerifyConfig{ChunkMin: 1, ChunkMax: 4})
	require.True(f.t, r.Clean(), "%s %v", r, r.Examples)
	if rows >= 0 {
		require.EqualValues(f.t, rows, r.Compared)
	}
}

// copyOf is a table change of two columns with an integer key.
var copyOf = declared{
	ddl: []string{
		"CREATE TABLE src (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(40) NULL, b INT NULL)",
		"CREATE TABLE dst (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, x VARCHAR(40) NULL, y INT NULL, KEY (y))",
	},
	source: "src", target: "dst", key: []string{"id"},
	forward:  [][2]string{{"x", "UPPER({a})"}, {"y", "{b} + 1"}},
	backward: [][2]string{{"a", "LOWER({x})"}, {"b", "{y} - 1"}},
}

// fillSource inserts n rows with keys that have gaps.
func (f *fixture) fillSource(n int) {
	f.t.Helper()
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf("(%d, 'row %d', %d)", 3*i+1, i, i))
	}
	if n > 0 {
		f.exec("INSERT INTO src (id, a, b) VALUES " + strings.Join(values, ", "))
	}
}

// mirror writes one row in the source shape and its other shape, the way the
// application's library does.
func (f *fixture) mirror(ctx context.Context, s *mysqlx.Session, key shape.Key, write string, args ...any) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		fenced, err := control.Fence(ctx, s, f.change.Name)
		if err != nil {
			return err
		}
		if _, err := s.Exec(ctx, write, args...); err != nil {
			return err
		}
		for _, q := range f.mapper.Reconcile(shape.Forward, fenced.Setting.Rule, shape.Keys(key)) {
			if _, err := s.Exec(ctx, q.SQL, q.Args...); err != nil {
				return err
			}
		}
		return nil
	})
}
