package querykiller

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestIdleBetweenLists: between two full lists the idle sessions are there as they
// were, and older; of one that has been busy since it is told that it is there, and
// nothing else.
func TestIdleBetweenLists(t *testing.T) {
	idle := func(id, query uint64, age time.Duration) Session {
		return Session{ID: id, User: "app", Command: "Sleep", Statement: StatementID{Session: id, Query: query, Idle: true}, Age: age}
	}
	busy := func(id, query uint64) Session {
		return Session{ID: id, User: "app", Command: "Query", Statement: StatementID{Session: id, Query: query}}
	}
	synctest.Test(t, func(t *testing.T) {
		var l idleSessions
		require.True(t, l.due(time.Second))
		l.sweep([]Session{idle(1, 10, time.Minute), idle(2, 20, time.Minute), busy(3, 30)})
		require.False(t, l.due(time.Second))
		time.Sleep(400 * time.Millisecond) //nolint:forbidigo // the time of the bubble

		got := l.add([]Session{busy(2, 21), busy(3, 30), busy(4, 40)})
		require.Len(t, got, 4)
		remembered := idle(1, 10, time.Minute+400*time.Millisecond)
		remembered.Remembered = 400 * time.Millisecond
		require.Equal(t, remembered, got[0])
		require.Equal(t, []Session{busy(2, 21), busy(3, 30), busy(4, 40)}, got[1:])

		got = l.add(nil)
		require.Len(t, got, 4)
		for _, s := range got[1:] {
			require.True(t, s.Statement.Idle)
			require.False(t, s.Statement.Known())
			require.Zero(t, s.Age)
			require.Subset(t, s.Unknown, []string{"age", "statement"})
		}

		l.wanted = true
		require.True(t, l.due(time.Second))
		require.False(t, l.due(time.Second), "it is asked for once")
		time.Sleep(600 * time.Millisecond) //nolint:forbidigo // the time of the bubble
		require.True(t, l.due(time.Second))
	})
}

// TestIdleAreRemembered: between two full lists who is idle is there as it was, and
// counted; what it does is seen as soon as it is at it; and what it has done unseen
// keeps it from being killed for what it did before.
func TestIdleAreRemembered(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, servers.Private(t, servers.Options{Engine: s.Engine()}), Options{SweepEvery: time.Hour})
		c := w.client()
		c.exec("DO 1")
		settled := func(p Session) bool { return p.Statement.Idle && p.Statement.Known() }
		before := w.idle(c)
		connections := w.poll().Load.Connections
		after := w.find(c.id, "remembered", func(p Session) bool { return p.Remembered > 0 })
		require.Equal(t, before.Statement, after.Statement)
		require.GreaterOrEqual(t, after.Age, after.Remembered)
		require.Equal(t, connections, w.poll().Load.Connections)

		c.exec("DO 2")
		w.until("it is idle", "SELECT COUNT(*) FROM "+s.Engine().Processlist()+" WHERE ID = ? AND COMMAND = 'Sleep'", c.id)
		require.Equal(t, before.Statement, w.find(c.id, "remembered", settled).Statement)
		require.Equal(t, Gone, w.kill(before.Statement, ActConnection).Result, "it has gone on since")

		done := c.start("SELECT SLEEP(30)")
		p := w.running(c.id, 50*time.Millisecond)
		require.Zero(t, p.Remembered)
		require.Equal(t, Killed, w.kill(p.Statement, ActQuery).Result)
		requireEnded(t, done)
		p = w.find(c.id, "idle again", func(p Session) bool { return p.Statement.Idle && p.Remembered > 0 })
		require.False(t, p.Statement.Known(), "what it did last has not been read")
		require.Zero(t, p.Age)

		renewed := w.idle(c)
		require.Zero(t, renewed.Remembered)
		require.NotEqual(t, before.Statement, renewed.Statement)
	})
}

// idle polls in full until the client is idle: a server answers before it shows that.
func (w *watched) idle(c *client) Session {
	w.t.Helper()
	return w.find(c.id, "idle", func(p Session) bool {
		if p.Statement.Idle && p.Statement.Known() {
			return true
		}
		w.s.Renew()
		return false
	})
}

// TestIdleVictimIsNotRemembered: whether an idle session that was killed is gone is
// not told from memory.
func TestIdleVictimIsNotRemembered(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, servers.Private(t, servers.Options{Engine: s.Engine()}), Options{SweepEvery: time.Hour})
		c, beside := w.client(), w.client()
		c.exec("DO 1")
		idle := w.idle(c)
		require.Equal(t, Killed, w.kill(idle.Statement, ActConnection).Result)
		require.Eventually(t, func() bool {
			for _, p := range w.poll().Sessions {
				if p.ID == c.id {
					require.Zero(t, p.Remembered)
					return false
				}
			}
			return true
		}, 20*time.Second, 5*time.Millisecond)
		w.find(beside.id, "remembered again", func(p Session) bool { return p.Remembered > 0 })
	})
}
