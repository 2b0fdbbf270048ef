package preflight_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/cli/doctor"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// fixture is a database with a pool as underpin opens it.
type fixture struct {
	t  testing.TB
	d  *servers.Database
	db *sql.DB
}

func newFixture(t testing.TB, s *servers.Server) *fixture {
	t.Helper()
	d := s.Database(t)
	return &fixture{t, d, open(t, d.DSN)}
}

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (f *fixture) exec(statements ...string) {
	f.t.Helper()
	for _, statement := range statements {
		_, err := f.db.ExecContext(f.t.Context(), statement)
		require.NoError(f.t, err, statement)
	}
}

// usersTable has a secondary index and text of some length.
const usersTable = `CREATE TABLE %s (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  k INT NOT NULL,
  name VARCHAR(100) NOT NULL,
  pad CHAR(60) NOT NULL,
  KEY k_1 (k)) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin`

// fill makes a table of n rows, the keys without gaps.
func (f *fixture) fill(table string, n int) {
	f.t.Helper()
	f.exec(fmt.Sprintf(usersTable, table))
	for at := 0; at < n; at += 10_000 {
		f.exec(fmt.Sprintf(`INSERT INTO %s (id, k, name, pad)
SELECT n, (n * 7919) %% 1000003, RPAD(SHA2(n, 256), 20 + n %% 60, 'x'), SHA2(n + 2, 224)
FROM (
  SELECT %d + a.i + 10 * b.i + 100 * c.i + 1000 * d.i AS n
  FROM %s AS a, %s AS b, %s AS c, %s AS d) AS numbers
WHERE n <= %d
ORDER BY n`, table, at+1, digits, digits, digits, digits, n))
	}
	f.exec("ANALYZE TABLE " + table)
}

const digits = "(SELECT 0 AS i UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5" +
	" UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"

var (
	idColumn   = migrate.Column{Name: "id", DataType: "bigint", ColumnType: "bigint", Null: migrate.NotNull, AutoIncrement: true}
	kColumn    = migrate.Column{Name: "k", DataType: "int", ColumnType: "int", Null: migrate.NotNull}
	nameColumn = migrate.Column{Name: "name", DataType: "varchar", ColumnType: "varchar(100)", Charset: "utf8mb4", Collation: "utf8mb4_bin", Null: migrate.NotNull}
	padColumn  = migrate.Column{Name: "pad", DataType: "char", ColumnType: "char(60)", Charset: "utf8mb4", Collation: "utf8mb4_bin", Null: migrate.NotNull}
	newColumn  = migrate.Column{Name: "full_name", DataType: "varchar", ColumnType: "varchar(120)", Charset: "utf8mb4", Collation: "utf8mb4_bin", Null: migrate.Nullable}
)

func as(column string, value string) migrate.Assignment {
	return migrate.Assignment{Column: column, Value: migrate.Expression(value)}
}

// columnChange adds a column to users, fills it and drops the old one.
func columnChange() []preflight.Step {
	table := migrate.Table{Name: "users", Key: []migrate.Column{idColumn}, Columns: []migrate.Column{nameColumn, newColumn}}
	return []preflight.Step{
		{Phase: migrate.Expanded, Table: "users", SQL: "ALTER TABLE users ADD COLUMN full_name VARCHAR(120) NULL"},
		{Phase: migrate.Backfilling, Rewrite: &migrate.Mapping{Source: table, Target: table,
			Forward: []migrate.Assignment{as("full_name", "UPPER($row.`name`)")}, Backward: []migrate.Assignment{as("name", "LOWER($row.`full_name`)")}}},
		{Phase: migrate.Contracted, Table: "users", SQL: "ALTER TABLE users DROP COLUMN name"},
	}
}

// tableChange copies users to accounts and drops users.
func tableChange() []preflight.Step {
	columns := []migrate.Column{kColumn, nameColumn, padColumn}
	assign := []migrate.Assignment{as("k", "$row.`k`"), as("name", "$row.`name`"), as("pad", "$row.`pad`")}
	return []preflight.Step{
		{Phase: migrate.Expanded, Table: "accounts", SQL: fmt.Sprintf(usersTable, "accounts")},
		{Phase: migrate.Backfilling, Rewrite: &migrate.Mapping{
			Source:  migrate.Table{Name: "users", Key: []migrate.Column{idColumn}, Columns: columns},
			Target:  migrate.Table{Name: "accounts", Key: []migrate.Column{idColumn}, Columns: columns},
			Forward: assign, Backward: assign}},
		{Phase: migrate.Contracted, Table: "users", SQL: "DROP TABLE users"},
	}
}

// quick is an input whose sample is small.
func (f *fixture) quick(steps ...preflight.Step) preflight.Input {
	return preflight.Input{Steps: steps, SampleFor: 20 * time.Second, SampleRows: 4000, LockWait: time.Second, FreeBytes: 1 << 40,
		Privileges: privileges(f.db)}
}

// privileges is how a caller has doctor look.
func privileges(db *sql.DB) func(context.Context) ([]preflight.Privilege, error) {
	return func(ctx context.Context) (out []preflight.Privilege, err error) {
		found, err := doctor.Examine(ctx, db)
		for mysqlx.Number(err) == mysqlx.CannotConvert {
			found, err = doctor.Examine(ctx, db)
		}
		for _, p := range found.Privileges {
			out = append(out, preflight.Privilege{Name: p.Name, Granted: p.Level == doctor.Fine, Remedy: p.Remedy})
		}
		return out, err
	}
}

// run is a preflight after which no scratch table is left and nothing of the
// user's has changed.
func (f *fixture) run(in preflight.Input) preflight.Report {
	f.t.Helper()
	r, err := preflight.Run(f.t.Context(), f.db, in)
	require.NoError(f.t, err)
	f.requireNoScratch()
	return r
}

func (f *fixture) requireNoScratch() {
	f.t.Helper()
	var n int
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(),
		"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '\\_underpin\\_scratch\\_preflight%'").Scan(&n))
	require.Zero(f.t, n, "a scratch table is left")
}

// checks are those of a code, about an object that begins so.
func checks(r preflight.Report, code preflight.Code, object string) (out []preflight.Check) {
	for _, c := range r.Checks {
		if c.Code == code && strings.HasPrefix(c.Object, object) {
			out = append(out, c)
		}
	}
	return out
}

// only is the one check of a code about an object.
func (f *fixture) only(r preflight.Report, code preflight.Code, object string) preflight.Check {
	f.t.Helper()
	found := checks(r, code, object)
	require.Len(f.t, found, 1, "%s %s in %s", code, object, r.Text())
	return found[0]
}
