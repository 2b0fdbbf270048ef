package preflight_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// Tables of every kind of key and size: each is measured, or said to be
// unknown, and none is taken for fine without a look.
func TestTablesOfEveryKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ddl  []string
		rows uint64
		// sampled is how many rows a statement is tried on.
		sampled uint64
	}{
		"empty":     {[]string{"CREATE TABLE t (id INT PRIMARY KEY, v INT)"}, 0, 0},
		"one row":   {[]string{"CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (7, 1)"}, 1, 1},
		"no key":    {[]string{"CREATE TABLE t (v INT)", "INSERT INTO t VALUES (1), (1), (2)"}, 3, 3},
		"text key":  {[]string{"CREATE TABLE t (id VARCHAR(20) PRIMARY KEY, v INT)", "INSERT INTO t VALUES ('a', 1), ('ß', 2), ('😀', 3)"}, 3, 3},
		"composite": {[]string{"CREATE TABLE t (a INT, b VARBINARY(8), v INT, PRIMARY KEY (a, b))", "INSERT INTO t VALUES (1, 'x', 1), (1, 'y', 2)"}, 2, 2},
		"extremes": {[]string{"CREATE TABLE t (id BIGINT PRIMARY KEY, v INT)",
			"INSERT INTO t VALUES (-9223372036854775808, 1), (0, 2), (9223372036854775807, 3)"}, 3, 3},
		"unsigned": {[]string{"CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1), (18446744073709551615, 3)"}, 2, 2},
		"generated": {[]string{"CREATE TABLE t (id INT PRIMARY KEY, v INT, w INT AS (v + 1) STORED, x INT AS (v + 2) VIRTUAL)",
			"INSERT INTO t (id, v) VALUES (1, 1), (2, 2)"}, 2, 2},
		"odd types": {[]string{"CREATE TABLE t (id INT PRIMARY KEY, v BIT(3), j JSON, g POINT, e ENUM('a', 'b'), b BLOB)",
			`INSERT INTO t VALUES (1, b'101', '{"a": 1}', ST_GeomFromText('POINT(1 2)'), 'b', 0x00FF)`}, 1, 1},
		"partitions": {[]string{"CREATE TABLE t (id INT, v INT, PRIMARY KEY (id)) PARTITION BY HASH (id) PARTITIONS 4",
			"INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)"}, 5, 5},
		// MariaDB has no such word, and ignores such a comment. Without a file of its own a table is not flushed.
		"shared file": {[]string{"CREATE TABLE t (id INT PRIMARY KEY, v INT) /*!80000 TABLESPACE innodb_system */", "INSERT INTO t VALUES (1, 1), (2, 2)"}, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				f := newFixture(t, s)
				f.exec(c.ddl...)
				r := f.run(f.quick(preflight.Step{Phase: migrate.Expanded, Table: "t", SQL: "ALTER TABLE t ADD COLUMN extra INT NULL"},
					preflight.Step{Phase: migrate.Expanded, Table: "t", SQL: "ALTER TABLE t FORCE"}))
				require.Equal(t, c.rows, r.Tables[0].Rows, r.Text())
				require.True(t, r.Tables[0].Exact)
				for _, step := range r.Steps {
					require.NotNil(t, step.Time, "%s: %s", step.What, step.Why)
					require.Equal(t, c.sampled, step.Sample.Rows)
				}
				if name == "partitions" {
					require.Equal(t, 4, r.Tables[0].Partitions)
				}
			})
		})
	}
}

// Who has no RELOAD has his samples measured all the same.
func TestWithoutReload(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 100)
		f.db = open(t, f.d.User(t, "ALL"))
		r := f.run(f.quick(preflight.Step{Phase: migrate.Expanded, Table: "users", SQL: "ALTER TABLE users FORCE"}))
		require.NotNil(t, r.Steps[0].Time, r.Steps[0].Why)
		require.EqualValues(t, 100, r.Steps[0].Sample.Rows)
		f.requireNoScratch()
	})
}

