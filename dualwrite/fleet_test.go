package dualwrite_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// A transition waits for a write in flight, whether the write takes its fence
// first or in passing, and the write goes by one setting from end to end.
func TestTransitionWaitsForWrites(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		names := f.old()
		entered, leave := make(chan struct{}), make(chan struct{})
		written := make(chan error, 1)
		go func() {
			written <- names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace')`)
				tx.Touch(1)
				close(entered)
				<-leave
				return err
			})
		}()
		<-entered
		moved := make(chan error, 1)
		go func() {
			_, err := f.transit(t.Context(), migrate.DualWriting)
			moved <- err
		}()
		f.waitsForLock("p.DB = DATABASE()")
		select {
		case err := <-moved:
			require.Fail(t, "the transition did not wait", "%v", err)
		default:
		}
		close(leave)
		require.NoError(t, <-written)
		require.NoError(t, <-moved)
		require.Equal(t, []string{"NULL"}, f.row(`SELECT first_name FROM users WHERE id = 1`), "a write of Off to its end")
	})
}

// trxRefresh is how often innodb_trx may be looked at: the servers refresh it
// only if nobody has for a tenth of a second.
const trxRefresh = 150 * time.Millisecond

// lockWaits are the connections whose transactions wait for a lock. MySQL's
// innodb_trx cannot be read while anybody runs a statement with a character of four
// bytes.
var lockWaits = map[servers.Engine]string{
	servers.MySQL: `SELECT p.ID
FROM performance_schema.data_lock_waits AS w
JOIN performance_schema.threads AS t ON t.THREAD_ID = w.REQUESTING_THREAD_ID
JOIN performance_schema.processlist AS p ON p.ID = t.PROCESSLIST_ID
WHERE `,
	servers.MariaDB: `SELECT p.ID
FROM information_schema.INNODB_TRX AS x
JOIN information_schema.PROCESSLIST AS p ON p.ID = x.trx_mysql_thread_id
WHERE x.trx_state = 'LOCK WAIT'
  AND `,
}

// waitsForLock waits until a connection p of which that is true waits for a lock.
func (f *fixture) waitsForLock(condition string, args ...any) {
	f.t.Helper()
	query := lockWaits[f.database.Server.Engine()] + condition
	require.Eventually(f.t, func() bool { return f.row(query, args...) != nil }, 20*time.Second, trxRefresh)
}

// An epoch is acknowledged when the reads begun under older ones have ended.
func TestAcknowledgementWaitsForReads(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		names := f.old()
		before := names.Setting()
		f.acknowledged(before)
		entered, leave := make(chan struct{}), make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			_, err := dualwrite.Read(t.Context(), names, 1, func(context.Context, dualwrite.Querier) (int, error) {
				close(entered)
				<-leave
				return 1, nil
			}, nil)
			ended <- err
		}()
		<-entered
		now := f.to(migrate.DualWriting)
		sees(t, names, now)
		_, err := dualwrite.Read(t.Context(), names, 1, answer("new reads go on"), nil)
		require.NoError(t, err)
		// Two renewals later the older read is still under way.
		first := f.row(`SELECT lease_until FROM _underpin_instance`)
		require.Eventually(t, func() bool { return f.row(`SELECT lease_until FROM _underpin_instance`)[0] > first[0] }, 20*time.Second, 10*time.Millisecond)
		require.Equal(t, []string{"1"}, f.row("SELECT COUNT(*) FROM _underpin_support WHERE applied_epoch = ?", before.Epoch))
		close(leave)
		require.NoError(t, <-ended)
		f.acknowledged(now)
	})
}

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	add time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.add)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add += d
}

// counter counts the leases that were lost.
type counter struct {
	dualwrite.NoMetrics
	lost atomic.Int32
}

func (c *counter) LeaseLost() { c.lost.Add(1) }

// A process that was stopped for longer than its lease serves nothing when it
// wakes up, including the read that it was in the middle of, until it has joined
// again.
func TestProcessThatWasStopped(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		c, metrics, client := f.stoppable()
		names := client.Change(splitName)
		f.acknowledged(names.Setting())

		_, err := dualwrite.Read(t.Context(), names, 1, func(context.Context, dualwrite.Querier) (string, error) {
			c.advance(5 * time.Hour) // SIGSTOP … SIGCONT
			return "out of date", nil
		}, nil)
		require.ErrorIs(t, err, dualwrite.ErrLeaseLost, "the read in flight")
		require.ErrorIs(t, readAndWrite(f, names), dualwrite.ErrLeaseLost)
		f.expireInstances()
		require.NoError(t, client.Beat(t.Context()))
		require.EqualValues(t, 1, metrics.lost.Load())
		require.NoError(t, readAndWrite(f, names), "it has joined again")

		_, err = dualwrite.Read(t.Context(), names, 1, func(ctx context.Context, _ dualwrite.Querier) (string, error) {
			c.advance(5 * time.Hour)
			f.expireInstances()
			return "out of date", client.Beat(ctx)
		}, nil)
		require.ErrorIs(t, err, dualwrite.ErrLeaseLost, "a read that spans losing the lease and joining again")

		c.advance(5 * time.Hour)
		f.expireInstances()
		f.to(migrate.OnlyNew) // where this release cannot follow
		require.ErrorIs(t, client.Beat(t.Context()), dualwrite.ErrNotAllowed)
		require.ErrorIs(t, readAndWrite(f, names), dualwrite.ErrNotAllowed)
		f.to(migrate.ReadingNew) // and back
		require.NoError(t, client.Beat(t.Context()))
		require.NoError(t, readAndWrite(f, names))
	})
}

