package desired_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/desired"
)

// typed is a table as somebody types it, and dearer the same with a change.
const typed = "create table t (id integer primary key, name character varying(20) default null, key (name))"

var dearer = strings.ReplaceAll(typed, "(20)", "(30)")

// diffOf is what Diff finds over a pool.
func diffOf(t *testing.T, db *sql.DB, want string) []string {
	t.Helper()
	got, err := desired.Diff(t.Context(), db, source(want), desired.Options{})
	require.NoError(t, err)
	return got
}

// What a temporary table cannot be, or is not made in the same way, is compared
// on a scratch table as ever.
func TestATemporaryTableCannotTell(t *testing.T) {
	for name, c := range map[string]struct{ want, other string }{
		"FULLTEXT":   {"create table t (id integer primary key, body text, fulltext key words (body))", "body text|body longtext"},
		"compressed": {"create table t (id integer primary key) row_format=compressed", "integer|bigint"},
		"partitions": {"create table t (id integer primary key) partition by hash (id) partitions 3", "integer|bigint"},
		"MyISAM":     {"create table t (id integer primary key) engine=myisam", "integer|bigint"},
	} {
		t.Run(name, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				db := pool(t, s.Database(t).DSN)
				if _, err := db.ExecContext(t.Context(), c.want); err != nil {
					require.Equal(t, "compressed", name, err) // MariaDB may be told to refuse those
					return
				}
				require.Empty(t, alike(t, db, c.want))
				require.Empty(t, diffOf(t, db, c.want))
				before, after, _ := strings.Cut(c.other, "|")
				require.NotEmpty(t, diffOf(t, db, strings.ReplaceAll(c.want, before, after)))
				noScratch(t, db)
			})
		})
	}
}

// The order of columns is a difference to the server; Diff has no DDL for it.
func TestTheOrderOfColumnsIsNotAlike(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := pool(t, s.Database(t).DSN)
		run(t, db, "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)")
		require.Len(t, alike(t, db, "create table t (id integer primary key, a integer, b integer)"), 1)
		require.Empty(t, alike(t, db, "create table t (id integer primary key, b integer, a integer)"))
	})
}

// Whoever may make no temporary tables gets the same answers.
func TestWithoutThePrivilege(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		run(t, d.DB, typed)
		for _, c := range []struct {
			grants []string
			alike  []string
		}{
			{[]string{"SELECT", "INSERT", "CREATE", "ALTER", "DROP", "INDEX"}, nil},
			{[]string{"SELECT", "INSERT", "CREATE", "ALTER", "DROP", "INDEX", "CREATE TEMPORARY TABLES"}, []string{"t"}},
		} {
			db := pool(t, d.User(t, c.grants...))
			require.Equal(t, c.alike, alike(t, db, typed), c.grants)
			require.Empty(t, diffOf(t, db, typed))
			require.Len(t, diffOf(t, db, dearer), 1)
		}
		noScratch(t, d.DB)
	})
}

// The defaults of a session say what a table is that leaves them out, and not
// those of temporary tables; how names are written does not matter.
func TestTheSessionsDefaults(t *testing.T) {
	for setting, want := range map[string][]string{
		"default_storage_engine=MyISAM":     nil, // as typed it would be MyISAM
		"default_tmp_storage_engine=MyISAM": {"t"},
		"sql_quote_show_create=0":           {"t"},
	} {
		t.Run(setting, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				d := s.Database(t)
				run(t, d.DB, typed+" engine=innodb")
				cfg, err := mysql.ParseDSN(d.DSN)
				require.NoError(t, err)
				name, value, _ := strings.Cut(setting, "=")
				cfg.Params[name] = value
				db := pool(t, cfg.FormatDSN())
				require.Equal(t, want, alike(t, db, typed))
				if want == nil {
					require.Contains(t, strings.Join(diffOf(t, db, typed), ";"), "ENGINE MyISAM")
				}
			})
		})
	}
}

// A pool of one connection, and an account that may have but two: the others are
// done without.
func TestFewConnections(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		var text strings.Builder
		for _, name := range []string{"t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8"} {
			table := strings.Replace(typed, "table t", "table "+name, 1)
			run(t, d.DB, table)
			text.WriteString(table + ";\n")
		}
		one, err := mysqlx.Open(t.Context(), d.DSN, mysqlx.Options{MaxOpen: 1})
		require.NoError(t, err)
		defer one.Close()
		require.Len(t, alike(t, one, text.String()), 8)

		dsn := d.User(t, "ALL PRIVILEGES")
		cfg, err := mysql.ParseDSN(dsn)
		require.NoError(t, err)
		run(t, s.Admin(), "ALTER USER '"+cfg.User+"'@'%' WITH MAX_USER_CONNECTIONS 2")
		require.Len(t, alike(t, pool(t, dsn), text.String()), 8)
	})
}

// On a server that is read only temporary tables can be made, but nothing may
// come into its log by them: to MariaDB's it would, for a user who cannot choose
// the log's format. What is not alike ends as it would without them.
func TestReadOnly(t *testing.T) {
	for _, c := range []struct {
		engine          servers.Engine
		position        string
		admin, ordinary []string // what is alike to whom
	}{
		{servers.MySQL, "SELECT @@GLOBAL.gtid_executed", []string{"t"}, []string{"t"}},
		{servers.MariaDB, "SELECT @@GLOBAL.gtid_binlog_pos", []string{"t"}, nil},
	} {
		t.Run(string(c.engine), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: c.engine})
			d := s.Database(t)
			run(t, d.DB, typed)
			user := pool(t, d.User(t, "ALL PRIVILEGES"))
			position := func() (p string) {
				require.NoError(t, d.DB.QueryRowContext(t.Context(), c.position).Scan(&p))
				return p
			}
			run(t, s.Admin(), "SET GLOBAL read_only = 1")
			defer run(t, s.Admin(), "SET GLOBAL read_only = 0")
			before := position()
			require.NotEmpty(t, before)
			require.Equal(t, c.admin, alike(t, pool(t, d.DSN), typed))
			require.Equal(t, c.ordinary, alike(t, user, typed))
			require.Equal(t, before, position())
			_, err := desired.Diff(t.Context(), user, source(dearer), desired.Options{})
			require.ErrorContains(t, err, "compare on a server that can be written to")
			require.NotErrorAs(t, err, new(desired.Errors), "the statement is not to blame")
		})
	}
}

// A transaction that holds every row, and with them the table against DDL, is
// not waited for.
func TestNobodyIsWaitedFor(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		run(t, d.DB, typed, "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
		tx, err := d.DB.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback()) }()
		_, err = tx.ExecContext(t.Context(), "UPDATE t SET name = 'c'")
		require.NoError(t, err)
		cfg, err := mysql.ParseDSN(d.DSN)
		require.NoError(t, err)
		cfg.Params["lock_wait_timeout"], cfg.Params["innodb_lock_wait_timeout"] = "1", "1"
		db := pool(t, cfg.FormatDSN())
		require.Equal(t, []string{"t"}, alike(t, db, typed))
		require.Len(t, diffOf(t, db, dearer), 1)
		_, err = db.ExecContext(t.Context(), "ALTER TABLE t COMMENT 'x'")
		require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(err), "DDL would have been kept waiting")
	})
}
