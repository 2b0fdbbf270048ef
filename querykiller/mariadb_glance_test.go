package querykiller

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

const millisOf = `
SELECT TIME_MS
FROM information_schema.PROCESSLIST
WHERE ID = %d`

const sleeping = `
SELECT COUNT(*)
FROM information_schema.PROCESSLIST
WHERE STATE = '` + userSleep + `'`

// glances is how often the server has been glanced at.
func (w *watched) glances() int {
	w.t.Helper()
	var name string
	var n int
	require.NoError(w.t, w.d.Server.Admin().QueryRowContext(w.t.Context(), "SHOW GLOBAL STATUS LIKE 'Com_show_processlist'").Scan(&name, &n))
	return n
}

// TestGlanceTellsWhatAFullLookDoes: while all that is at work is older than a
// second, polls do with glances, which tell the same statements, and ages that
// grow and are never ahead of the server's.
func TestGlanceTellsWhatAFullLookDoes(t *testing.T) {
	w := watch(t, servers.Private(t, servers.Options{Engine: servers.MariaDB}), Options{})
	c := w.client()
	c.start("SELECT SLEEP(600), 'café'")
	first := w.running(c.id, settled)
	began, last := w.glances(), first.Age
	require.Eventually(t, func() bool {
		p := w.running(c.id, 0)
		require.Equal(t, []any{first.Statement, first.Text, first.User, first.Kind, userSleep},
			[]any{p.Statement, p.Text, p.User, p.Kind, p.State})
		require.Greater(t, p.Age, last)
		last = p.Age
		var millis float64
		require.NoError(t, w.d.DB.QueryRowContext(t.Context(), fmt.Sprintf(millisOf, c.id)).Scan(&millis))
		require.LessOrEqual(t, p.Age, time.Duration(millis*float64(time.Millisecond)))
		return w.glances()-began > 20
	}, 20*time.Second, 20*time.Millisecond)
}

// TestGlanceSeesTheNextStatement: what follows on a session is another statement
// in the very next poll, and is not taken for the one that was there before.
func TestGlanceSeesTheNextStatement(t *testing.T) {
	const sessions, rounds = 10, 3
	w := watch(t, servers.Private(t, servers.Options{Engine: servers.MariaDB}), Options{})
	clients := clientsOf(w, sessions)
	done := map[uint64]<-chan error{}
	for range rounds {
		before := map[uint64]StatementID{}
		for _, c := range clients {
			done[c.id] = c.start("SELECT SLEEP(600)")
		}
		for _, c := range clients {
			before[c.id] = w.running(c.id, settled).Statement
		}
		began := w.glances()
		require.Eventually(t, func() bool { w.poll(); return w.glances() > began }, 20*time.Second, time.Millisecond)
		for _, c := range clients {
			w.exec(fmt.Sprintf("KILL QUERY %d", c.id))
			requireEnded(t, done[c.id])
			done[c.id] = c.start("SELECT SLEEP(600)")
		}
		require.Eventually(t, func() bool { return w.count(sleeping) == sessions }, 20*time.Second, 5*time.Millisecond)
		for _, p := range w.poll().Sessions {
			if old, ok := before[p.ID]; ok {
				require.NotEqual(t, old, p.Statement, "session %d", p.ID)
			}
		}
		for _, c := range clients {
			w.exec(fmt.Sprintf("KILL QUERY %d", c.id))
			requireEnded(t, done[c.id])
		}
	}
}

// TestGlancesLast: a glance is enough for longer than half a second after the last
// full look.
func TestGlancesLast(t *testing.T) {
	w := watch(t, servers.Private(t, servers.Options{Engine: servers.MariaDB}), Options{SweepEvery: time.Hour})
	c := w.client()
	c.start("SELECT SLEEP(600)")
	w.running(c.id, settled)
	require.Eventually(t, func() bool {
		asked := time.Now()
		w.poll()
		return asked.Sub(w.s.dialect.(*mariadbServer).glance.sent) > settled*6/10
	}, 20*time.Second, 20*time.Millisecond)
}
