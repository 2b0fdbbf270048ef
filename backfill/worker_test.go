package backfill

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

func TestTableChangeIsCopiedAndInStep(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(100)
		f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'stale', 0), (2, 'orphan', 0), (9999, 'orphan', 0)")
		r := f.backfill(f.config())
		require.True(t, r.Complete())
		require.EqualValues(t, 15, r.Spans)
		require.EqualValues(t, 100, r.Rows)
		require.EqualValues(t, 103, r.Changed, "99 rows inserted, 1 updated in both its parts, 2 deleted")
		f.requireInStep(100)
		require.Equal(t, "100", f.one("SELECT COUNT(*) FROM src JOIN dst ON dst.id = src.id AND dst.x = UPPER(a) AND y = b + 1"))

		again := f.backfill(f.config())
		require.Equal(t, r, again, "a second run of the same run has nothing to do")
	})
}

func TestReverseRebuildsTheSource(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'ONE', 2), (4, 'FOUR', 5), (7, 'SEVEN', 8)")
		f.exec("INSERT INTO src (id, a, b) VALUES (1, 'stale', 9), (3, 'gone', 3), (4, 'four', 4)")
		f.phase(migrate.Reversing, f.run)
		cfg := f.config()
		cfg.Job = Reverse
		r := f.backfill(cfg)
		require.True(t, r.Complete())
		require.EqualValues(t, 4, r.Changed, "one updated in both its parts, one deleted, one inserted")
		require.Equal(t, "one", f.one("SELECT a FROM src WHERE id = 1"))
		require.Equal(t, "3", f.one("SELECT COUNT(*) FROM src"))
		f.requireInStep(3)
	})
}

func TestWorkersShareARun(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(300)
		// Three processes, as far as the database can tell, start at once.
		var wg sync.WaitGroup
		results, errs := make([]Result, 3), make([]error, 3)
		for i := range results {
			cfg := f.config()
			cfg.DB, cfg.Workers, cfg.Owner = openPool(t, f.dsn), 2, string(rune('a'+i))
			w, err := New(cfg)
			require.NoError(t, err)
			wg.Go(func() { results[i], errs[i] = w.Run(t.Context()) })
		}
		wg.Wait()
		for i := range results {
			require.NoError(t, errs[i])
			require.True(t, results[i].Complete())
			require.EqualValues(t, 300, results[i].Rows)
		}
		require.Equal(t, "43", f.one("SELECT COUNT(*) FROM _underpin_span"))
		f.requireInStep(300)
	})
}

func TestSpansCoverEverything(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(50)
		f.backfill(f.config())
		require.Equal(t, "1", f.one("SELECT COUNT(*) FROM _underpin_span WHERE low IS NULL"))
		require.Equal(t, "1", f.one("SELECT COUNT(*) FROM _underpin_span WHERE high IS NULL"))
		require.Equal(t, "7", f.one("SELECT COUNT(*) FROM _underpin_span a JOIN _underpin_span b ON b.n = a.n + 1 AND b.low = a.high"))
		require.Equal(t, "8", f.one("SELECT COUNT(*) FROM _underpin_span"))
	})
}

func TestLeftoversOfAnotherRunMeanNothing(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(30)
		f.backfill(f.config())
		f.exec("DELETE FROM dst")
		f.exec("INSERT INTO _underpin_quarantine VALUES ('the-change', 'backfill', ?, REPEAT('0', 64), '[]', 'old', UTC_TIMESTAMP(6))", f.run)
		f.run++
		f.phase(migrate.Backfilling, f.run)
		require.True(t, f.backfill(f.config()).Complete())
		f.requireInStep(30)
		require.Equal(t, "0", f.one("SELECT COUNT(*) FROM _underpin_span WHERE run < ?", f.run))
		require.Equal(t, "0", f.one("SELECT COUNT(*) FROM _underpin_quarantine"))
	})
}

