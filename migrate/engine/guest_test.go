package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// guest is an engine on a server that it shares with other tests. A transaction
// without a session keeps the gate for strangers shut whichever database it
// belongs to, and other tests make them, by the way or on purpose: prepared ones,
// and the last of a session that was killed. A guest waits until they are gone,
// and for nothing else.
type guest struct{ *engine.Engine }

type walker func(context.Context, string, engine.WalkOptions) (engine.Outcome, error)

func (g *guest) Apply(ctx context.Context, change string, opts engine.WalkOptions) (engine.Outcome, error) {
	return undisturbed(ctx, g.Engine.Apply, change, opts)
}

func (g *guest) Rollback(ctx context.Context, change string, opts engine.WalkOptions) (engine.Outcome, error) {
	return undisturbed(ctx, g.Engine.Rollback, change, opts)
}

func undisturbed(ctx context.Context, walk walker, change string, opts engine.WalkOptions) (engine.Outcome, error) {
	const patience, poll = 30 * time.Second, 20 * time.Millisecond
	for deadline := time.Now().Add(patience); ; {
		out, err := walk(ctx, change, opts)
		if err != nil || !disturbed(out) || time.Now().After(deadline) || mysqlx.Wait(ctx, poll) != nil {
			return out, err
		}
	}
}

// disturbed reports whether nothing but transactions without a session stopped a
// walk.
func disturbed(out engine.Outcome) bool {
	foreign := func(b fleet.Blocker) bool { return b.User == "xa@prepared" }
	return len(out.Waiting) == 1 && out.Waiting[0].Guard == migrate.GuardNoStrangers &&
		len(out.Waiting[0].Blockers) > 0 && !slices.ContainsFunc(out.Waiting[0].Blockers, func(b fleet.Blocker) bool { return !foreign(b) })
}

// A guest waits for somebody else's prepared transaction and not for code without
// the library. The server is one of its own: the transaction would stop others.
func TestGuestWaitsForTransactionsWithoutASession(t *testing.T) {
	t.Parallel()
	s := servers.Private(t, servers.Options{Engine: servers.MySQL})
	st := newStage(t, s)
	st.to(t, migrate.Expanded)
	other := s.Database(t)
	conn, err := other.DB.Conn(t.Context())
	require.NoError(t, err)
	for _, statement := range []string{
		"CREATE TABLE t (id INT PRIMARY KEY)", "XA START 'theirs'", "INSERT INTO t VALUES (1)", "XA END 'theirs'", "XA PREPARE 'theirs'",
	} {
		_, err := conn.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, conn.Close())
	require.NoError(t, other.DB.Close())
	out, err := st.Engine.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
	require.NoError(t, err)
	require.True(t, disturbed(out), "%+v", out)
	done := make(chan engine.Outcome, 1)
	go func() {
		out, _ := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
		done <- out
	}()
	_, err = s.Admin().ExecContext(t.Context(), "XA ROLLBACK 'theirs'")
	require.NoError(t, err)
	require.True(t, (<-done).Reached)
}
