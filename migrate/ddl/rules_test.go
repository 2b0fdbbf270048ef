package ddl_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
)

// ladders are the clauses, the gentlest first.
var ladders = map[ddl.Flavour][][2]string{
	ddl.MySQL: {{"INSTANT", ""}, {"INPLACE", "NONE"}, {"INPLACE", "SHARED"}, {"COPY", "NONE"}, {"COPY", "SHARED"}},
	ddl.MariaDB: {
		{"INSTANT", ""}, {"NOCOPY", "NONE"}, {"NOCOPY", "SHARED"}, {"INPLACE", "NONE"}, {"INPLACE", "SHARED"},
		{"COPY", "NONE"}, {"COPY", "SHARED"},
	},
}

// refusing are the error numbers with which the servers refuse a clause.
var refusing = []uint16{1845, 1846}

// seen is a rule and an operation that it was applied to.
type seen struct {
	class ddl.Class
	kind  ddl.Kind
}

// bench is a server and a connection on which fixtures are laid out.
type bench struct {
	t      *testing.T
	conn   *sql.Conn
	server ddl.Server
}

func newBench(t *testing.T, s *servers.Server) *bench {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	server, err := ddl.ReadServer(t.Context(), conn)
	require.NoError(t, err)
	return &bench{t, conn, server}
}

func (b *bench) exec(text string) error {
	_, err := b.conn.ExecContext(b.t.Context(), text)
	return err
}

// lay lays a fixture's tables out anew.
func (b *bench) lay(f fixture) ddl.Server {
	b.t.Helper()
	for _, text := range []string{"SET foreign_key_checks = 0", "DROP TABLE IF EXISTS t, x, p", "DROP VIEW IF EXISTS v", "SET foreign_key_checks = 1"} {
		require.NoError(b.t, b.exec(text))
	}
	for _, text := range f.setup {
		require.NoError(b.t, b.exec(text), text)
	}
	if f.checks == ddl.ChecksOff {
		require.NoError(b.t, b.exec("SET foreign_key_checks = 0"))
	}
	server, err := ddl.ReadServer(b.t.Context(), b.conn)
	require.NoError(b.t, err)
	require.Equal(b.t, f.checks, server.ForeignKeyChecks)
	return server
}

// judge parses the fixture's statement and judges it by the table as it is.
func (b *bench) judge(f fixture, server ddl.Server) (*ddl.Statement, ddl.Verdict) {
	b.t.Helper()
	s := parseOne(b.t, f.sql)
	var table *ddl.Table
	if s.Form == ddl.AlterTable || s.Form == ddl.CreateIndex || s.Form == ddl.DropIndex {
		var err error
		table, err = ddl.ReadTable(b.t.Context(), b.conn, server, s.Table())
		require.NoError(b.t, err)
	}
	v, err := ddl.Judge(server, table, s)
	require.NoError(b.t, err)
	return s, v
}

func parseOne(t testing.TB, text string) *ddl.Statement {
	t.Helper()
	list, err := ddl.Parse("test", text)
	require.NoError(t, err)
	require.Len(t, list, 1)
	return &list[0]
}

// TestRules executes every row of the classification that says it was checked
// on a server: the verdict's clauses are accepted, all gentler ones refused.
func TestRules(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		b := newBench(t, s)
		met := map[seen]bool{}
		for _, f := range fixtures {
			want := f.mysql
			if b.server.Flavour == ddl.MariaDB {
				want = f.mariadb
			}
			if want == "" {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				b := &bench{t, b.conn, b.server}
				statement, v := b.judge(f, b.lay(f))
				require.Equal(t, string(want), string(v.Class), "%s: %v", f.sql, v.Parts)
				require.NotEmpty(t, v.Words())
				b.climb(statement, v)
				for _, p := range v.Parts {
					met[seen{p.Rule.Class, p.Operation.Kind}] = true
				}
			})
		}
		for _, r := range ddl.Rules() {
			for _, kind := range r.Kinds {
				if r.Flavour == b.server.Flavour && r.Checked == ddl.OnServer && r.Class != ddl.Missing {
					require.True(t, met[seen{r.Class, kind}], "no fixture meets %s: %s", kind, r.Class)
				}
			}
		}
	})
}

// climb tries all clauses gentler than the verdict's, which the server has to
// refuse, and then the verdict's.
func (b *bench) climb(s *ddl.Statement, v ddl.Verdict) {
	b.t.Helper()
	lax := slices.ContainsFunc(v.Parts, func(p ddl.Part) bool { return p.Rule.Lax })
	ladder := ladders[b.server.Flavour]
	if v.Algorithm != "" && !lax {
		top := slices.IndexFunc(ladder, func(c [2]string) bool { return c[0] == v.Algorithm && (c[1] == v.Lock || c[1] == "") })
		require.GreaterOrEqual(b.t, top, 0, "%s %s", v.Algorithm, v.Lock)
		for _, c := range ladder[:top] {
			text := ddl.Assert(s, ddl.Verdict{Algorithm: c[0], Lock: c[1]})
			err := b.exec(text)
			require.Error(b.t, err, "the server accepts %s: the rule is too hard", text)
			require.Contains(b.t, refusing, mysqlx.Number(err), "%s: %s", text, err)
		}
	}
	require.NoError(b.t, b.exec(ddl.Assert(s, v)), ddl.Assert(s, v))
}