func TestRunEndsWhenTheChangeMovesOn(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, move := range map[string]func(f *fixture){
			"a step back":            func(f *fixture) { f.phase(migrate.DualWriting, f.run+1) },
			"back and here again":    func(f *fixture) { f.phase(migrate.Backfilling, f.run+2) },
			"paused and then a step": func(f *fixture) { f.pause("for a test"); f.phase(migrate.DualWriting, f.run+1) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, copyOf)
				f.fillSource(50)
				cfg := f.config()
				commits := 0
				cfg.Points = func(p Point) error {
					if p == PointCommitted {
						if commits++; commits == 4 {
							move(f)
						}
					}
					return nil
				}
				w, err := New(cfg)
				require.NoError(t, err)
				r, err := w.Run(t.Context())
				require.ErrorIs(t, err, ErrSuperseded)
				require.Less(t, r.Rows, uint64(50))
				require.Equal(t, 4, commits)
			})
		}
		t.Run("before it begins", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, s, copyOf)
			f.phase(migrate.Verified, f.run+1)
			w, err := New(f.config())
			require.NoError(t, err)
			_, err = w.Run(t.Context())
			require.ErrorIs(t, err, ErrSuperseded)
			require.Equal(t, "0", f.one("SELECT COUNT(*) FROM _underpin_span"))
		})
	})
}

func (f *fixture) pause(why string) {
	f.t.Helper()
	require.NoError(f.t, control.SetPaused(f.t.Context(), f.db, f.change.Name, why))
}

// A worker whose lease ran out while it was stopped finds that its span has
// passed on, and does nothing to it.
func TestZombieDoesNothing(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(20)
		ctx := t.Context()
		cfg := f.config()
		w, err := New(cfg)
		require.NoError(t, err)
		h := w.newHand("zombie")
		defer h.close(ctx)
		require.NoError(t, h.persist(ctx, w.plan))
		span, ok, err := control.TakeSpan(ctx, f.db, cfg.run(), "zombie", time.Microsecond)
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, h.step(ctx, &span))
		f.exec("UPDATE _underpin_span SET lease_until = '2000-01-01' WHERE n = ?", span.N)

		heir, ok, err := control.TakeSpan(ctx, f.db, cfg.run(), "heir", time.Hour)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, span.N, heir.N)
		require.Greater(t, heir.Token, span.Token)
		require.Equal(t, span.At, heir.At, "the heir goes on where the other one stopped")

		rows := f.one("SELECT COUNT(*) FROM dst")
		require.ErrorIs(t, h.step(ctx, &span), control.ErrLost)
		h.release(ctx, span)
		require.Equal(t, rows, f.one("SELECT COUNT(*) FROM dst"))
		require.Equal(t, "heir", f.one("SELECT owner FROM _underpin_span WHERE n = ?", span.N))
		require.ErrorIs(t, control.RenewSpan(ctx, f.db, cfg.run(), span, time.Hour), control.ErrLost)
	})
}

// A span whose owner is silent passes to another worker when its lease runs
// out, and not before.
func TestSilentOwnerLosesItsSpan(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(10)
		cfg := f.config()
		w, err := New(cfg)
		require.NoError(t, err)
		h := w.newHand("silent")
		require.NoError(t, h.persist(t.Context(), w.plan))
		h.close(t.Context())
		const lease = 700 * time.Millisecond
		began := time.Now()
		_, ok, err := control.TakeSpan(t.Context(), f.db, cfg.run(), "silent", lease)
		require.NoError(t, err)
		require.True(t, ok)
		require.True(t, f.backfill(cfg).Complete())
		require.GreaterOrEqual(t, time.Since(began), lease)
		f.requireInStep(10)
	})
}

func TestPauseIsHonouredAndKeepsTheLease(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(60)
		cfg := f.config()
		cfg.Lease, cfg.ThrottleEvery = 1500*time.Millisecond, 20*time.Millisecond
		paused := make(chan struct{})
		var once sync.Once
		cfg.Points = func(p Point) error {
			if p == PointCommitted {
				once.Do(func() { f.pause("lunch"); close(paused) })
			}
			return nil
		}
		w, err := New(cfg)
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { _, err := w.Run(t.Context()); done <- err }()
		<-paused
		rows := f.one("SELECT COUNT(*) FROM dst")
		p, err := Status(t.Context(), f.db, f.change.Name, Backfill, f.run)
		require.NoError(t, err)
		require.Equal(t, "paused: lunch", p.Waiting)
		require.Len(t, p.Owners, 1)
		// Longer than a lease: nobody else gets the span.
		require.NoError(t, mysqlx.Wait(t.Context(), 3*cfg.Lease))
		require.Equal(t, rows, f.one("SELECT COUNT(*) FROM dst"))
		require.Equal(t, "1", f.one("SELECT COUNT(*) FROM _underpin_span WHERE owner <> '' AND lease_until > UTC_TIMESTAMP(6) AND token = 1"))
		f.pause("")
		require.NoError(t, <-done)
		f.requireInStep(60)
	})
}

