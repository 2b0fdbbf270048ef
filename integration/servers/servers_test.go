package servers_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) {
	if os.Getenv(envHelper) != "" {
		helper()
		return
	}
	goleak.VerifyTestMain(servers.Tests{M: m})
}

func TestEachServerIsWhatItSays(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		var version string
		require.NoError(t, s.Admin().QueryRowContext(t.Context(), "SELECT VERSION()").Scan(&version))
		require.Equal(t, version, s.Version())
		require.Equal(t, t.Name(), "TestEachServerIsWhatItSays/"+string(s.Engine()))
		config, err := mysql.ParseDSN(s.AdminDSN())
		require.NoError(t, err)
		require.Equal(t, s.Addr(), config.Addr)
		require.Empty(t, config.DBName)
		require.Same(t, s, servers.ForTest(t, s.Engine()), "one server per process and engine")
	})
}

// The settings every other test relies on.
func TestEachServerIsSetUpForTests(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for variable, want := range map[string]string{
			"log_bin": "1", "max_connections": "500", "character_set_server": "utf8mb4",
			"sync_binlog": "0", "innodb_flush_log_at_trx_commit": "2",
		} {
			require.Equal(t, want, variableOf(t, s, variable), variable)
		}
		wantSchema := map[servers.Engine]string{servers.MySQL: "1", servers.MariaDB: "0"}
		require.Equal(t, wantSchema[s.Engine()], variableOf(t, s, "performance_schema"))
		if s.Engine() == servers.MySQL {
			require.Equal(t, "1000", variableOf(t, s, "performance_schema_digests_size"))
		}
	})
}

func variableOf(t *testing.T, s *servers.Server, name string) string {
	t.Helper()
	var value string
	require.NoError(t, s.Admin().QueryRowContext(t.Context(), "SELECT @@GLOBAL."+name).Scan(&value))
	return value
}

func TestDatabaseSession(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		var name, zone, charset string
		require.NoError(t, d.DB.QueryRowContext(t.Context(),
			"SELECT DATABASE(), @@time_zone, @@character_set_client").Scan(&name, &zone, &charset))
		require.Equal(t, []string{d.Name, "+00:00", "utf8mb4"}, []string{name, zone, charset})

		_, err := d.DB.ExecContext(t.Context(), "CREATE TABLE moments (id INT PRIMARY KEY, at DATETIME(6))")
		require.NoError(t, err)
		want := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
		_, err = d.DB.ExecContext(t.Context(), "INSERT INTO moments VALUES (?, ?)", 1, want)
		require.NoError(t, err)
		var got time.Time
		require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT at FROM moments").Scan(&got))
		require.Equal(t, want, got)

		result, err := d.DB.ExecContext(t.Context(), "UPDATE moments SET at = at")
		require.NoError(t, err)
		affected, err := result.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, affected, "clientFoundRows: rows found, not rows changed")
	})
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		var name, user string
		t.Run("inner", func(t *testing.T) {
			d := s.Database(t)
			dsn := d.User(t, "SELECT")
			config, err := mysql.ParseDSN(dsn)
			require.NoError(t, err)
			name, user = d.Name, config.User
		})
		var databases, users int
		require.NoError(t, s.Admin().QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?", name).Scan(&databases))
		require.NoError(t, s.Admin().QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM mysql.user WHERE user = ?", user).Scan(&users))
		require.Zero(t, databases)
		require.Zero(t, users)
	})
}

func TestUserHasItsGrantsOnly(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d, other := s.Database(t), s.Database(t)
		_, err := d.DB.ExecContext(t.Context(), "CREATE TABLE things (id INT PRIMARY KEY)")
		require.NoError(t, err)
		db := openDSN(t, d.User(t, "SELECT", "INSERT"))
		_, err = db.ExecContext(t.Context(), "INSERT INTO things VALUES (1)")
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "DELETE FROM things")
		requireMySQLError(t, err, 1142)
		_, err = db.ExecContext(t.Context(), "CREATE TABLE "+other.Name+".things (id INT)")
		requireMySQLError(t, err, 1142)
	})
}

