package dualwrite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// fixture is a change on a database of its own.
type fixture struct {
	t        testing.TB
	database *servers.Database
	db       *sql.DB
	change   migrate.Change
	ddl      []string
}

const splitName = "split-user-name"

func column(name, columnType string) migrate.Column {
	c := migrate.Column{Name: name, ColumnType: columnType, Null: migrate.Nullable}
	c.DataType, _, _ = strings.Cut(columnType, "(")
	c.DataType, _, _ = strings.Cut(c.DataType, " ")
	if strings.Contains(c.DataType, "char") || c.DataType == "text" {
		c.Charset, c.Collation = "utf8mb4", "utf8mb4_general_ci"
	}
	return c
}

var idColumn = migrate.Column{Name: "id", DataType: "bigint", ColumnType: "bigint", Null: migrate.NotNull, AutoIncrement: true}

func assign(column, value string) migrate.Assignment {
	return migrate.Assignment{Column: column, Value: migrate.Expression(value)}
}

// nameSplit is the demo's column change: not a bijection, on purpose.
func nameSplit() migrate.Change {
	name := column("name", "varchar(100)")
	first, last := column("first_name", "varchar(100)"), column("last_name", "varchar(100)")
	head := "SUBSTRING_INDEX($row.`name`, ' ', 1)"
	return migrate.Change{Name: splitName, Service: "accounts", Mapping: migrate.Mapping{
		Source: migrate.Table{Name: "users", Key: []migrate.Column{idColumn}, Columns: []migrate.Column{name}},
		Target: migrate.Table{Name: "users", Key: []migrate.Column{idColumn}, Columns: []migrate.Column{first, last}},
		Forward: []migrate.Assignment{
			assign("first_name", head),
			assign("last_name", "TRIM(SUBSTRING($row.`name`, CHAR_LENGTH("+head+") + 1))"),
		},
		Backward: []migrate.Assignment{assign("name", "TRIM(CONCAT_WS(' ', $row.`first_name`, $row.`last_name`))")},
	}}
}

var nameSplitDDL = []string{`CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(100) NULL,
  city VARCHAR(100) NULL,
  first_name VARCHAR(100) NULL,
  last_name VARCHAR(100) NULL
) ENGINE=InnoDB`}

const movePeople = "move-people"

// tableMove copies people to accounts, with a unique key on each side.
func tableMove() migrate.Change {
	return migrate.Change{Name: movePeople, Service: "accounts", Mapping: migrate.Mapping{
		Source:   migrate.Table{Name: "people", Key: []migrate.Column{idColumn}, Columns: []migrate.Column{column("email", "varchar(100)"), column("age", "int")}},
		Target:   migrate.Table{Name: "accounts", Key: []migrate.Column{idColumn}, Columns: []migrate.Column{column("mail", "varchar(60)"), column("age", "tinyint")}},
		Forward:  []migrate.Assignment{assign("mail", "LOWER($row.`email`)"), assign("age", "$row.`age`")},
		Backward: []migrate.Assignment{assign("email", "$row.`mail`"), assign("age", "$row.`age`")},
	}}
}

var tableMoveDDL = []string{
	`CREATE TABLE people (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  age INT NULL
) ENGINE=InnoDB`,
	`CREATE TABLE accounts (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  mail VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
  age TINYINT NULL,
  UNIQUE KEY mail (mail)
) ENGINE=InnoDB`,
}

func newFixture(t testing.TB, s *servers.Server, change migrate.Change, ddl []string) *fixture {
	t.Helper()
	d := s.Database(t)
	f := &fixture{t: t, database: d, db: d.DB, change: change, ddl: ddl}
	_, err := control.Init(t.Context(), f.db)
	require.NoError(t, err)
	for _, statement := range ddl {
		f.exec(statement)
	}
	require.NoError(t, control.Register(t.Context(), f.db, change.Name, change.Service))
	f.record()
	return f
}

// record stores the plan.
func (f *fixture) record() {
	f.t.Helper()
	require.NoError(f.t, recordPlan(f.t.Context(), f.db, f.change))
}

