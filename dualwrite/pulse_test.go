package dualwrite_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// shortLease joins over a pool with a lease that a test can outlast.
func (f *fixture) shortLease(db *sql.DB) (*dualwrite.Client, *counter) {
	f.t.Helper()
	metrics := &counter{}
	cfg := f.config(migrate.SourceShape, migrate.ReadNew)
	cfg.Poll, cfg.Lease, cfg.Metrics = 50*time.Millisecond, 3*time.Second, metrics
	for _, name := range []string{"another", "one-more", "and-another", "the-last"} {
		cfg.Changes = append(cfg.Changes, dualwrite.Support{Change: name, Writes: migrate.SourceShape})
	}
	return f.joinOver(db, cfg), metrics
}

// outlast waits until the instance's lease, as the server has it, has been
// renewed to an end that the lease it has now cannot reach twice over.
func (f *fixture) outlast(client *dualwrite.Client, metrics *counter) {
	f.t.Helper()
	until := f.row(`SELECT lease_until + INTERVAL 4 SECOND FROM _underpin_instance WHERE id = ?`, client.Instance())[0]
	require.Eventually(f.t, func() bool {
		return f.row(`SELECT 1 FROM _underpin_instance WHERE id = ? AND lease_until > ?`, client.Instance(), until) != nil
	}, 30*time.Second, 20*time.Millisecond)
	require.Zero(f.t, metrics.lost.Load(), "the lease was lost on the way")
	_, err := client.Change(splitName).Decide(1)
	require.NoError(f.t, err)
}

// An application that keeps every connection of its pool busy, with more
// requests queueing there, loses no lease: the heart has a connection of its own.
func TestPoolThatIsUsedUpLosesNoLease(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		db := f.pool(f.database.DSN)
		db.SetMaxOpenConns(3)
		client, metrics := f.shortLease(db)
		for range 2 {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer conn.Close()
		}
		ctx, cancel := context.WithCancel(t.Context())
		queued := make(chan error, 5)
		for range cap(queued) {
			go func() { queued <- db.PingContext(ctx) }()
		}
		f.outlast(client, metrics)
		cancel()
		for range cap(queued) {
			require.ErrorIs(t, <-queued, context.Canceled)
		}
	})
}

// Settings that cannot be read hold up no renewal. They are not acknowledged
// either, so whoever waits for that goes on waiting.
func TestSettingsThatCannotBeReadLoseNoLease(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		client, metrics := f.shortLease(f.pool(f.database.DSN))
		lock, err := f.db.Conn(t.Context())
		require.NoError(t, err)
		defer lock.Close()
		_, err = lock.ExecContext(t.Context(), `LOCK TABLES _underpin_change WRITE`)
		require.NoError(t, err)
		f.outlast(client, metrics)
		_, err = lock.ExecContext(t.Context(), `UNLOCK TABLES`)
		require.NoError(t, err)
	})
}

// A server that commits nothing for three quarters of the lease costs nobody a
// lease, wherever between two renewals it begins to: a renewal comes after a
// fifth.
func TestLeaseIsRenewedWhileMostOfItIsLeft(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		c, _, client := f.stoppable()
		names := client.Change(splitName)
		f.acknowledged(names.Setting())
		c.advance(55 * time.Minute) // of four hours
		require.NoError(t, client.Beat(t.Context()))
		c.advance(3*time.Hour + 50*time.Minute)
		require.NoError(t, readAndWrite(f, names))
	})
}

// A renewal that is broken off at any moment leaves nothing behind that the next
// one over the same connection could run into.
func TestRenewalBrokenOffIsInNobodysWay(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		_, _, client := f.stoppable()
		began := time.Now()
		require.NoError(t, client.Renew(t.Context()))
		whole := time.Since(began)
		for n := range 400 {
			ctx, cancel := context.WithCancel(t.Context())
			broken := time.AfterFunc(whole*time.Duration(n%40)/20, cancel)
			_ = client.Renew(ctx)
			require.NoError(t, client.Renew(t.Context()), "after attempt %d", n)
			broken.Stop()
			cancel()
		}
	})
}

// The heart's connection is replaced when it breaks.
func TestHeartOutlivesItsConnection(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		db := f.pool(f.database.DSN)
		client, metrics := f.shortLease(db)
		require.NoError(t, client.KillPulse(t.Context(), f.db))
		f.outlast(client, metrics)
	})
}

// A pool of one connection is shared with the application.
func TestPoolOfOneConnectionServes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		db := f.pool(f.database.DSN)
		db.SetMaxOpenConns(1)
		client, metrics := f.shortLease(db)
		_, err := insert(t.Context(), client.Change(splitName), `INSERT INTO users (name) VALUES ('a b')`)
		require.NoError(t, err)
		f.outlast(client, metrics)
	})
}
