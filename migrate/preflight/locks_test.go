package preflight_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// session is a connection of the application's.
func (f *fixture) session(statements ...string) *sql.Conn {
	f.t.Helper()
	conn, err := f.d.DB.Conn(f.t.Context())
	require.NoError(f.t, err)
	f.t.Cleanup(func() {
		ctx := context.WithoutCancel(f.t.Context())
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
		_, _ = conn.ExecContext(ctx, "UNLOCK TABLES")
		conn.Close()
	})
	for _, statement := range statements {
		_, err := conn.ExecContext(f.t.Context(), statement)
		require.NoError(f.t, err, statement)
	}
	return conn
}

func (f *fixture) id(conn *sql.Conn) (id uint64) {
	f.t.Helper()
	require.NoError(f.t, conn.QueryRowContext(f.t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
	return id
}

// Somebody holds every row: the preflight reads on, measures, and says who.
func TestRowLocksOfOthersDoNotStopIt(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 5_000)
		holder := f.session("START TRANSACTION")
		id := f.id(holder)
		_, err := holder.ExecContext(t.Context(), "SELECT COUNT(*) FROM users WHERE name <> 'a secret 🙂' FOR UPDATE")
		require.NoError(t, err)
		require.Eventually(t, func() bool { // it has to be old enough to be in the way
			var n int
			return f.db.QueryRowContext(t.Context(), "SELECT SLEEP(0.2)").Scan(&n) == nil && f.holderAge(id) >= 1
		}, 20*time.Second, time.Millisecond)
		began := time.Now()
		in := f.quick(columnChange()...)
		r := f.run(in)
		require.Less(t, time.Since(began), 30*time.Second)
		require.NotNil(t, r.Steps[1].Time, r.Text())
		require.Len(t, r.Blockers, 1, r.Text())
		b := r.Blockers[0]
		require.Equal(t, id, b.Connection)
		require.Equal(t, "root", b.User)
		require.GreaterOrEqual(t, b.Age, 1.0)
		require.NotContains(t, r.Text()+r.Markdown(), "secret")
		if s.Engine() == servers.MySQL {
			require.False(t, b.Guess)
			require.Contains(t, strings.ToLower(b.Statement), "from `users`")
		}
		require.Equal(t, preflight.Care, f.only(r, preflight.CodeBlocker, "users").Status)
		require.NotEqual(t, preflight.Go, r.Verdict)
		require.Contains(t, r.Steps[0].Locks, "would wait for a transaction")
	})
}

// holderAge is how long a connection's transaction has been open, in seconds.
func (f *fixture) holderAge(id uint64) (age float64) {
	query := "SELECT TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = ?"
	if f.d.Server.Engine() == servers.MySQL { // where that table may fail while a statement has a character of four bytes
		query = "SELECT TIMER_WAIT / 1e12 FROM performance_schema.events_transactions_current AS x" +
			" JOIN performance_schema.threads AS t ON t.THREAD_ID = x.THREAD_ID WHERE t.PROCESSLIST_ID = ? AND x.STATE = 'ACTIVE'"
	}
	if err := f.db.QueryRowContext(f.t.Context(), query, id).Scan(&age); err != nil {
		return 0
	}
	return age
}

// A table that nobody else may even read: it waits for its bound, and no more.
func TestLockedTableIsReported(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 1_000)
		holder := f.session("LOCK TABLES users WRITE")
		id := f.id(holder)
		began := time.Now()
		r := f.run(f.quick(columnChange()...))
		require.Less(t, time.Since(began), 20*time.Second)
		require.Equal(t, preflight.Unknown, f.only(r, preflight.CodeTable, "users").Status, r.Text())
		for _, step := range r.Steps {
			require.Nil(t, step.Time)
			require.NotEmpty(t, step.Why)
		}
		c := f.only(r, preflight.CodeBlocker, "users")
		require.NotEqual(t, preflight.OK, c.Status)
		require.NotEqual(t, preflight.Go, r.Verdict)
		require.NotEmpty(t, r.Blockers, r.Text())
		found := false
		for _, b := range r.Blockers {
			found = found || b.Connection == id
		}
		require.True(t, found, "%v", r.Blockers)
	})
}

// While a preflight runs, the application can lock every row at any moment. The
// same probe fails against a copy that does lock what it reads.
func TestItLocksNoRow(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 20_000)
		probe := func() error {
			var n int
			return f.d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM users FOR UPDATE NOWAIT").Scan(&n)
		}
		f.exec("CREATE TABLE elsewhere LIKE users")
		locking := f.session("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION",
			"INSERT INTO elsewhere SELECT * FROM users WHERE id < 100")
		require.Error(t, probe(), "the probe finds locks")
		_, err := locking.ExecContext(t.Context(), "ROLLBACK")
		require.NoError(t, err)

		in := f.quick(append(columnChange(), preflight.Step{Table: "users", SQL: "ALTER TABLE users FORCE"},
			preflight.Step{Table: "users", SQL: "ALTER TABLE users MODIFY k BIGINT NOT NULL"})...)
		in.SampleRows = 8_000 // so that the copy is repeated
		done := make(chan error, 1)
		go func() { _, err := preflight.Run(t.Context(), f.db, in); done <- err }()
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
