package dualwrite_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// chaining is a client whose next unit finds a transaction that waits for it.
type chaining struct {
	*fixture
	client *dualwrite.Client
	names  *dualwrite.Change
	pool   *sql.DB
}

func newChaining(t *testing.T, s *servers.Server, edit ...func(*dualwrite.Config)) *chaining {
	t.Helper()
	c := &chaining{fixture: newFixture(t, s, nameSplit(), nameSplitDDL)}
	c.exec(`INSERT INTO users (id, name) VALUES (1, 'a b')`)
	c.to(migrate.DualWriting)
	c.pool = c.fixture.pool(c.database.DSN)
	cfg := c.config(migrate.SourceShape, migrate.ReadNew)
	cfg.Commit = dualwrite.CommitApart
	for _, e := range edit {
		e(&cfg)
	}
	c.client = c.joinOver(c.pool, cfg)
	c.client.Linger(time.Hour)
	c.names = c.client.Change(splitName)
	require.NoError(t, c.rename("c d"))
	require.False(t, c.client.Kept(), "one unit says nothing of a next one")
	require.NoError(t, c.rename("e f"))
	return c
}

func (c *chaining) rename(name string) error {
	return exec1(c.t.Context(), c.names, []any{1}, `UPDATE users SET name = ? WHERE id = 1`, name)
}

// chainings are both ways to begin.
var chainings = map[string]dualwrite.Chaining{"chained": dualwrite.ChainProven, "alone": dualwrite.ChainNothing}

const (
	splitOne  = `SELECT name, CONCAT(first_name, ' ', last_name) FROM users WHERE id = 1`
	renameOne = `UPDATE users SET name = 'x y' WHERE id = 1`
)

// The COMMIT of a unit begins the next one's transaction, so that nothing has to
// begin it.
func TestChainSavesTheBegin(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, chain := range chainings {
			t.Run(name, func(t *testing.T) {
				c := newChaining(t, s, func(cfg *dualwrite.Config) { cfg.Chain = chain })
				require.Equal(t, chain == dualwrite.ChainProven, c.client.Kept())
				c.pool.SetMaxIdleConns(1) // so that units that are not chained share one, too
				before := c.begins()
				for range 3 {
					require.Equal(t, chain == dualwrite.ChainNothing, c.begins() > before)
				}
				c.inStep(migrate.StepExact)
			})
		}
	})
}

// Behind a proxy that drops the CHAIN, nothing is chained.
func TestChainHasToBeProven(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, drops := range map[string]bool{"as it is": false, "without the CHAIN": true} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, s, nameSplit(), nameSplitDDL)
				f.exec(`INSERT INTO users (id, name) VALUES (1, 'a b')`)
				f.to(migrate.DualWriting)
				p := newProxy(t, s.Addr())
				p.unchain.Store(drops)
				client := f.joinOver(f.pool(p.through(t, f.database.DSN)), f.config(migrate.SourceShape, migrate.ReadNew))
				client.Linger(time.Hour)
				kept := false
				for _, name := range []string{"c d", "e f", "g h"} {
					require.NoError(t, exec1(t.Context(), client.Change(splitName), []any{1}, `UPDATE users SET name = ? WHERE id = 1`, name))
					kept = kept || client.Kept()
				}
				require.Equal(t, !drops, kept)
				f.inStep(migrate.StepExact)
			})
		}
	})
}

// A unit may leave rows open: database/sql closes them at a COMMIT.
func TestChainedUnitLeavesRowsOpen(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, chain := range chainings {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, s, nameSplit(), nameSplitDDL)
				f.exec(`INSERT INTO users (id, name) VALUES (1, 'i j'), (2, 'k l'), (3, 'm n')`)
				cfg := f.config(migrate.SourceShape, migrate.ReadNew)
				cfg.Chain = chain
				client := f.join(cfg)
				client.Linger(time.Hour)
				for range 3 {
					require.NoError(t, client.Change(splitName).Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
						rows, err := tx.QueryContext(ctx, `SELECT id FROM users ORDER BY id`)
						if err == nil {
							rows.Next()
						}
						return err
					}))
				}
			})
		}
	})
}

