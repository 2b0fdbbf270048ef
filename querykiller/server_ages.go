package querykiller

import "time"

// ages keeps the server's clock honest. MySQL takes its timers from a clock
// that can be set, and a clock set forward would make every statement look old.
// So an age is also bounded by our own monotonic clock: a statement that the
// poll before did not list began after that poll did. It is used by one
// goroutine.
type ages struct {
	now func() time.Time
	// last is when the poll before began; zero if there was none.
	last time.Time
	// before is, for what the poll before listed, the latest moment at which it
	// was known not to be there; zero for what the first poll found.
	before map[ageKey]time.Time
	// waiting is since when a statement has been seen waiting for a lock.
	waiting map[StatementID]time.Time
}

// ageKey is something that has an age.
type ageKey struct {
	of  StatementID
	was activity
}

// activity is what a session does with its time.
type activity int

const (
	running activity = iota
	idle
	inTransaction
)

func newAges(now func() time.Time) ages { return ages{now: now} }

// reset forgets everything, as after a gap between polls.
func (a *ages) reset() { a.last, a.before, a.waiting = time.Time{}, nil, nil }

// begin returns the moment at which a poll begins.
func (a *ages) begin() time.Time { return a.now() }

// bound cuts down every age that cannot be, and measures how long statements
// have waited, of which the servers tell whole seconds or nothing.
func (a *ages) bound(began time.Time, r *serverLook) {
	before, waiting := make(map[ageKey]time.Time, len(r.snapshot.Sessions)), map[StatementID]time.Time{}
	now := a.now()
	for i := range r.snapshot.Sessions {
		s := &r.snapshot.Sessions[i]
		t, known := r.targets[s.Statement]
		key := ageKey{s.Statement, running}
		if s.Statement.Idle {
			key.was = idle
		}
		s.Age = a.limit(before, key, s.Age, now)
		if s.Transaction > 0 {
			// A transaction is told apart by its session only: one that
			// follows another within a poll inherits a bound that is too
			// generous, and keeps the server's word.
			s.Transaction = a.limit(before, ageKey{StatementID{Session: s.ID}, inTransaction}, s.Transaction, now)
		}
		if known {
			t.age, t.read = s.Age, now
			r.targets[s.Statement] = t
		}
		if len(s.BlockedBy) > 0 {
			since, seen := a.waiting[s.Statement]
			if !seen {
				since = now
			}
			waiting[s.Statement] = since
			s.Locked = min(max(s.Locked, now.Sub(since)), s.Age)
		}
	}
	a.last, a.before, a.waiting = began, before, waiting
}

// limit returns the age, or what it can be at most.
func (a *ages) limit(before map[ageKey]time.Time, key ageKey, age time.Duration, now time.Time) time.Duration {
	absent, seen := a.before[key]
	if !seen {
		absent = a.last // zero at the first poll: nothing is known then
	}
	before[key] = absent
	if absent.IsZero() {
		return max(age, 0)
	}
	return max(min(age, now.Sub(absent)), 0)
}
