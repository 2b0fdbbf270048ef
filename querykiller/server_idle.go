package querykiller

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// idleSessions remembers the idle sessions between two full lists: to list the busy
// ones alone costs the server less. What one of them has done since is not seen;
// that it has done something is found when it is killed, by its identity, and then
// nothing is.
type idleSessions struct {
	of    map[uint64]Session
	swept time.Time
	// wanted asks for a full list at the next poll: an idle one is about to be
	// judged, or somebody waits, maybe for one who is idle.
	wanted bool
	// victims are the idle ones that were killed: whether one is gone is told from
	// full lists alone.
	victims map[StatementID]bool
}

// due reports whether it is time for a full list.
func (l *idleSessions) due(every time.Duration) bool {
	due := l.wanted || l.of == nil || len(l.victims) > 0 || time.Since(l.swept) >= every
	l.wanted = false
	return due
}

// killed remembers which of the victims were idle and may be dying.
func (l *idleSessions) killed(victims []Victim, out []Killing) {
	for i, v := range victims {
		if !v.Statement.Idle || out[i].Result == Gone || out[i].Result == Denied {
			continue
		}
		if l.victims == nil {
			l.victims = map[StatementID]bool{}
		}
		l.victims[v.Statement] = true
	}
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
	maps.DeleteFunc(l.victims, func(id StatementID, _ bool) bool { return l.of[id.Session].Statement != id })
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
		s.Remembered = max(since, 1)
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
		ID: s.ID, Statement: StatementID{Session: s.ID, Thread: s.Statement.Thread, Idle: true},
		User: s.User, Host: s.Host, Database: s.Database, Command: "Sleep", Unknown: []string{"statement", "age"},
	}
}