// TestRowVersions uses the budget of instant operations up: the verdict
// changes with the very operation that the server refuses.
func TestRowVersions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		b := newBench(t, s)
		const many = 260 // more than any budget
		require.NoError(t, b.exec("CREATE TABLE `t-1` (id INT PRIMARY KEY)"))
		instant := 0
		for i := range many {
			f := fixture{sql: fmt.Sprintf("ALTER TABLE `t-1` ADD COLUMN c%d TINYINT", i)}
			statement, v := b.judge(f, b.server)
			if v.Class != ddl.Instant {
				require.Equal(t, ddl.InPlaceRebuild, v.Class)
				require.Equal(t, ddl.MySQL, b.server.Flavour, "MariaDB has no budget")
				err := b.exec(ddl.Assert(statement, ddl.Verdict{Algorithm: "INSTANT"}))
				require.Error(t, err, "the server would still do it instantly, after %d", instant)
				why, refused := ddl.ClauseRefused(err)
				require.True(t, refused, "%v", err)
				require.Contains(t, why, "row versions")
				require.NoError(t, b.exec(ddl.Assert(statement, v)))
				break
			}
			require.NoError(t, b.exec(ddl.Assert(statement, v)), "after %d", instant)
			instant++
		}
		want := map[ddl.Flavour]int{ddl.MySQL: 255, ddl.MariaDB: many}
		require.Equal(t, want[b.server.Flavour], instant)
		// The rebuild has given the budget back.
		table, err := ddl.ReadTable(t.Context(), b.conn, b.server, "t-1")
		require.NoError(t, err)
		require.Zero(t, table.RowVersions)
	})
}

// TestSystemVersioned: tables that keep their history are refused by name.
func TestSystemVersioned(t *testing.T) {
	b := newBench(t, servers.ForTest(t, servers.MariaDB))
	require.NoError(t, b.exec("CREATE TABLE t (id INT PRIMARY KEY) WITH SYSTEM VERSIONING"))
	table, err := ddl.ReadTable(t.Context(), b.conn, b.server, "t")
	require.NoError(t, err)
	_, err = ddl.Judge(b.server, table, parseOne(t, "ALTER TABLE t ADD COLUMN n INT"))
	require.ErrorIs(t, err, ddl.ErrUnsupported)
	require.ErrorContains(t, err, "system-versioned")
	require.Error(t, b.exec("ALTER TABLE t ADD COLUMN n INT"), "the server refuses it as well")
}

// TestRowSize: a row that grows past the page is the server's to refuse, and
// nothing is changed.
func TestRowSize(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		b := newBench(t, s)
		require.NoError(t, b.exec("CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(16000) CHARACTER SET utf8mb4)"))
		f := fixture{sql: "ALTER TABLE t ADD COLUMN n VARCHAR(1000) CHARACTER SET utf8mb4"}
		statement, v := b.judge(f, b.server)
		const rowTooLarge = 1118
		err := b.exec(ddl.Assert(statement, v))
		require.Equal(t, uint16(rowTooLarge), mysqlx.Number(err), "%v", err)
		table, err := ddl.ReadTable(t.Context(), b.conn, b.server, "t")
		require.NoError(t, err)
		require.Len(t, table.Columns, 2)
	})
}

// TestReadTableTakesNoLock: a transaction that holds rows, and one that waits
// for the table's metadata lock, do not hold ReadTable up.
func TestReadTableTakesNoLock(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		b := newBench(t, s)
		require.NoError(t, b.exec("CREATE TABLE t (id INT PRIMARY KEY)"))
		require.NoError(t, b.exec("LOCK TABLES t WRITE"))
		db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{})
		require.NoError(t, err)
		defer db.Close()
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		var schema string
		require.NoError(t, b.conn.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(&schema))
		_, err = conn.ExecContext(t.Context(), "USE "+mysqlx.Quote(schema))
		require.NoError(t, err)
		_, err = conn.ExecContext(t.Context(), "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1")
		require.NoError(t, err)
		table, err := ddl.ReadTable(context.WithoutCancel(t.Context()), conn, b.server, "t")
		require.NoError(t, err)
		require.Len(t, table.Columns, 1)
		require.NoError(t, b.exec("UNLOCK TABLES"))
	})
}

// victim is a connection whose n-th query is the victim of a deadlock.
type victim struct {
	mysqlx.Querier
	left int
}

func (v *victim) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if v.left--; v.left == 0 {
		return nil, &mysql.MySQLError{Number: 1213, Message: "Deadlock found when trying to get lock"}
	}
	return v.Querier.QueryContext(ctx, query, args...)
}

// TestReadTableSurvivesADeadlock: MySQL opens a table to see how large it is.
func TestReadTableSurvivesADeadlock(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		b := newBench(t, s)
		require.NoError(t, b.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT, KEY k (v))"))
		want, err := ddl.ReadTable(t.Context(), b.conn, b.server, "t")
		require.NoError(t, err)
		for n := 1; ; n++ {
			v := &victim{b.conn, n}
			got, err := ddl.ReadTable(t.Context(), v, b.server, "t")
			require.NoError(t, err)
			require.Equal(t, want, got, "what was read before is read once")
			if v.left > 0 {
				require.Greater(t, n, 6)
				return
			}
		}
	})
}
