package querykiller

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// hog reads the transactions so often that the server renews them for nobody,
// until stop is called. A first reading is over when it returns.
func hog(w *watched) (stop func()) {
	w.t.Helper()
	const query = "SELECT COUNT(*) FROM information_schema.INNODB_TRX"
	c := w.client()
	c.exec(query)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			if _, err := c.conn.ExecContext(context.WithoutCancel(ctx), query); err != nil {
				w.t.Errorf("read the transactions: %v", err)
				return
			}
			_ = mysqlx.Wait(ctx, 5*time.Millisecond)
		}
	})
	stop = func() {
		cancel()
		done.Wait()
	}
	w.t.Cleanup(stop)
	return stop
}

// TestStaleTransactions: while somebody keeps the server from telling its
// transactions anew, what a poll would learn from them is unknown, which it
// says; a write is then left alone, and explain does not say that nobody waits.
func TestStaleTransactions(t *testing.T) {
	rules, err := ParseRules("rules.yaml", strings.NewReader("rules:\n  - {name: all, match: {kind: dml}, action: kill_query, budget: 300ms}\n"))
	require.NoError(t, err)
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, servers.Private(t, servers.Options{Engine: s.Engine()}), Options{Killers: 1})
		w.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
		w.exec("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
		stop := hog(w)
		holder, waiter, writer := w.client(), w.client(), w.client()
		holder.exec("BEGIN")
		holder.exec("UPDATE t SET v = 2 WHERE id = 1")
		waiting := waiter.start("UPDATE t SET v = 3 WHERE id = 1")
		writer.exec("BEGIN")
		writer.exec("UPDATE t SET v = 4 WHERE id = 2")
		writing := writer.start("UPDATE t SET v = v + SLEEP(60) WHERE id = 3")
		w.running(writer.id, 400*time.Millisecond)
		// Where the hog is held up, on a machine that is slow, some polls know more.
		require.Eventually(t, func() bool {
			snapshot := w.poll()
			for i, v := range rules.Judge(snapshot, State{}) {
				if p := snapshot.Sessions[i]; p.ID == writer.id && p.RollingBack == Unknown {
					require.Contains(t, p.Unknown, "rows_modified")
					require.True(t, v.Refused, "%v", v)
					return true
				}
			}
			return false
		}, 20*time.Second, 5*time.Millisecond)
		w.find(writer.id, "it says so", func(Session) bool {
			s := w.poll()
			return s.TransactionsStale > 0 && strings.Contains(degraded(s), staleWords)
		})
		var tree *Tree
		require.Eventually(t, func() bool { tree = explain(t, w); return tree.Incomplete }, time.Minute, 5*time.Millisecond)
		require.Contains(t, strings.Join(tree.Notes, "\n"), staleWords)
		if s.Engine() == servers.MariaDB { // MySQL tells of row locks elsewhere
			var text bytes.Buffer
			require.NoError(t, tree.WriteText(&text))
			require.Contains(t, text.String(), "not all is seen")
			w.find(waiter.id, "by whom it is blocked is unknown", func(s Session) bool { return slices.Contains(s.Unknown, "blocked_by") })
		}
		stop()

		p := w.find(writer.id, "known again", func(s Session) bool { return s.RollingBack == No })
		require.NotZero(t, p.RowsModified)
		tree = explain(t, w)
		require.False(t, tree.Incomplete)
		require.NotNil(t, under(tree.Roots, waiter.id))
		require.Zero(t, w.poll().TransactionsStale)
		require.Equal(t, Killed, w.kill(w.running(writer.id, 0).Statement, ActQuery).Result)
		requireEnded(t, writing)
		holder.exec("ROLLBACK")
		require.NoError(t, wait10(t, waiting))
	})
}

// TestExplainsBesideEachOther: who asks while others ask all the time finds the
// wait for a row all the same.
func TestExplainsBesideEachOther(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, servers.Private(t, servers.Options{Engine: s.Engine()}), Options{Killers: 1})
		w.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
		w.exec("INSERT INTO t VALUES (1, 1)")
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		var others sync.WaitGroup
		for range 2 {
			others.Go(func() {
				for ctx.Err() == nil {
					explainAnew(t, w)
					_ = mysqlx.Wait(ctx, 40*time.Millisecond)
				}
			})
		}
		t.Cleanup(func() {
			cancel()
			others.Wait()
		})
		holder, waiter := w.client(), w.client()
		holder.exec("BEGIN")
		holder.exec("UPDATE t SET v = 2 WHERE id = 1")
		waiting := waiter.start("UPDATE t SET v = 3 WHERE id = 1")
		w.running(waiter.id, 200*time.Millisecond)
		for range 3 {
			tree := explainAnew(t, w)
			found := under(tree.Roots, waiter.id) != nil
			require.True(t, found || tree.Incomplete, "it says that nobody waits")
		}
		require.Eventually(t, func() bool { return under(explainAnew(t, w).Roots, waiter.id) != nil }, 20*time.Second, time.Millisecond)
		holder.exec("ROLLBACK")
		require.NoError(t, wait10(t, waiting))
	})
}

// explainAnew asks over connections of its own, as the command does.
func explainAnew(t *testing.T, w *watched) *Tree {
	s, err := Connect(context.WithoutCancel(t.Context()), w.d.DSN, Options{Killers: 1})
	if err != nil {
		t.Errorf("connect: %v", err)
		return &Tree{}
	}
	defer func() { _ = s.Close() }()
	tree, err := Explain(context.WithoutCancel(t.Context()), s)
	if err != nil {
		t.Errorf("explain: %v", err)
		return &Tree{}
	}
	return tree
}

// TestReadingLeavesNothingOpen: after a poll, and after one in which MySQL could
// not tell the transactions (error 3854), the connection that polls has no
// transaction open: its snapshot would hold back the purge of old rows.
func TestReadingLeavesNothingOpen(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, servers.Private(t, servers.Options{Engine: s.Engine()}), Options{Killers: 1})
		look := w.client()
		open := func() (n int) {
			err := mysqlx.FreshTransactions(t.Context(), look.conn, func(ctx context.Context) error {
				return look.conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = ?", w.s.poller.id).Scan(&n)
			})
			require.NoError(t, err)
			return n
		}
		c, latch := w.client(), w.latch()
		done := c.start("SELECT '😀', " + latch.waiting())
		w.running(c.id, 300*time.Millisecond)
		latch.open()
		require.NoError(t, wait10(t, done))
		require.Zero(t, open())
		w.find(c.id, "idle", func(s Session) bool { return s.Statement.Idle })
		require.Zero(t, open())
	})
}
