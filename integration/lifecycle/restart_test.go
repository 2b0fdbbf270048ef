package lifecycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// The server is killed and started again in every phase, with the application
// connected; both go on, and nothing acknowledged is gone.
func TestServerKilledInEveryPhase(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, shared *servers.Server) {
		for _, c := range []Case{splitColumn(), moveTableWithIndexes()} {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				killInEveryPhase(t, servers.Private(t, servers.Options{Engine: shared.Engine()}), c)
			})
		}
	})
}

func killInEveryPhase(t *testing.T, s *servers.Server, c Case) {
	t.Helper()
	w := newWorld(t, s, c)
	m := model{}
	// Where a machine is slow, a server is away for longer than the usual lease; who has lost it serves nothing
	// until it has joined again.
	lasting := func(c *dualwrite.Config) { c.Lease = 10 * time.Minute }
	old := w.start(t, w.c.Old, lasting)
	old.work(t, m, "0")
	for _, phase := range upTo {
		w.apply(t, phase)
		w.settle(t.Context(), t, old)
		old.work(t, m, string(phase[:2]))
		require.NoError(t, s.Kill(t.Context()))
		require.NoError(t, s.Restart(t.Context()))
		old.check(t, m)
		old.work(t, m, "k"+string(phase[:2]))
		old.check(t, m)
	}
	old.stop(t)
	newer := w.start(t, w.c.New, lasting)
	w.apply(t, migrate.OnlyNew)
	newer.work(t, m, "on")
	require.NoError(t, s.Kill(t.Context()))
	require.NoError(t, s.Restart(t.Context()))
	w.rollback(t, migrate.ReadingNew)
	newer.check(t, m)
	w.apply(t, migrate.Contracted)
	newer.check(t, m)
	newer.stop(t)
}
