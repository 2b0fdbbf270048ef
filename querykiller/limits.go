package querykiller

import (
	"fmt"
	"time"
)

// DefaultBreaker is how much the killer may kill before it stops itself.
func DefaultBreaker() Limit { return Limit{Kills: 100, Per: time.Minute} }

// String returns the limit as people say it.
func (l Limit) String() string { return fmt.Sprintf("%d kills in %s", l.Kills, l.Per) }

// meter counts kills within a sliding window. The zero value has counted none.
type meter struct{ kills []time.Time }

// full says whether one more kill would exceed the limit, after those counted
// and so many that are not counted yet.
func (m *meter) full(l Limit, now time.Time, pending int) bool {
	if l.Kills == 0 {
		return false
	}
	old := 0
	for old < len(m.kills) && now.Sub(m.kills[old]) >= l.Per {
		old++
	}
	m.kills = m.kills[old:]
	return len(m.kills)+pending >= l.Kills
}

// add counts a kill; the moments have to rise.
func (m *meter) add(now time.Time) { m.kills = append(m.kills, now) }
