package querykiller

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestWork: what a look costs is what such looks take as a rule, whatever one of them
// or another kind does; and on a server that has become busy, what they took before,
// for a while.
func TestWork(t *testing.T) {
	const ms = time.Millisecond
	cost := func(seen time.Duration) time.Duration { return seen + seen*3/5 }
	w := work{}
	glance, full := lookKind{list: listGlance, parts: 2}, lookKind{list: listAll, parts: 2}
	require.Equal(t, cost(4*ms), w.cost(full, 4*ms))
	require.Equal(t, cost(ms), w.cost(glance, ms))
	for range workRow {
		require.Equal(t, cost(4*ms), w.cost(full, 4*ms))
	}
	require.Equal(t, cost(4*ms), w.cost(full, ms/100), "we were late for its first answer")
	for range workRow * (workRows - 1) {
		require.Equal(t, cost(4*ms), w.cost(full, 40*ms), "it waited for a processor")
	}
	for range workRow {
		w.cost(full, 40*ms)
	}
	require.Equal(t, cost(40*ms), w.cost(full, 40*ms), "that is what it costs by now")
	require.Equal(t, cost(ms), w.cost(glance, ms))
	waits := lookKind{list: listGlance, parts: 2, waits: 2}
	require.Equal(t, cost(3*ms), w.cost(waits, 3*ms))
	require.Equal(t, cost(ms), w.cost(glance, ms), "to ask who waits makes no look dearer that does not ask")
}

// TestWorkOfWaits: the work of the round trips that ask who waits for whom counts in
// the look that makes them, also if all of it is in the first query.
func TestWorkOfWaits(t *testing.T) {
	const asleep = 200 * time.Millisecond
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		newTangle(w)
		conn, err := w.s.poller.get(t.Context())
		require.NoError(t, err)
		look, err := w.s.dialect.read(t.Context(), conn)
		require.NoError(t, err)
		require.Positive(t, look.kind.waits)
		asked, err := w.s.dialect.waits(t.Context(), conn)
		require.NoError(t, err)
		require.Positive(t, asked.worked)
		without := look
		look.waited(asked)
		require.Equal(t, without.worked+asked.worked, look.worked)
		require.Equal(t, without.kind.waits+asked.asked, look.kind.waits)
		require.Eventually(t, func() bool { // we may be late for an answer
			var slow waits
			require.NoError(t, slow.read(t.Context(), conn, part{"SELECT SLEEP(0.2)", func(*sql.Rows) error { return nil }}))
			return slow.worked > asleep/2
		}, 20*time.Second, time.Millisecond)
	})
}
