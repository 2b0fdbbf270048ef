package shape

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// open opens a pool with the settings that the statements are for.
func open(t testing.TB, s *servers.Server) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func run(t testing.TB, db mysqlx.Querier, statements ...Statement) (changed int64) {
	t.Helper()
	for _, q := range statements {
		res, err := db.ExecContext(t.Context(), q.SQL, q.Args...)
		require.NoError(t, err, q.SQL)
		n, err := res.RowsAffected()
		require.NoError(t, err)
		changed += n
	}
	return changed
}

func plain(t testing.TB, db mysqlx.Querier, statements ...string) {
	t.Helper()
	for _, s := range statements {
		run(t, db, Statement{SQL: s})
	}
}

func value(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	var v sql.NullString
	require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&v), query)
	if !v.Valid {
		return "NULL"
	}
	return v.String
}

func compare(t testing.TB, db *sql.DB, m *Mapper, rule migrate.StepRule, scope Scope) Counts {
	t.Helper()
	var c Counts
	q := m.Compare(rule, scope)
	require.NoError(t, db.QueryRowContext(t.Context(), q.SQL, q.Args...).Scan(c.Dest()...), q.SQL)
	return c
}

func keysOf(t testing.TB, db *sql.DB, m *Mapper, q Statement) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), q.SQL, q.Args...)
	require.NoError(t, err, q.SQL)
	defer rows.Close()
	var out []string
	for rows.Next() {
		key, err := m.ScanKey(rows)
		require.NoError(t, err)
		out = append(out, key.String())
	}
	require.NoError(t, rows.Err())
	return out
}

const (
	usersTable    = "CREATE TABLE users (tenant INT, code VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, name VARCHAR(100) NULL, n INT NULL, PRIMARY KEY (tenant, code))"
	accountsTable = "CREATE TABLE accounts (tenant INT, code VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, label VARCHAR(50) NULL, n INT NULL, PRIMARY KEY (tenant, code))"
	splitTable    = "CREATE TABLE users (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(100) NULL, first VARCHAR(50) NULL, last CHAR(50) NULL, updated_at TIMESTAMP NOT NULL DEFAULT '2001-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP)"
)

// A table that profiles are merged into, and the profiles.
const (
	personsTable = "CREATE TABLE users (id BIGINT PRIMARY KEY, visits INT NOT NULL DEFAULT 0, story VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL," +
		" marks INT NOT NULL DEFAULT 7, updated_at TIMESTAMP NOT NULL DEFAULT '2001-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP)"
	profilesTable = "CREATE TABLE profiles (id BIGINT PRIMARY KEY, bio VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL, n INT NULL)"
)

// Both servers take every statement that can be rendered, of every kind of
// mapping and scope.
func TestServersTakeEveryStatement(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range []struct {
			name    string
			ddl     []string
			mapping migrate.Mapping
			key     func(int64) Key
			least   int
		}{
			{"table change", []string{usersTable, accountsTable}, tableChange(), compositeKey, 80},
			{"column change", []string{splitTable}, columnChange(), numberKey, 70},
			{"merge", []string{personsTable, profilesTable}, mergeChange(), signedKey, 70},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				db := open(t, s)
				plain(t, db, c.ddl...)
				m, err := New("split", c.mapping)
				require.NoError(t, err)
				all := everyStatement(t, m, c.key)
				require.GreaterOrEqual(t, len(all), c.least)
				for name, statements := range all {
					for _, q := range statements {
						_, err := db.ExecContext(t.Context(), q.SQL, q.Args...)
						require.NoError(t, err, "%s\n%s", name, q.SQL)
					}
				}
			})
		}
	})
}

// The conditions on a range make both servers read the range by its index, not
// the table.
func TestRangesAreReadByTheIndex(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		plain(t, db, usersTable, accountsTable, "CREATE TABLE digits (i INT)", "INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
		for _, into := range []string{"users (tenant, code, name, n)", "accounts (tenant, code, label, n)"} {
			plain(t, db, "INSERT INTO "+into+" SELECT a.i, CONCAT('k', b.i, c.i, d.i), 'x', 1 FROM digits a, digits b, digits c, digits d")
		}
		plain(t, db, "ANALYZE TABLE users, accounts")
		m, err := New("split", tableChange())
		require.NoError(t, err)
		scope := Range(Key{int64(3), "k500"}, Key{int64(3), "k600"})
		for _, q := range []Statement{m.Boundary(Forward, scope, 50), m.Lock(Forward, scope), m.FollowerAny(Forward, scope)} {
			access, rows := explained(t, db, q)
			require.Equal(t, "range", access, q.SQL)
			require.Less(t, rows, 3000.0, q.SQL)
		}
		scope = Keys(Key{int64(3), "k500"}, Key{int64(4), "k600"})
		access, rows := explained(t, db, m.Lock(Forward, scope))
		require.Equal(t, "range", access)
		require.LessOrEqual(t, rows, 4.0)
	})
}

