package querykiller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
}