func (f *fixture) exec(query string, args ...any) sql.Result {
	f.t.Helper()
	res, err := f.db.ExecContext(f.t.Context(), query, args...)
	require.NoError(f.t, err, query)
	return res
}

// setting builds the setting of a phase at the given ramp.
func setting(phase migrate.Phase, epoch uint64) migrate.Setting {
	s := migrate.Setting{Phase: phase, Mode: phase.Mode(), Epoch: epoch, Rule: migrate.StepExact}
	switch phase {
	case migrate.ReadingNew, migrate.Reversing, migrate.OnlyNew, migrate.Contracted, migrate.Closed:
		s.Rule, s.Ramp = migrate.StepEither, migrate.RampFull
	}
	return s
}

// to moves the change to a phase, whatever the transition table says.
func (f *fixture) to(phase migrate.Phase, edit ...func(*migrate.Setting)) migrate.Setting {
	f.t.Helper()
	s, err := f.transit(f.t.Context(), phase, edit...)
	require.NoError(f.t, err)
	return s
}

func (f *fixture) transit(ctx context.Context, phase migrate.Phase, edit ...func(*migrate.Setting)) (migrate.Setting, error) {
	now, err := control.Setting(ctx, f.db, f.change.Name)
	if err != nil {
		return now, err
	}
	next := setting(phase, now.Epoch+1)
	for _, e := range edit {
		e(&next)
	}
	return next, control.Transit(ctx, f.db, f.change.Name, now, next)
}

func copyOnRead(s *migrate.Setting) { s.Mode = migrate.CopyOnRead }

func ramp(share uint16) func(*migrate.Setting) { return func(s *migrate.Setting) { s.Ramp = share } }

// config is what a client of the fixture joins with. It polls fast.
func (f *fixture) config(writes migrate.Shape, through migrate.Mode) dualwrite.Config {
	return dualwrite.Config{
		Service: "accounts", Release: "r-" + string(writes),
		Changes: []dualwrite.Support{{Change: f.change.Name, Writes: writes, Through: through, Shadow: dualwrite.NoShadow}},
		Poll:    20 * time.Millisecond,
		// MySQL commits apart whatever this says, so both ways are tested.
		Commit: dualwrite.CommitWithMirror,
	}
}

func (f *fixture) join(cfg dualwrite.Config) *dualwrite.Client {
	f.t.Helper()
	return f.joinOver(f.db, cfg)
}

// pool opens another pool, which is closed after the clients that join over it.
func (f *fixture) pool(dsn string) *sql.DB {
	f.t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(f.t, err)
	f.t.Cleanup(func() { require.NoError(f.t, db.Close()) })
	return db
}

// connect opens a pool whose connections name their instance.
func (f *fixture) connect(cfg dualwrite.Config) *sql.DB {
	f.t.Helper()
	connector, err := dualwrite.Connector(f.database.DSN, cfg)
	require.NoError(f.t, err)
	db := sql.OpenDB(connector)
	f.t.Cleanup(func() { require.NoError(f.t, db.Close()) })
	return db
}

func (f *fixture) joinOver(db *sql.DB, cfg dualwrite.Config) *dualwrite.Client {
	f.t.Helper()
	client, err := dualwrite.Join(f.t.Context(), db, cfg)
	require.NoError(f.t, err)
	f.closeAtEnd(client)
	return client
}

func (f *fixture) closeAtEnd(client *dualwrite.Client) {
	f.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(f.t.Context()), 10*time.Second)
		defer cancel()
		require.NoError(f.t, client.Close(ctx))
	})
}

// old is a release that writes the source shape, new one that writes the target.
func (f *fixture) old() *dualwrite.Change {
	f.t.Helper()
	return f.join(f.config(migrate.SourceShape, migrate.NewOnly)).Change(f.change.Name)
}

func (f *fixture) new() *dualwrite.Change {
	f.t.Helper()
	return f.join(f.config(migrate.TargetShape, migrate.NewOnly)).Change(f.change.Name)
}