// begins is how many transactions were begun by a statement of its own on the
// connection that the next unit gets, which renames somebody.
func (c *chaining) begins() (n int) {
	c.t.Helper()
	require.NoError(c.t, c.names.Write(c.t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
		var what string
		require.NoError(c.t, tx.QueryRowContext(ctx, `SHOW SESSION STATUS LIKE 'Com_begin'`).Scan(&what, &n))
		_, err := tx.ExecContext(ctx, `UPDATE users SET name = CONCAT(name, 'x') WHERE id = 1`)
		tx.Touch(1)
		return err
	}))
	return n
}

// A COMMIT that comes with the mirror begins nothing, lest an error say too little
// about it. The next transaction is begun when the caller has its answer.
func TestLandingChains(t *testing.T) {
	c := newChaining(t, servers.ForTest(t, servers.MariaDB), func(cfg *dualwrite.Config) { cfg.Commit = dualwrite.CommitWithMirror })
	for _, name := range []string{"g h", "i j", "k l"} {
		c.waits()
		require.NoError(t, c.rename(name))
		require.Equal(t, []string{name, name}, c.row(splitOne))
	}
	require.Equal(t, 2, c.names.Prepared(), "the mirror with the COMMIT is among them")
}

// A transaction that waits for its unit holds up nobody, and sees what was
// committed while it waited.
func TestChainedTransactionHoldsNothing(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		c := newChaining(t, s)
		require.True(t, c.client.Kept())
		c.db = c.fixture.pool(c.database.DSN + "&innodb_lock_wait_timeout=1&lock_wait_timeout=1")
		c.exec(`ALTER TABLE users ADD COLUMN note INT NULL, LOCK = EXCLUSIVE, ALGORITHM = COPY`)
		require.NoError(t, c.tryTransit())
		c.exec(`UPDATE users SET name = 'mean while' WHERE id = 1`)
		require.True(t, c.client.Kept())
		require.NoError(t, c.names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			var name string
			err := tx.QueryRowContext(ctx, `SELECT name FROM users WHERE id = 1`).Scan(&name)
			require.Equal(t, "mean while", name)
			return err
		}))
	})
}

// What goes wrong in a chained transaction is rolled back as in any other, and its
// connection is not used for the next one.
func TestChainedUnitFails(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, commit := range map[string]dualwrite.Committing{"apart": dualwrite.CommitApart, "with mirror": dualwrite.CommitWithMirror} {
			t.Run(name, func(t *testing.T) {
				c := newChaining(t, s, func(cfg *dualwrite.Config) { cfg.Commit = commit })
				c.waits()
				c.fails()
				require.NoError(t, c.rename("g h"))
				require.NoError(t, c.rename("i j"))
				c.waits()
				require.Panics(t, func() {
					_ = c.names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
						_, err := tx.ExecContext(ctx, `UPDATE users SET city = 'Atlantis' WHERE id = 1`)
						require.NoError(t, err)
						panic("planted")
					})
				})
				require.NoError(t, c.rename("k l"))
				require.NoError(t, c.rename("m n")) // lands, where that is asked for
				c.waits()
				c.fails()
				require.NoError(t, c.client.Close(t.Context())) // waits for what is under way
				require.Equal(t, []string{"m n", "m n"}, c.row(splitOne))
				require.Equal(t, []string{"NULL"}, c.row(`SELECT city FROM users WHERE id = 1`))
			})
		}
	})
}