func TestCancelledRunGivesItsSpansBack(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(100)
		ctx, cancel := context.WithCancel(t.Context())
		cfg := f.config()
		cfg.Lease, cfg.Workers = time.Hour, 2
		var once sync.Once
		cfg.Points = func(p Point) error {
			if p == PointWritten {
				once.Do(cancel) // in the middle of a chunk
			}
			return nil
		}
		w, err := New(cfg)
		require.NoError(t, err)
		_, err = w.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, "0", f.one("SELECT COUNT(*) FROM _underpin_span WHERE owner <> ''"))
		cfg.Points = nil
		require.True(t, f.backfill(cfg).Complete(), "nobody has to wait for a lease of an hour")
		f.requireInStep(100)
	})
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		for name, spoil := range map[string]func(*Config){
			"DB":     func(c *Config) { c.DB = nil },
			"Change": func(c *Config) { c.Change = migrate.Change{} },
			"Run":    func(c *Config) { c.Run = 0 },
			"job":    func(c *Config) { c.Job = "verify" },
			"max":    func(c *Config) { c.ChunkMin, c.ChunkMax = 5, 2 },
			"Lease":  func(c *Config) { c.Lease = -1 },
		} {
			cfg := f.config()
			spoil(&cfg)
			_, err := New(cfg)
			require.ErrorContains(t, err, name)
		}
	})
}

// A pool with other settings would number the row with key 0 anew.
func TestLooseSessionIsRefused(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		cfg := f.config()
		cfg.DB = f.d.DB
		w, err := New(cfg)
		require.NoError(t, err)
		_, err = w.Run(t.Context())
		require.ErrorIs(t, err, ErrSession)
	})
}

func TestSessionsAreGivenBackAsTheyWere(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(10)
		want := f.one("SELECT @@GLOBAL.innodb_lock_wait_timeout")
		f.db.SetMaxOpenConns(4)
		f.backfill(f.config())
		for range 8 {
			require.Equal(t, want, f.one("SELECT @@SESSION.innodb_lock_wait_timeout"))
		}
	})
}

// An application's transaction that stays on a row makes the worker wait, not
// give up, and never the other way round for long.
func TestLockedRowIsWaitedFor(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(30)
		tx, err := f.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.Exec("SELECT * FROM src WHERE id = 31 FOR UPDATE")
		require.NoError(t, err)
		log := &lines{}
		cfg := f.config()
		cfg.Logger = log.logger()
		w, err := New(cfg)
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { _, err := w.Run(t.Context()); done <- err }()
		require.Eventually(t, func() bool { return log.count("trying again") > patience }, 30*time.Second, 10*time.Millisecond)
		// While the worker is refused the row, the application writes on in
		// the same chunk: the worker holds nothing for longer than a second.
		_, err = f.db.ExecContext(t.Context(), "UPDATE src SET b = b WHERE id = 34")
		require.NoError(t, err)
		require.NoError(t, tx.Commit())
		require.NoError(t, <-done)
		f.requireInStep(30)
	})
}

func TestGivesUpAfterItsAttempts(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(5)
		tx, err := f.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = tx.Exec("SELECT * FROM src WHERE id = 4 FOR UPDATE")
		require.NoError(t, err)
		cfg := f.config()
		cfg.Attempts = 2
		w, err := New(cfg)
		require.NoError(t, err)
		_, err = w.Run(t.Context())
		require.ErrorContains(t, err, "gave up after 2 attempts")
		require.True(t, mysqlx.RetryUnit(errors.Unwrap(err)))
	})
}