// Names that need care, with a row of four-byte characters about.
func TestOddNames(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		for _, name := range []string{"a`b", "select", "with space", "pipe|and_under*score", strings.Repeat("n", 64), "ключ"} {
			quoted := "`" + strings.ReplaceAll(name, "`", "``") + "`"
			f.exec("CREATE TABLE "+quoted+" (id INT PRIMARY KEY, v VARCHAR(9))", "INSERT INTO "+quoted+" VALUES (1, '😀')")
			r := f.run(f.quick(preflight.Step{Table: name, SQL: "ALTER TABLE " + quoted + " ADD COLUMN `x|y` INT"}))
			require.NotNil(t, r.Steps[0].Time, "%s: %s", name, r.Steps[0].Why)
			for _, line := range strings.Split(r.Markdown(), "\n") {
				if strings.HasPrefix(line, "| ") {
					require.True(t, strings.HasSuffix(line, " |"), line)
				}
			}
		}
	})
}

// Statements that the server, or the rows, do not take.
func TestStatementsThatFail(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.exec("CREATE TABLE parent (id INT PRIMARY KEY)",
			"CREATE TABLE t (id INT PRIMARY KEY, v INT, w VARCHAR(20))", "INSERT INTO t VALUES (1, 7, 'long enough'), (2, 7, NULL)")
		for _, c := range []struct {
			sql    string
			want   preflight.Status
			reason string
		}{
			{"ALTER TABLE t ADD UNIQUE KEY u (v)", preflight.No, "Duplicate entry"},
			{"ALTER TABLE t MODIFY w VARCHAR(2)", preflight.No, "truncated"},
			{"ALTER TABLE t DROP COLUMN missing", preflight.No, "missing"},
			{"ALTER TABLE t ADD CONSTRAINT low CHECK (v < 5)", preflight.No, "CONSTRAINT"},
			{"ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (v) REFERENCES parent (id)", preflight.Unknown, "foreign key would lock"},
			{"ALTER TABLE t RENAME TO u", preflight.Unknown, "renames"},
			{"ALTER TABLE t FROBNICATE", preflight.Unknown, "beyond the parser"},
		} {
			r := f.run(f.quick(preflight.Step{Table: "t", SQL: c.sql}))
			check := f.only(r, preflight.CodeStatement, "t: ")
			require.Equal(t, c.want, check.Status, c.sql)
			require.Contains(t, strings.ToUpper(check.What), strings.ToUpper(c.reason), c.sql)
			require.NotContains(t, check.What, "_underpin_scratch", "the words are about the live table")
			require.NotEqual(t, preflight.Go, r.Verdict)
			require.Nil(t, r.Steps[0].Time)
		}
		r := f.run(f.quick(preflight.Step{Table: "nowhere", SQL: "ALTER TABLE nowhere ADD COLUMN x INT"}))
		require.Equal(t, preflight.No, f.only(r, preflight.CodeTable, "nowhere").Status)
		require.Equal(t, preflight.NoGo, r.Verdict)
	})
}

// What has a word of one server's own is tried to the letter.
func TestWordsOfOneServer(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.exec("CREATE TABLE parent (id INT PRIMARY KEY)",
			"CREATE TABLE t (id INT PRIMARY KEY, v INT, w VARCHAR(20), KEY by_v (v))", "INSERT INTO t VALUES (1, 7, 'long enough'), (2, 7, NULL)")
		hidden := map[servers.Engine]string{servers.MySQL: "INVISIBLE", servers.MariaDB: "IGNORED"}[s.Engine()]
		for _, sql := range []string{
			"ALTER TABLE t MODIFY COLUMN v INT DEFAULT NULL INVISIBLE",
			"ALTER TABLE t ALTER INDEX by_v " + hidden,
		} {
			r := f.run(f.quick(preflight.Step{Table: "t", SQL: sql}))
			require.NotNil(t, r.Steps[0].Time, "%s: %s", sql, r.Steps[0].Why)
			require.True(t, r.Steps[0].Class.Gentle(), sql)
		}
		for _, sql := range []string{
			"ALTER TABLE t MODIFY COLUMN v INT INVISIBLE, ADD CONSTRAINT f FOREIGN KEY (v) REFERENCES parent (id)",
			"ALTER TABLE t MODIFY COLUMN v INT INVISIBLE, ADD CONSTRAINT low CHECK (v < 9)",
			"ALTER TABLE t MODIFY COLUMN v INT INVISIBLE, RENAME TO u",
		} {
			r := f.run(f.quick(preflight.Step{Table: "t", SQL: sql}))
			require.Equal(t, preflight.Unknown, f.only(r, preflight.CodeStatement, "t: ").Status, sql)
		}
	})
}