// fails runs a unit that writes and fails.
func (c *chaining) fails() {
	c.t.Helper()
	wrong := errors.New("wrong")
	require.ErrorIs(c.t, c.names.Write(c.t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE users SET city = 'Atlantis' WHERE id = 1`)
		require.NoError(c.t, err)
		tx.Touch(1)
		return wrong
	}), wrong)
}

// waits waits until a transaction waits for its unit.
func (c *chaining) waits() {
	c.t.Helper()
	require.Eventually(c.t, c.client.Kept, 10*time.Second, time.Millisecond)
}

// When the context of a unit ends, so does its transaction, whatever the unit is
// doing and whoever began it.
func TestChainedUnitEndsWithItsContext(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, chain := range chainings {
			t.Run(name, func(t *testing.T) {
				c := newChaining(t, s, func(cfg *dualwrite.Config) { cfg.Chain = chain })
				require.Equal(t, chain == dualwrite.ChainProven, c.client.Kept())
				ctx, cancel := context.WithCancel(t.Context())
				err := c.names.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
					_, err := tx.ExecContext(ctx, renameOne)
					tx.Touch(1)
					cancel()
					// It goes on about something else, and its locks are free.
					c.exec(`UPDATE users SET city = 'elsewhere' WHERE id = 1`)
					return err
				})
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, []string{"e f", "e f"}, c.row(splitOne))
				require.NoError(t, c.rename("g h"))
			})
		}
	})
}

// The connection on which a transaction waits may break meanwhile: the unit is run
// again on another.
func TestChainedConnectionBreaks(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		c := newChaining(t, s)
		var id uint64
		require.NoError(t, c.names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			return tx.QueryRowContext(ctx, `SELECT CONNECTION_ID()`).Scan(&id)
		}))
		require.True(t, c.client.Kept())
		c.exec(`KILL ` + itoa(id))
		require.NoError(t, c.rename("g h"))
		require.Equal(t, []string{"g h", "g h"}, c.row(splitOne))
	})
}

// A connection waits for a short time, where the pool can spare it, and not for
// ever between its units either.
func TestChainGivesConnectionsBack(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const heart = 1
		t.Run("after a while", func(t *testing.T) {
			c := newChaining(t, s)
			c.client.Linger(10 * time.Millisecond)
			require.NoError(t, c.client.Close(t.Context())) // with what waited
			require.Zero(t, c.pool.Stats().InUse)

			client := c.joinOver(c.pool, c.config(migrate.SourceShape, migrate.ReadNew))
			names := client.Change(splitName)
			kept := false
			for range 200 {
				require.NoError(t, exec1(t.Context(), names, []any{1}, `UPDATE users SET name = CONCAT(name, 'x') WHERE id = 1`))
				kept = kept || client.Kept()
				if kept {
					break
				}
				c.exec(`UPDATE users SET name = 'a b' WHERE id = 1`)
			}
			require.True(t, kept)
			require.Eventually(t, func() bool { return c.pool.Stats().InUse == heart }, 10*time.Second, time.Millisecond)
		})
		for name, limit := range map[string]func(*sql.DB, *dualwrite.Client){
			"small pool":     func(pool *sql.DB, _ *dualwrite.Client) { pool.SetMaxOpenConns(3) },
			"old connection": func(_ *sql.DB, client *dualwrite.Client) { client.Life(time.Nanosecond) },
		} {
			t.Run(name, func(t *testing.T) {
				c := newChaining(t, s)
				require.NoError(t, c.client.Close(t.Context()))
				c.client = c.joinOver(c.pool, c.config(migrate.SourceShape, migrate.ReadNew))
				c.client.Linger(time.Hour)
				limit(c.pool, c.client)
				c.names = c.client.Change(splitName)
				for range 3 {
					require.NoError(t, c.rename("x y"))
					require.False(t, c.client.Kept())
				}
			})
		}
	})
}

// An error for a COMMIT AND CHAIN may be about its second half.
func TestChainedCommitIsRefused(t *testing.T) {
	s := servers.ForTest(t, servers.MariaDB)
	c := newChaining(t, s)
	p := newProxy(t, s.Addr())
	cfg := c.config(migrate.SourceShape, migrate.ReadNew)
	cfg.Poll, cfg.Lease, cfg.Prepare = time.Hour, 24*time.Hour, dualwrite.PrepareNothing
	client := c.joinOver(c.fixture.pool(p.through(t, c.database.DSN)), cfg)
	client.Linger(time.Hour)
	c.names = client.Change(splitName)
	require.NoError(t, c.rename("g h"))
	p.cut.Store(int32(refused))
	require.ErrorIs(t, c.rename("i j"), dualwrite.ErrUnknownOutcome)
	require.True(t, p.chained.Load())
	require.Equal(t, []string{"g h", "g h"}, c.row(splitOne))
	require.NoError(t, c.rename("k l"))
}