func requireMySQLError(t *testing.T, err error, number uint16) {
	t.Helper()
	var answer *mysql.MySQLError
	require.ErrorAs(t, err, &answer)
	require.Equal(t, number, answer.Number, "%v", answer)
}

func TestPrivateServerSurvivesRestartAndKill(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine servers.Engine) {
		s := servers.Private(t, servers.Options{Engine: engine, Durability: servers.Durable, BufferPoolMiB: 64, ExtraArgs: []string{"--max-connections=77"}})
		require.NotEqual(t, servers.DSN, s.Source())
		require.Equal(t, "1", variableOf(t, s, "innodb_flush_log_at_trx_commit"))
		require.Equal(t, "77", variableOf(t, s, "max_connections"))
		require.Equal(t, "67108864", variableOf(t, s, "innodb_buffer_pool_size"))
		d, addr := s.Database(t), s.Addr()
		_, err := d.DB.ExecContext(t.Context(), "CREATE TABLE things (id INT PRIMARY KEY)")
		require.NoError(t, err)
		_, err = d.DB.ExecContext(t.Context(), "INSERT INTO things VALUES (1)")
		require.NoError(t, err)

		require.NoError(t, s.Restart(t.Context()))
		require.Equal(t, addr, s.Addr())
		require.NoError(t, d.DB.PingContext(t.Context()))
		_, err = d.DB.ExecContext(t.Context(), "INSERT INTO things VALUES (2)")
		require.NoError(t, err)

		require.NoError(t, s.Kill(t.Context()))
		require.NoError(t, s.Kill(t.Context()), "killing twice is harmless")
		require.Error(t, d.DB.PingContext(t.Context()))
		require.NoError(t, s.Restart(t.Context()))
		var count int
		require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM things").Scan(&count))
		require.Equal(t, 2, count)
	})
}

func TestStopLeavesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine servers.Engine) {
		dir := t.TempDir()
		s := servers.Private(t, servers.Options{Engine: engine, Dir: dir})
		require.NoError(t, s.Stop(t.Context()))
		require.NoError(t, s.Stop(t.Context()), "stopping twice is harmless")
		_, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		require.Error(t, err)
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Empty(t, left)
		require.ErrorIs(t, s.Restart(t.Context()), servers.ErrStopped)
		require.ErrorIs(t, s.Kill(t.Context()), servers.ErrStopped)
	})
}

func TestServerGivenByDSN(t *testing.T) {
	for _, engine := range chosenEngines(t) {
		t.Run(string(engine), func(t *testing.T) {
			shared := servers.ForTest(t, engine)
			t.Setenv(engine.EnvDSN(), shared.AdminDSN())
			s, err := servers.Start(t.Context(), servers.Options{Engine: engine, Via: servers.DSN})
			require.NoError(t, err)
			require.Equal(t, servers.DSN, s.Source())
			require.Equal(t, shared.Version(), s.Version())
			require.NoError(t, s.Database(t).DB.PingContext(t.Context()))
			require.ErrorIs(t, s.Restart(t.Context()), servers.ErrNotOurs)
			require.ErrorIs(t, s.Kill(t.Context()), servers.ErrNotOurs)
			t.Cleanup(func() { // after the database's
				require.NoError(t, s.Stop(context.Background()))
				require.NoError(t, shared.Admin().PingContext(context.Background()), "somebody else's server goes on")
			})
		})
	}
}

func TestServerGivenByDSNOfTheWrongEngine(t *testing.T) {
	for _, engine := range chosenEngines(t) {
		wrong := map[servers.Engine]servers.Engine{servers.MySQL: servers.MariaDB, servers.MariaDB: servers.MySQL}[engine]
		t.Setenv(wrong.EnvDSN(), servers.ForTest(t, engine).AdminDSN())
		_, err := servers.Start(t.Context(), servers.Options{Engine: wrong})
		require.ErrorContains(t, err, "is not "+string(wrong))
		require.NotContains(t, err.Error(), "native", "a fault ends the search")
	}
}
