package preflight_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// pair is a primary and its replica, with a database of the test's on both.
type pair struct {
	*fixture
	replica *servers.Server
	dsn     string // of the database on the replica
}

// follow is how a server is told whom to follow.
var follow = map[servers.Engine][]string{
	servers.MySQL: {
		"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '%s', SOURCE_PORT = %s, SOURCE_USER = 'follower', SOURCE_PASSWORD = 'follower'," +
			" SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1",
	},
	servers.MariaDB: {
		"CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %s, MASTER_USER = 'follower', MASTER_PASSWORD = 'follower', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1",
	},
}

func newPair(t *testing.T, engine servers.Engine) *pair {
	t.Helper()
	primary := servers.Private(t, servers.Options{Engine: engine})
	replica := servers.Private(t, servers.Options{Engine: engine, ExtraArgs: []string{"--server-id=2", "--read-only=ON", "--report-host=second"}})
	require.NoError(t, run(t, primary.Admin(), "CREATE USER 'follower'@'%' IDENTIFIED BY 'follower'", "GRANT REPLICATION SLAVE ON *.* TO 'follower'@'%'"))
	host, port, err := net.SplitHostPort(primary.Addr())
	require.NoError(t, err)
	for _, statement := range follow[engine] {
		require.NoError(t, run(t, replica.Admin(), fmt.Sprintf(statement, host, port), "START REPLICA"))
	}
	p := &pair{fixture: newFixture(t, primary), replica: replica}
	cfg, err := mysql.ParseDSN(replica.AdminDSN())
	require.NoError(t, err)
	cfg.DBName = p.d.Name
	p.dsn = cfg.FormatDSN()
	require.Eventually(t, func() bool { // the database has arrived
		return run(t, replica.Admin(), "SELECT 1 FROM information_schema.TABLES WHERE 1 = 0") == nil && p.there()
	}, time.Minute, 20*time.Millisecond)
	return p
}

func run(t *testing.T, db *sql.DB, statements ...string) error {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// there reports whether the test's database has reached the replica.
func (p *pair) there() bool {
	var n int
	err := p.replica.Admin().QueryRowContext(p.t.Context(), "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", p.d.Name).Scan(&n)
	return err == nil && n == 1
}

// A real replica: followed, seen, stopped, away.
func TestReplica(t *testing.T) {
	t.Parallel()
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			p := newPair(t, engine)
			p.fill("users", 500)
			in := p.quick(columnChange()...)

			r := p.run(in)
			seen := p.only(r, preflight.CodeReplicas, "")
			require.Equal(t, preflight.Care, seen.Status, "it has registered, and nobody gave it")
			require.Contains(t, seen.What, "second")

			in.Replicas = []preflight.Replica{{Name: "second", DSN: p.dsn}}
			require.Eventually(t, func() bool {
				r = p.run(in)
				return r.Replicas[0].Lag != nil && *r.Replicas[0].Lag <= 5
			}, time.Minute, 100*time.Millisecond)
			require.Equal(t, "2", r.Replicas[0].Server)
			require.Equal(t, "1", r.Replicas[0].ReadOnly)
			require.Equal(t, preflight.OK, p.only(r, preflight.CodeReplica, "second").Status)
			require.Equal(t, preflight.OK, p.only(r, preflight.CodeReplicas, "").Status)

			p.requireFineBesideEmoji(in)

			require.NoError(t, run(t, p.replica.Admin(), "STOP REPLICA"))
			r = p.run(in)
			require.Nil(t, r.Replicas[0].Lag)
			require.Contains(t, r.Replicas[0].Trouble, "stopped")
			require.Equal(t, preflight.Unknown, p.only(r, preflight.CodeReplica, "second").Status)
			require.Equal(t, preflight.GoWithCare, r.Verdict)

			require.NoError(t, run(t, p.replica.Admin(), "SET GLOBAL read_only = OFF"))
			require.Len(t, checks(p.run(in), preflight.CodeReplica, "second"), 2, "a replica that takes writes")
			require.NoError(t, run(t, p.replica.Admin(), "SET GLOBAL read_only = ON"))

			onReplica := open(t, p.dsn)
			r, err := preflight.Run(t.Context(), onReplica, in)
			require.NoError(t, err)
			require.Equal(t, preflight.NoGo, r.Verdict, "a plan is not carried out on a replica")
			require.Equal(t, preflight.No, p.only(r, preflight.CodeReadOnly, "").Status)
			require.NoError(t, onReplica.Close())

			require.NoError(t, p.replica.Kill(t.Context()))
			r = p.run(in)
			require.Contains(t, r.Replicas[0].Trouble, "does not answer")
			cfg, err := mysql.ParseDSN(p.dsn)
			require.NoError(t, err)
			require.NotContains(t, r.Text(), cfg.Passwd)
		})
	}
}

// requireFineBesideEmoji runs while a session executes a statement with a
// character of four bytes, under which some of MySQL's own tables fail.
func (p *pair) requireFineBesideEmoji(in preflight.Input) {
	p.t.Helper()
	in.Privileges = nil
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = p.d.DB.ExecContext(ctx, "SELECT SLEEP(60), '🙂'") // ended below
	}()
	require.Eventually(p.t, func() bool {
		var n int
		err := p.d.DB.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+p.d.Server.Engine().Processlist()+" WHERE INFO LIKE 'SELECT SLEEP(60)%'").Scan(&n)
		return err == nil && n == 1
	}, time.Minute, 20*time.Millisecond)
	r := p.run(in)
	require.Equal(p.t, preflight.OK, p.only(r, preflight.CodeBlocker, "users").Status, r.Text())
	cancel()
	<-done
}

// MariaDB shows metadata locks with performance_schema on.
func TestMariaDBWithPerformanceSchema(t *testing.T) {
	t.Parallel()
	s := servers.Private(t, servers.Options{Engine: servers.MariaDB,
		ExtraArgs: []string{"--performance-schema=ON", "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
			"--performance-schema-instrument=transaction=ON", "--performance-schema-consumer-events-transactions-current=ON"}})
	f := newFixture(t, s)
	f.fill("users", 100)
	holder := f.session("START TRANSACTION", "SELECT COUNT(*) FROM users")
	r := f.run(f.quick(columnChange()...))
	require.Len(t, r.Blockers, 1)
	require.False(t, r.Blockers[0].Guess)
	require.Equal(t, "users", r.Blockers[0].Table)
	require.Equal(t, f.id(holder), r.Blockers[0].Connection)
}