// patient is a release whose units are tried again as often as it takes: where many
// meet, and the machine is slow, some meet a deadlock each time that they are tried.
func (f *fixture) patient(writes migrate.Shape) *dualwrite.Change {
	f.t.Helper()
	cfg := f.config(writes, migrate.NewOnly)
	cfg.Retry.Attempts = 1000
	return f.join(cfg).Change(f.change.Name)
}

// inStep requires that every pair of the change is in step.
func (f *fixture) inStep(rule migrate.StepRule) {
	f.t.Helper()
	require.Zero(f.t, f.counts(rule).Differ(), "pairs out of step")
}

func (f *fixture) counts(rule migrate.StepRule) shape.Counts {
	f.t.Helper()
	m, err := shape.New(f.change.Name, f.change.Mapping)
	require.NoError(f.t, err)
	s := m.Compare(rule, shape.Range(nil, nil))
	var counts shape.Counts
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), s.SQL, s.Args...).Scan(counts.Dest()...))
	return counts
}

// row reads one row as text; nil for no row, "NULL" for NULL.
func (f *fixture) row(query string, args ...any) []string {
	f.t.Helper()
	rows, err := f.db.QueryContext(f.t.Context(), query, args...)
	require.NoError(f.t, err)
	defer rows.Close()
	if !rows.Next() {
		require.NoError(f.t, rows.Err())
		return nil
	}
	columns, err := rows.Columns()
	require.NoError(f.t, err)
	raw := make([]sql.NullString, len(columns))
	dest := make([]any, len(columns))
	for i := range raw {
		dest[i] = &raw[i]
	}
	require.NoError(f.t, rows.Scan(dest...))
	out := make([]string, len(columns))
	for i, v := range raw {
		out[i] = "NULL"
		if v.Valid {
			out[i] = v.String
		}
	}
	return out
}

// exec1 runs a statement in a unit and touches the keys.
func exec1(ctx context.Context, c *dualwrite.Change, keys []any, query string, args ...any) error {
	return c.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		for _, k := range keys {
			tx.Touch(k)
		}
		return nil
	})
}

// insert runs an INSERT in a unit and touches the key that the server gave it.
func insert(ctx context.Context, c *dualwrite.Change, query string, args ...any) (id int64, err error) {
	err = c.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		id, err = res.LastInsertId()
		tx.Touch(id)
		return err
	})
	return id, err
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// eventually waits for a condition on the test's own goroutine.
func eventually(t testing.TB, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			require.Fail(t, "the condition was never met")
		}
		<-tick.C
	}
}

// sees waits until a client's reads go by the setting's epoch.
func sees(t testing.TB, c *dualwrite.Change, s migrate.Setting) {
	t.Helper()
	require.Eventually(t, func() bool { return c.Setting().Epoch >= s.Epoch }, 10*time.Second, 2*time.Millisecond)
}

// setUpExample makes what the underpin command would have made by the time that
// reads move: the control tables, the new columns, the plan, the phase.
func setUpExample(ctx context.Context, dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := control.Init(ctx, db); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, nameSplitDDL[0]); err != nil {
		return err
	}
	if err := control.Register(ctx, db, splitName, "accounts"); err != nil {
		return err
	}
	if err := recordPlan(ctx, db, nameSplit()); err != nil {
		return err
	}
	now, err := control.Setting(ctx, db, splitName)
	if err != nil {
		return err
	}
	return control.Transit(ctx, db, splitName, now, setting(migrate.ReadingNew, now.Epoch+1))
}

func recordPlan(ctx context.Context, db *sql.DB, change migrate.Change) error {
	spec, err := json.Marshal(map[string]any{"change": change, "steps": []string{"something of the plan's own"}})
	if err != nil {
		return err
	}
	c, err := control.Get(ctx, db, change.Name)
	if err != nil {
		return err
	}
	c.Service, c.PlanHash, c.Spec = change.Service, strings.Repeat("ab", 32), spec
	return control.RecordPlan(ctx, db, c)
}