// stoppable joins a client whose clock the test moves and which beats only when
// told to.
func (f *fixture) stoppable() (*clock, *counter, *dualwrite.Client) {
	c, metrics := &clock{}, &counter{}
	cfg := f.config(migrate.SourceShape, migrate.ReadNew)
	cfg.Poll, cfg.Lease, cfg.Metrics = time.Hour, 4*time.Hour, metrics
	client, err := dualwrite.JoinWithClock(f.t.Context(), f.db, cfg, c.now)
	require.NoError(f.t, err)
	f.closeAtEnd(client)
	return c, metrics, client
}

// expireInstances moves the server's clock on, as far as leases go.
func (f *fixture) expireInstances() {
	f.exec(`UPDATE _underpin_instance SET lease_until = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR`)
}

// readAndWrite returns the error that both a read and a write give.
func readAndWrite(f *fixture, c *dualwrite.Change) error {
	f.t.Helper()
	_, read := dualwrite.Read(f.t.Context(), c, 1, answer("source"), answer("target"))
	_, written := insert(f.t.Context(), c, `INSERT INTO users (name) VALUES ('x')`)
	require.Equal(f.t, read, written)
	return written
}

// A clock that was late to renew, but not too late by the server's, has lost
// nothing but the reads in between.
func TestLeaseThatIsRenewedInTime(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		c, metrics, client := f.stoppable()
		names := client.Change(splitName)
		f.acknowledged(names.Setting())
		c.advance(5 * time.Hour)
		require.NoError(t, client.Beat(t.Context()))
		require.Zero(t, metrics.lost.Load())
		require.NoError(t, readAndWrite(f, names))
	})
}

func TestCloseWaitsForWork(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		client := f.join(f.config(migrate.SourceShape, migrate.ReadNew))
		names := client.Change(splitName)
		entered, leave := make(chan struct{}), make(chan struct{})
		ended, closed := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := dualwrite.Read(t.Context(), names, 1, func(context.Context, dualwrite.Querier) (int, error) {
				close(entered)
				<-leave
				return 1, nil
			}, nil)
			ended <- err
		}()
		<-entered
		go func() { closed <- client.Close(t.Context()) }()
		require.Eventually(t, func() bool {
			_, err := dualwrite.Read(t.Context(), names, 1, answer("x"), nil)
			return err != nil
		}, 10*time.Second, time.Millisecond)
		_, err := dualwrite.Read(t.Context(), names, 1, answer("x"), nil)
		require.ErrorIs(t, err, dualwrite.ErrClosed)
		require.NotNil(t, f.row(`SELECT 1 FROM _underpin_instance`), "it is in the fleet as long as it works")
		close(leave)
		require.NoError(t, <-ended, "work in flight is finished")
		require.NoError(t, <-closed)
		require.Nil(t, f.row(`SELECT 1 FROM _underpin_instance`))
		require.NoError(t, client.Close(t.Context()), "twice is harmless")
	})
}

func TestCloseGivesUpAtItsContext(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		client := f.join(f.config(migrate.SourceShape, migrate.ReadNew))
		_, err := dualwrite.Read(t.Context(), client.Change(splitName), 1, func(context.Context, dualwrite.Querier) (int, error) {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			return 1, client.Close(ended)
		}, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.NotNil(t, f.row(`SELECT 1 FROM _underpin_instance`), "its reads may still be under way")
	})
}

// The connections of a pool made with Connector carry the instance.
func TestConnectorNamesTheInstance(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		cfg := f.config(migrate.SourceShape, migrate.ReadNew)
		db := f.connect(cfg)
		client := f.joinOver(db, cfg)
		require.Equal(t, []string{client.Instance(), "1", "accounts"}, f.row(`SELECT id, tagged, service FROM _underpin_instance`))
		if s.Engine() != servers.MySQL {
			return // without performance_schema nobody can look
		}
		rows, err := db.QueryContext(t.Context(), `SELECT attr_name, attr_value
FROM performance_schema.session_account_connect_attrs
WHERE processlist_id = CONNECTION_ID()`)
		require.NoError(t, err)
		defer rows.Close()
		have := map[string]string{}
		for rows.Next() {
			var name, value string
			require.NoError(t, rows.Scan(&name, &value))
			have[name] = value
		}
		require.NoError(t, rows.Err())
		require.Equal(t, client.Instance(), have["underpin_instance"])
		require.Equal(t, "r-source", have["underpin_release"])
		require.Equal(t, "accounts", have["program_name"])
	})
}
