package querykiller

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
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
		require.Equal(t, idle(1, 10, time.Minute+400*time.Millisecond), got[0])
		require.Equal(t, []Session{busy(2, 21), busy(3, 30), busy(4, 40)}, got[1:])

		got = l.add(nil)
		require.Len(t, got, 4)
		for _, s := range got[1:] {
			require.True(t, s.Statement.Idle)
			require.False(t, s.Statement.Known())
			require.Zero(t, s.Age)
			require.Subset(t, s.Unknown, []string{"age", "transaction", "statement"})
		}

		l.wanted.Store(true)
		require.True(t, l.due(time.Second))
		require.False(t, l.due(time.Second), "it is asked for once")
		time.Sleep(600 * time.Millisecond) //nolint:forbidigo // the time of the bubble
		require.True(t, l.due(time.Second))
	})
}
