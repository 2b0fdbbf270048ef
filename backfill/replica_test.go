package backfill

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// follow is how a server is told whom to follow.
var follow = map[servers.Engine]string{
	servers.MySQL: "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '%s', SOURCE_PORT = %s, SOURCE_USER = 'follower', SOURCE_PASSWORD = 'follower'," +
		" SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1",
	servers.MariaDB: "CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %s, MASTER_USER = 'follower', MASTER_PASSWORD = 'follower'," +
		" MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1",
}

// newReplica starts two servers of which the second follows the first.
func newReplica(t *testing.T, engine servers.Engine) (primary, replica *servers.Server) {
	t.Helper()
	primary = servers.Private(t, servers.Options{Engine: engine})
	replica = servers.Private(t, servers.Options{Engine: engine, ExtraArgs: []string{"--server-id=2", "--read-only=ON"}})
	host, port, err := net.SplitHostPort(primary.Addr())
	require.NoError(t, err)
	onServer(t, primary.Admin(), "CREATE USER 'follower'@'%' IDENTIFIED BY 'follower'", "GRANT REPLICATION SLAVE ON *.* TO 'follower'@'%'")
	onServer(t, replica.Admin(), fmt.Sprintf(follow[engine], host, port), "START REPLICA")
	return primary, replica
}

// executor is a pool or a connection.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func onServer(t *testing.T, db executor, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

// holds is the condition that a table of a server has so many rows.
func holds(t *testing.T, s *servers.Server, table string, rows int) func() bool {
	return func() bool {
		var n int
		err := s.Admin().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n)
		return err == nil && n == rows
	}
}

// The copy waits while a real replica is behind, and while its replication
// stands still, and goes on when it has caught up.
func TestCopyWaitsForAReplica(t *testing.T) {
	t.Parallel()
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			primary, replica := newReplica(t, engine)
			f := newFixture(t, primary, copyOf)
			f.fillSource(300)
			lag := ReplicaLag{Replicas: []Replica{{"second", replica.Admin()}}, Limit: time.Second}
			says := func(decision Decision, words string) func() bool {
				return func() bool {
					v, err := lag.Check(t.Context())
					if words == "" {
						return err == nil && v.Decision == decision
					}
					return err == nil && v.Decision == decision && strings.Contains(v.Reason, words)
				}
			}
			followed := func(table string, rows int) func() bool { return holds(t, replica, f.d.Name+"."+table, rows) }
			const patience, often = time.Minute, 50 * time.Millisecond
			require.Eventually(t, followed("src", 300), patience, often)
			require.Eventually(t, says(Go, ""), patience, often)

			// Whoever holds this lock keeps the replica from applying anything.
			holder, err := replica.Admin().Conn(t.Context())
			require.NoError(t, err)
			defer holder.Close()
			onServer(t, holder, "FLUSH TABLES WITH READ LOCK")
			f.exec("INSERT INTO src (id, a, b) VALUES (100000, 'late', 1)")
			require.Eventually(t, says(Wait, "replica second is "), patience, often)

			cfg := f.config()
			cfg.Throttle, cfg.ThrottleEvery, cfg.ChunkMax = []Throttler{lag}, often, 20
			w, err := New(cfg)
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { _, err := w.Run(t.Context()); done <- err }()
			waits := func(words string) func() bool {
				return func() bool {
					p, err := Status(t.Context(), f.db, f.change.Name, Backfill, f.run)
					return err == nil && strings.Contains(p.Waiting, words)
				}
			}
			require.Eventually(t, waits("replica second is "), patience, often)
			require.Equal(t, "0", f.one("SELECT COUNT(*) FROM dst"), "nothing is copied")

			onServer(t, holder, "UNLOCK TABLES")
			require.NoError(t, <-done)
			f.requireInStep(301)
			require.Eventually(t, followed("dst", 301), patience, often)

			onServer(t, replica.Admin(), "STOP REPLICA")
			_, err = lag.Check(t.Context())
			require.ErrorContains(t, err, "stopped or broken")
		})
	}
}
