package querykiller

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// idleSessions remembers the idle sessions of a MariaDB between two full lists,
// which cost the server twice what the busy ones do. What one of them has done
// since is not seen; that it has done something is found when it is killed, by its
// query id, and then nothing is.
type idleSessions struct {
	of    map[uint64]Session
	swept time.Time
	// wanted asks for a full list at the next poll: somebody waits, maybe for one
	// who is idle, or one who was idle has been killed.
	wanted atomic.Bool
}

// due reports whether it is time for a full list.
func (l *idleSessions) due(every time.Duration) bool {
	return l.wanted.Swap(false) || l.of == nil || time.Since(l.swept) >= every
}

// sweep remembers the idle ones of a full list that has just come.
func (l *idleSessions) sweep(all []Session) {
	l.of, l.swept = make(map[uint64]Session, len(all)), time.Now()
	for _, s := range all {
		switch {
		case s.Statement.Idle:
			l.of[s.ID] = s
		case !s.System:
			l.of[s.ID] = idleAgain(s)
		}
	}
}

// add adds those that are not busy, as they were and older by the time since.
func (l *idleSessions) add(busy []Session) []Session {
	for _, s := range busy {
		if !s.System {
			l.of[s.ID] = idleAgain(s)
		}
	}
	all := slices.Clone(busy)
	present := make(map[uint64]bool, len(busy))
	for _, s := range busy {
		present[s.ID] = true
	}
	since := time.Since(l.swept)
	for _, id := range slices.Sorted(maps.Keys(l.of)) {
		if present[id] {
			continue
		}
		s := l.of[id]
		s.Unknown = slices.Clone(s.Unknown)
		if s.Statement.Known() {
			s.Age += since
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// idleAgain is a session that was busy, once it is not: it is there, and nothing
// else is known of it until the next full list.
func idleAgain(s Session) Session {
	return Session{
		ID: s.ID, Statement: StatementID{Session: s.ID, Idle: true}, User: s.User, Host: s.Host, Database: s.Database,
		Command: "Sleep", Unknown: []string{"statement", "age", "transaction"},
	}
}
