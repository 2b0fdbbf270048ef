package mysqlx_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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

		thaw := freeze(t, d.DB)
		// On a machine that is slow the server gets to renew its copy now and then all the same: what it does is
		// seen with another transaction then, and what is read is never old.
		var writer *sql.Conn
		var id int64
		n := 1
		for try := 1; n > 0; try++ {
			require.LessOrEqual(t, try, 20, "the server never shows what is old")
			writer, err = d.DB.Conn(t.Context())
			require.NoError(t, err)
			defer writer.Close()
			require.NoError(t, writer.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
			mustExec(t, writer, "BEGIN", fmt.Sprintf("INSERT INTO t VALUES (%d)", try))
			require.NoError(t, look.QueryRowContext(t.Context(), readTransactions+" WHERE trx_mysql_thread_id = ?", id).Scan(&n))
			if n > 0 {
				mustExec(t, writer, "ROLLBACK")
			}
		}
		for try := 1; !errors.Is(err, mysqlx.ErrStaleTransactions); try++ {
			require.LessOrEqual(t, try, 5, "it never says that it saw what is old")
			if err = mysqlx.FreshTransactions(t.Context(), look, sees(id)); err != nil {
				require.ErrorIs(t, err, mysqlx.ErrStaleTransactions)
			}
		}

		thaw()
		require.NoError(t, mysqlx.FreshTransactions(t.Context(), look, sees(id)))
		mustExec(t, writer, "ROLLBACK")
		require.NoError(t, mysqlx.FreshTransactions(t.Context(), writer, func(ctx context.Context) error {
			return writer.QueryRowContext(ctx, readTransactions+" WHERE trx_mysql_thread_id NOT IN (0, CONNECTION_ID())").Scan(&n)
		}))
		require.Zero(t, n, "the look leaves no transaction open")
	})
}
