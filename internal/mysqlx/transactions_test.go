package mysqlx_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

const readTransactions = "SELECT COUNT(*) FROM information_schema.INNODB_TRX"

// freeze keeps the server's copy of its transactions as it is until the test ends:
// it reads it all the time.
func freeze(t *testing.T, db *sql.DB) (thaw func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	mustExec(t, conn, readTransactions)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer conn.Close()
		for ctx.Err() == nil {
			_, _ = conn.ExecContext(ctx, readTransactions)
			_ = mysqlx.Wait(ctx, patience/2000)
		}
	}()
	thaw = func() { cancel(); <-done }
	t.Cleanup(thaw)
	return thaw
}

// On servers of their own: one that is read all the time is of no use to others.
func TestFreshTransactionsAreNotOld(t *testing.T) {
	servers.Each(t, func(t *testing.T, shared *servers.Server) {
		s := servers.Private(t, servers.Options{Engine: shared.Engine()})
		d := s.Database(t)
		mustExec(t, d.DB, "CREATE TABLE t (id INT PRIMARY KEY)")
		look, err := open(t, d, mysqlx.Options{}).Conn(t.Context())
		require.NoError(t, err)
		mustExec(t, look, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") // gives no snapshot, and a transaction all the same
		defer look.Close()
		sees := func(id int64) func(context.Context) error {
			return func(ctx context.Context) error {
				var n int
				require.NoError(t, look.QueryRowContext(ctx, readTransactions+" WHERE trx_mysql_thread_id = ?", id).Scan(&n))
				require.Equal(t, 1, n)
				return nil
			}
		}

		writer, err := d.DB.Conn(t.Context())
		require.NoError(t, err)
		defer writer.Close()
		var id int64
		require.NoError(t, writer.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))

		thaw := freeze(t, d.DB)
		mustExec(t, writer, "BEGIN", "INSERT INTO t VALUES (1)")
		var n int
		require.NoError(t, look.QueryRowContext(t.Context(), readTransactions+" WHERE trx_mysql_thread_id = ?", id).Scan(&n))
		require.Zero(t, n, "the server does show what is old")
		err = mysqlx.FreshTransactions(t.Context(), look, func(context.Context) error { t.Error("read what is old"); return nil })
		require.ErrorIs(t, err, mysqlx.ErrStaleTransactions)

		thaw()
		require.NoError(t, mysqlx.FreshTransactions(t.Context(), look, sees(id)))
		mustExec(t, writer, "ROLLBACK")
		require.NoError(t, mysqlx.FreshTransactions(t.Context(), writer, func(ctx context.Context) error {
			return writer.QueryRowContext(ctx, readTransactions+" WHERE trx_mysql_thread_id NOT IN (0, CONNECTION_ID())").Scan(&n)
		}))
		require.Zero(t, n, "the look leaves no transaction open")
	})
}
