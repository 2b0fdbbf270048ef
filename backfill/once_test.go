package backfill

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// byHand is a worker's hand with a span of its own, for one chunk at a time.
func (f *fixture) byHand(cfg Config) (*hand, control.Span) {
	f.t.Helper()
	ctx := f.t.Context()
	w, err := New(cfg)
	require.NoError(f.t, err)
	h := w.newHand("hand")
	f.t.Cleanup(func() { h.close(context.WithoutCancel(ctx)) })
	require.NoError(f.t, h.persist(ctx, w.plan))
	span, ok, err := control.TakeSpan(ctx, f.db, cfg.run(), "hand", time.Hour)
	require.NoError(f.t, err)
	require.True(f.t, ok)
	return h, span
}

// patiently executes a statement on a connection that waits a second for locks.
func (f *fixture) patiently(query string) error {
	ctx := f.t.Context()
	s, err := openSession(ctx, f.db)
	require.NoError(f.t, err)
	defer closeSession(ctx, s)
	return s.Tx(ctx, func(ctx context.Context) error {
		_, err := s.Exec(ctx, query)
		return err
	})
}

// One pass over the rows keeps out what two keep out, and lets through what
// they let through.
func TestOnePassProtectsWhatTwoProtect(t *testing.T) {
	t.Parallel()
	probes := []struct {
		name, query string
		want        mysqlx.Class
	}{
		{"a share of a row", "SELECT b FROM src WHERE id = 4 LOCK IN SHARE MODE", mysqlx.ClassLockWait},
		{"an update", "UPDATE src SET b = 9 WHERE id = 7", mysqlx.ClassLockWait},
		{"a deletion", "DELETE FROM src WHERE id = 1", mysqlx.ClassLockWait},
		{"a row in a gap", "INSERT INTO src (id, b) VALUES (5, 9)", mysqlx.ClassLockWait},
		{"a row before the first", "INSERT INTO src (id, b) VALUES (-5, 9)", mysqlx.ClassLockWait},
		{"a row of another chunk", "UPDATE src SET b = 9 WHERE id = 16", mysqlx.ClassNone},
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, c := range map[string]struct{ refused, copiedWhenLocked int }{"one pass": {0, 3}, "two passes": {1, 0}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, copyOf)
				f.fillSource(6)
				cfg := f.config()
				cfg.ChunkMin, cfg.ChunkMax = 3, 3
				var h *hand
				var span control.Span
				copied := -1
				cfg.Points = func(p Point) error {
					if p != PointLocked {
						return nil
					}
					for _, probe := range probes {
						err := f.patiently(probe.query)
						require.Equal(t, probe.want, mysqlx.Classify(err), "%s: %v", probe.name, err)
					}
					return h.session.QueryRow(t.Context(), "SELECT COUNT(*) FROM dst", nil, &copied)
				}
				h, span = f.byHand(cfg)
				h.refused = c.refused
				require.NoError(t, h.step(t.Context(), &span))
				require.Equal(t, c.copiedWhenLocked, copied)
				require.EqualValues(t, 3, span.Seen)
				require.EqualValues(t, 3, span.Changed)
				require.Equal(t, "3", f.one("SELECT COUNT(*) FROM src JOIN dst ON dst.id = src.id AND x = UPPER(a) AND y = b + 1"))
			})
		}
	})
}

// A pass that meets a lock has copied nothing, and the next attempt locks first:
// it must not wait with rows of the follower in its hands.
func TestARefusedPassIsTriedInTwo(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(6)
		cfg := f.config()
		cfg.ChunkMin, cfg.ChunkMax = 3, 3
		h, span := f.byHand(cfg)
		tx, err := f.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.Exec("UPDATE src SET b = 41 WHERE id = 4")
		require.NoError(t, err)

		c, err := h.bounds(t.Context(), span)
		require.NoError(t, err)
		require.True(t, c.once)
		began := time.Now()
		require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(h.step(t.Context(), &span)))
		require.Less(t, time.Since(began), lockWait*time.Second, "it does not wait")
		require.Equal(t, "0", f.one("SELECT COUNT(*) FROM dst"))
		c, err = h.bounds(t.Context(), span)
		require.NoError(t, err)
		require.True(t, c.fill)
		require.False(t, c.once)

		require.NoError(t, tx.Commit())
		require.NoError(t, h.step(t.Context(), &span))
		require.Equal(t, "42", f.one("SELECT y FROM dst WHERE id = 4"))
		c, err = h.bounds(t.Context(), span)
		require.NoError(t, err)
		require.True(t, c.once, "what was refused has been done")
	})
}

// A row that was written on both sides after the follower was found empty, and
// one that does not fit: both are found out by going over the chunk as ever.
func TestAPassThatFailsIsMadeAgainInTwo(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, c := range map[string]struct {
			meanwhile string
			seen      uint64
		}{
			"written meanwhile": {"INSERT INTO dst (id, x, y) VALUES (4, 'ROW 1', 2)", 3},
			"does not fit":      {"UPDATE src SET a = 'longer than twelve' WHERE id = 4", 0},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := misfits(t, s, "VARCHAR(12) NULL")
				f.fillSource(6)
				cfg := f.config()
				cfg.ChunkMin, cfg.ChunkMax = 3, 3
				fenced := 0
				cfg.Points = func(p Point) error {
					if p == PointFenced {
						if fenced++; fenced == 1 {
							f.exec(c.meanwhile)
						}
					}
					return nil
				}
				h, span := f.byHand(cfg)
				require.NoError(t, h.step(t.Context(), &span))
				require.Equal(t, 2, fenced)
				require.Equal(t, c.seen, span.Seen)
			})
		}
	})
}
