package plan_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// manyUsers are a thousand rows of the fixture's users.
var manyUsers = []string{
	usersTable,
	"CREATE TABLE digits (d INT PRIMARY KEY)",
	"INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
	"INSERT INTO users (name) SELECT CONCAT('Ada ', a.d, b.d, c.d)\nFROM digits AS a, digits AS b, digits AS c",
}

// alterations are a change of each course, over the same table.
func alterations(t *testing.T) []*plan.File {
	files := []*plan.File{load(t, "split-user-name.yaml")}
	for i, alter := range []string{
		"ALTER TABLE users ADD COLUMN born DATE NULL",
		"ALTER TABLE users ADD CONSTRAINT named CHECK (name <> '')",
		"ALTER TABLE users ADD UNIQUE INDEX one_name (name)",
		"ALTER TABLE users DROP INDEX by_name",
		"CREATE TABLE notes (id INT PRIMARY KEY, user_id BIGINT UNSIGNED, CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id))",
	} {
		files = append(files, parse(t, fmt.Sprintf("change: c%d\nservice: s\nalter:\n  - %s\n", i, alter)))
	}
	return files
}

// While plans are made, the application can lock every row at any moment. The
// same probe finds the lock of somebody who does lock rows.
func TestPlanningLocksNoRow(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, manyUsers...)
		probe := func() error {
			var n int
			return db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM users FOR UPDATE NOWAIT").Scan(&n)
		}
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		var name string
		require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT name FROM users WHERE id = 1 FOR UPDATE").Scan(&name))
		require.Error(t, probe(), "the probe finds locks")
		require.NoError(t, tx.Rollback())

		done := make(chan error, 1)
		go func() { done <- buildAll(t.Context(), db, alterations(t)) }()
		probes := 0
		for running := true; running; {
			select {
			case err := <-done:
				require.NoError(t, err)
				running = false
			default:
				require.NoError(t, probe())
				probes++
			}
		}
		require.Greater(t, probes, 10)
	})
}

// Nor does planning wait for rows that somebody else has locked.
func TestPlanningWaitsForNoRow(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, manyUsers...)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer tx.Rollback()
		_, err = tx.ExecContext(t.Context(), "UPDATE users SET name = CONCAT(name, '!')")
		require.NoError(t, err)
		require.NoError(t, buildAll(t.Context(), db, alterations(t)))
	})
}

func buildAll(ctx context.Context, db *sql.DB, files []*plan.File) error {
	for _, f := range files {
		if _, err := plan.Build(ctx, db, f, plan.Options{}); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkBuild makes a plan in a database of 1 000 tables, of a change with a
// mapping and of one of the schema alone. The aim is a second.
func BenchmarkBuild(b *testing.B) {
	files := map[string]string{
		"mapped": "change: split\nservice: s\nsource: {table: users}\ntarget: {table: users}\nexpand:\n  - ALTER TABLE users ADD COLUMN upper_name VARCHAR(200) NULL\n" +
			"  - ALTER TABLE users ALTER COLUMN name SET DEFAULT ''\n" +
			"forward: {upper_name: UPPER(name)}\nbackward: {name: LOWER(upper_name)}\n",
		"schema": "change: born\nservice: s\nalter:\n  - ALTER TABLE users ADD COLUMN born DATE NULL\n",
	}
	for _, engine := range servers.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			db := manyTables(b, engine, 1000)
			for name, text := range files {
				file, err := plan.ParseFile("change.yaml", strings.NewReader(text))
				require.NoError(b, err)
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						_, err := plan.Build(b.Context(), db, file, plan.Options{})
						require.NoError(b, err)
					}
					b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/plan")
				})
			}
		})
	}
}

// manyTables is a pool on a database of the fixture's users and so many tables
// like them. They are dropped one by one: a database of so many is not dropped in
// a moment.
func manyTables(b *testing.B, engine servers.Engine, tables int) *sql.DB {
	b.Helper()
	db, err := mysqlx.Open(b.Context(), servers.ForTest(b, engine).Database(b).DSN, mysqlx.Options{})
	require.NoError(b, err)
	var made []string
	b.Cleanup(func() {
		for _, name := range made {
			_, err := db.ExecContext(context.WithoutCancel(b.Context()), "DROP TABLE "+name)
			require.NoError(b, err)
		}
		require.NoError(b, db.Close())
	})
	for _, s := range manyUsers {
		_, err := db.ExecContext(b.Context(), s)
		require.NoError(b, err)
	}
	for i := range tables {
		name := fmt.Sprintf("t%d", i)
		_, err := db.ExecContext(b.Context(), strings.Replace(usersTable, "users", name, 1))
		require.NoError(b, err)
		made = append(made, name)
	}
	return db
}