// Statements that are not tried are timed by a rebuild, where they are one; and
// a class that is too good to be true is found out.
func TestClassesThatAreGiven(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 2_000)
		f.exec("CREATE TABLE parent (id INT PRIMARY KEY)")
		byCopy := ddl.Copy
		in := f.quick(preflight.Step{Table: "users", SQL: "ALTER TABLE users ADD FOREIGN KEY (k) REFERENCES parent (id)", Class: byCopy},
			preflight.Step{Table: "users", SQL: "ALTER TABLE users FORCE", Class: ddl.Instant})
		in.MaxWritesWait = 1
		r := f.run(in)
		require.NotNil(t, r.Steps[0].Time)
		require.Contains(t, r.Steps[0].Why, "foreign key")
		require.Equal(t, byCopy, r.Steps[0].Class)
		require.Equal(t, preflight.No, f.only(r, preflight.CodeWritesWait, "users").Status)
		statements := checks(r, preflight.CodeStatement, "users")
		require.Len(t, statements, 2)
		require.Equal(t, preflight.Unknown, statements[0].Status)
		require.Equal(t, preflight.Care, statements[1].Status)
		require.Contains(t, statements[1].What, "the plan says instant")
	})
}

// On MySQL a table may be changed instantly so many times; a scratch table has
// had none of them.
func TestRowVersions(t *testing.T) {
	t.Parallel()
	s := servers.ForTest(t, servers.MySQL)
	f := newFixture(t, s)
	for _, name := range []string{"plain", "Parted"} {
		parts := ""
		if name == "Parted" {
			parts = " PARTITION BY HASH (id) PARTITIONS 2"
		}
		f.exec("CREATE TABLE " + name + " (id INT PRIMARY KEY, v INT)" + parts)
		step := preflight.Step{Table: name, SQL: "ALTER TABLE " + name + " ADD COLUMN w INT"}
		require.Contains(t, f.only(f.run(f.quick(step)), preflight.CodeRowVersions, name).What, "0 of 255")
		for n := range 3 {
			f.exec(fmt.Sprintf("ALTER TABLE %s ADD COLUMN x%d INT, ALGORITHM=INSTANT", name, n))
		}
		require.Contains(t, f.only(f.run(f.quick(step)), preflight.CodeRowVersions, name).What, "3 of 255")
	}
	for n := 3; n < 255; n++ {
		f.exec(fmt.Sprintf("ALTER TABLE plain ADD COLUMN x%d INT, ALGORITHM=INSTANT", n))
	}
	r := f.run(f.quick(preflight.Step{Table: "plain", SQL: "ALTER TABLE plain ADD COLUMN w INT"}))
	require.Equal(t, preflight.No, f.only(r, preflight.CodeRowVersions, "plain").Status, r.Text())
	_, err := f.db.ExecContext(t.Context(), "ALTER TABLE plain ADD COLUMN w INT, ALGORITHM=INSTANT")
	require.Error(t, err, "and so it is")
}