// explained returns how the first table of a plan is read, and how many rows
// the server expects.
func explained(t testing.TB, db *sql.DB, q Statement) (access string, expected float64) {
	t.Helper()
	_, text, ok := strings.Cut(q.SQL, "*/")
	require.True(t, ok)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, _ = conn.ExecContext(t.Context(), "SET SESSION explain_format = 'TRADITIONAL'") // MariaDB has this form only
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN "+text, q.Args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	require.True(t, rows.Next())
	values, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	require.NoError(t, rows.Scan(dest...))
	for i, name := range columns {
		switch strings.ToLower(name) {
		case "type":
			access = values[i].String
		case "rows":
			_, err := fmt.Sscan(values[i].String, &expected)
			require.NoError(t, err)
		}
	}
	return access, expected
}

func TestReconcileBothWays(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		plain(t, db, usersTable, accountsTable,
			"INSERT INTO users VALUES (1, 'a', 'anna', 1), (1, 'b', 'bob', 2), (2, 'a', 'carl', 3), (2, 'b', 'not chosen', 0), (3, 'z', NULL, 1)",
			"INSERT INTO accounts VALUES (1, 'a', 'ANNA', 1), (1, 'b', 'OLD', 9), (2, 'B', 'NOT CHOSEN', 0), (9, 'x', 'ORPHAN', 1)")
		m, err := New("split", tableChange())
		require.NoError(t, err)
		require.Equal(t, Counts{Compared: 6, Missing: 2, Extra: 2, Different: 1}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
		require.ElementsMatch(t, []string{`1, "b"`, `2, "a"`, `3, "z"`, `2, "B"`, `9, "x"`},
			keysOf(t, db, m, m.Differing(migrate.StepExact, Range(nil, nil), 10)))

		require.Positive(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, Keys(Key{int64(1), "b"}))...))
		require.Equal(t, "BOB", value(t, db, "SELECT label FROM accounts WHERE tenant = 1 AND code = 'b'"))
		require.Equal(t, "1", value(t, db, "SELECT COUNT(*) FROM accounts WHERE tenant = 9"), "outside the scope")

		require.Positive(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...))
		require.Equal(t, Counts{Compared: 4}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
		require.Zero(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...), "done again it changes nothing")
		require.Equal(t, "NULL", value(t, db, "SELECT label FROM accounts WHERE tenant = 3"))

		// Backward: a source row outside the mapping's condition is nobody's orphan.
		plain(t, db, "UPDATE accounts SET label = 'DORA' WHERE tenant = 1 AND code = 'a'", "DELETE FROM accounts WHERE tenant = 3")
		run(t, db, m.Reconcile(Backward, migrate.StepEither, Range(nil, nil))...)
		require.Equal(t, "dora", value(t, db, "SELECT name FROM users WHERE tenant = 1 AND code = 'a'"))
		require.Equal(t, "0", value(t, db, "SELECT COUNT(*) FROM users WHERE tenant = 3"))
		require.Equal(t, "1", value(t, db, "SELECT COUNT(*) FROM users WHERE name = 'not chosen'"))
	})
}

func TestEitherSpareWhatOneDirectionExplains(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		plain(t, db, usersTable, accountsTable, "INSERT INTO users VALUES (1, 'a', 'anna', 1)", "INSERT INTO accounts VALUES (1, 'a', 'Anna', 1)")
		m, err := New("split", tableChange())
		require.NoError(t, err)
		require.Zero(t, run(t, db, m.Reconcile(Forward, migrate.StepEither, Range(nil, nil))...))
		require.Equal(t, Counts{Compared: 1, Finer: 1}, compare(t, db, m, migrate.StepEither, Range(nil, nil)))
		require.EqualValues(t, 1, run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...))
		require.Equal(t, "ANNA", value(t, db, "SELECT label FROM accounts"))
	})
}

func TestColumnChangeKeepsWhatTheServerWouldBump(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		plain(t, db, splitTable, "INSERT INTO users (id, name) VALUES (0, 'Anna Bell'), (18446744073709551615, 'Carl')")
		m, err := New("split", columnChange())
		require.NoError(t, err)
		run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...)
		require.Equal(t, Counts{Compared: 2}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
		require.Equal(t, "2", value(t, db, "SELECT COUNT(*) FROM users WHERE updated_at = '2001-01-01 00:00:00'"))
		require.Equal(t, "Bell", value(t, db, "SELECT last FROM users WHERE id = 0"))
		require.Equal(t, []string{"18446744073709551615"}, keysOf(t, db, m, m.Boundary(Forward, Range(Key{uint64(0)}, nil), 1)))
		require.Empty(t, keysOf(t, db, m, m.Boundary(Forward, Range(Key{uint64(18446744073709551615)}, nil), 1)))
	})
}
