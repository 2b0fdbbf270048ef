package querykiller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestSleepersDieAtOnce: on MariaDB all statements in SLEEP share a mutex, on
// which a KILL of one stalls for two seconds while another, that has just been
// woken, has it. Killed one after the other they all die at once, as a rule
// without a stall and hardly ever with two; over eight connections, one stalls
// after the other.
func TestSleepersDieAtOnce(t *testing.T) {
	const sleepers, stall = 40, 2 * time.Second
	w := watch(t, servers.ForTest(t, servers.MariaDB), Options{})
	var dying []<-chan error
	ids := map[uint64]bool{}
	for range sleepers {
		c := w.client()
		dying = append(dying, c.start("SELECT SLEEP(60)"))
		ids[c.id] = true
	}
	var victims []Victim
	require.Eventually(t, func() bool {
		victims = nil
		for _, p := range w.poll().Sessions {
			if ids[p.ID] && p.State == userSleep {
				victims = append(victims, Victim{Statement: p.Statement, Act: ActQuery})
			}
		}
		return len(victims) == sleepers
	}, 20*time.Second, 20*time.Millisecond)
	began := time.Now()
	for _, k := range w.s.Kill(t.Context(), victims) {
		requireTaken(t, k)
	}
	for _, done := range dying {
		requireEnded(t, done)
	}
	require.Less(t, time.Since(began), 2*stall)
}