// A statement that only copies keeps writers waiting, and says for how long.
func TestWritesWait(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 4_000)
		in := f.quick(preflight.Step{Table: "users", SQL: "ALTER TABLE users MODIFY k BIGINT NOT NULL"})
		in.MaxWritesWait = 1
		r := f.run(in)
		require.Equal(t, ddl.Copy, r.Steps[0].Class)
		require.Equal(t, preflight.No, f.only(r, preflight.CodeWritesWait, "users").Status)
		require.Equal(t, preflight.NoGo, r.Verdict)
		in.MaxWritesWait = 1 << 60
		require.Equal(t, preflight.Care, f.only(f.run(in), preflight.CodeWritesWait, "users").Status)
	})
}

// An index is built in place, sorts, and needs room for itself alone.
func TestIndexBuild(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 20_000)
		in := f.quick(preflight.Step{Table: "users", SQL: "CREATE INDEX by_name ON users (name)"},
			preflight.Step{Table: "users", SQL: "ALTER TABLE users FORCE"})
		in.SampleRows = 10_000
		r := f.run(in)
		build, rebuild := r.Steps[0], r.Steps[1]
		require.Equal(t, ddl.InPlace, build.Class)
		require.Equal(t, ddl.InPlaceRebuild, rebuild.Class)
		require.Positive(t, build.Sort)
		require.Greater(t, rebuild.Bytes, build.Bytes)
		require.Len(t, checks(r, preflight.CodeOnlineLog, "users"), 2)
		require.Len(t, checks(r, preflight.CodeTemporary, ""), 1)
	})
}

// A user without the grants: a no for what the plan takes, unknown for what
// cannot be seen, and no error.
func TestMissingPrivileges(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 100)
		db := open(t, f.d.User(t, "SELECT", "INSERT"))
		in := f.quick(columnChange()...)
		in.Privileges = privileges(db)
		r, err := preflight.Run(t.Context(), db, in)
		require.NoError(t, err)
		require.Equal(t, preflight.NoGo, r.Verdict)
		for name, want := range map[string]preflight.Status{
			"ALTER": preflight.No, "CREATE": preflight.No, "DROP": preflight.No, "SELECT": preflight.OK, "INSERT": preflight.OK,
		} {
			c := f.only(r, preflight.CodePrivilege, name)
			require.Equal(t, want, c.Status, name)
			require.Equal(t, want == preflight.No, strings.HasPrefix(c.Remedy, "GRANT "+name+" ON"), c.Remedy)
		}
		require.Equal(t, preflight.No, checks(r, preflight.CodePrivilege, "users:")[0].Status, "the scratch table shows it as well")
		blocker := f.only(r, preflight.CodeBlocker, "users")
		require.Equal(t, preflight.Unknown, blocker.Status)
		require.Contains(t, blocker.Remedy, "PROCESS")
		require.Equal(t, preflight.Unknown, f.only(r, preflight.CodeReplicas, "").Status)

		blind := open(t, f.d.User(t, "CREATE"))
		in.Privileges = nil
		r, err = preflight.Run(t.Context(), blind, in)
		require.NoError(t, err)
		require.NotEqual(t, preflight.Go, r.Verdict)
	})
}

// A foreign key takes REFERENCES on MySQL, which is named where it is missing and
// the plan makes one; MariaDB is content with any privilege on the rows.
func TestMissingReferences(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 100)
		db := open(t, f.d.User(t, "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX"))
		want := map[servers.Engine]preflight.Status{servers.MySQL: preflight.No, servers.MariaDB: preflight.OK}[s.Engine()]
		for _, statement := range []string{
			"ALTER TABLE users ADD CONSTRAINT self FOREIGN KEY (k) REFERENCES users (id)",
			"ALTER TABLE users ADD COLUMN parent BIGINT NULL, ADD CONSTRAINT self FOREIGN KEY (parent) REFERENCES users (id)",
			"CREATE TABLE pets (id BIGINT PRIMARY KEY, CONSTRAINT owned FOREIGN KEY (id) REFERENCES users (id))",
		} {
			in := f.quick(preflight.Step{Phase: migrate.Expanded, Table: "users", SQL: statement})
			in.Privileges = privileges(db)
			r, err := preflight.Run(t.Context(), db, in)
			require.NoError(t, err)
			c := f.only(r, preflight.CodePrivilege, "REFERENCES")
			require.Equal(t, want, c.Status, statement)
			require.Equal(t, want == preflight.No, r.Verdict == preflight.NoGo, "%s: %s", statement, r.Text())
			require.Equal(t, want == preflight.No, strings.HasPrefix(c.Remedy, "GRANT REFERENCES ON"), c.Remedy)
		}
		in := f.quick(columnChange()...)
		in.Privileges = privileges(db)
		r, err := preflight.Run(t.Context(), db, in)
		require.NoError(t, err)
		require.Empty(t, checks(r, preflight.CodePrivilege, "REFERENCES"), "nothing takes it")
	})
}

// The server's estimate may be anything: the key's ends bound it, the bytes
// contradict it, and numbers beyond all measure do not wrap around.
func TestWildEstimates(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		if s.Engine() == servers.MariaDB {
			s = servers.Private(t, servers.Options{Engine: servers.MariaDB})
		}
		f := newFixture(t, s)
		f.fill("users", 12_000)
		f.exec("CREATE TABLE byname (name VARCHAR(120) PRIMARY KEY, v INT)", "INSERT INTO byname SELECT CONCAT(name, id), k FROM users", "ANALYZE TABLE byname")
		f.exec("ALTER TABLE users STATS_AUTO_RECALC=0", "ALTER TABLE byname STATS_AUTO_RECALC=0")
		f.wild("users", 9_000_000_000, 200_000_000, "30 DAY")
		f.wild("byname", 9_000_000_000_000_000_000, 1_000, "1 HOUR")
		if s.Engine() == servers.MariaDB { // which reads them at its start only
			require.NoError(t, s.Restart(t.Context()))
			f.db = open(t, f.d.DSN)
		}
		rebuild := func(table string) preflight.Step {
			return preflight.Step{Table: table, SQL: "ALTER TABLE " + table + " FORCE"}
		}
		in := f.quick(rebuild("users"))
		in.SampleRows = 1000
		r := f.run(in)
		require.EqualValues(t, 12_000, r.Tables[0].Rows, "the key has no room for more")
		require.Equal(t, "span of the key", r.Tables[0].RowsFrom)
		require.Equal(t, preflight.NoGo, r.Verdict, "by its bytes the table is larger than the disk")
		stale := checks(r, preflight.CodeStatistics, "users")
		require.GreaterOrEqual(t, len(stale), 2)
		for _, c := range stale {
			require.Equal(t, preflight.Care, c.Status, c.What)
		}

		in = f.quick(rebuild("byname"))
		in.SampleRows = 1000
		r = f.run(in)
		require.Greater(t, r.Tables[0].Rows, uint64(1)<<60)
		require.Greater(t, r.Steps[0].Time.Expected, 1e6)
		require.Greater(t, r.Steps[0].Bytes, uint64(1)<<60)
		require.Equal(t, preflight.No, f.only(r, preflight.CodeDisk, "").Status)
		require.Contains(t, r.Text(), "the table's bytes are those of")
	})
}

// wild sets a table's statistics, its size in pages among them.
func (f *fixture) wild(table string, rows, pages uint64, age string) {
	f.t.Helper()
	f.exec(fmt.Sprintf("UPDATE mysql.innodb_table_stats SET n_rows = %d, clustered_index_size = %d, last_update = NOW() - INTERVAL %s"+
		" WHERE database_name = '%s' AND table_name = '%s'", rows, pages, age, f.d.Name, table), "FLUSH TABLE "+table)
}

// A caller who gives up gets an error, never half a report.
func TestCancelled(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := preflight.Run(ctx, f.db, f.quick(columnChange()...))
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, r)
	})
}
