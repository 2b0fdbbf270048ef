package querykiller

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The commands of client sessions.
var (
	runningCommands = []string{"Query", "Execute", "Bulk_execute"}
	idleCommands    = []string{"Sleep"}
	anyCommands     = append(slices.Clone(runningCommands), idleCommands...)
)

// defaultCommands are the commands that a measure is about, where a rule names
// none.
var defaultCommands = map[Measure][]string{
	MeasureStatement:   runningCommands,
	MeasureLockWait:    runningCommands,
	MeasureIdle:        idleCommands,
	MeasureTransaction: anyCommands,
	MeasureBlocking:    anyCommands,
}

// defaultKinds are the kinds that a rule is about where it names none: what is
// administration, transaction control or not understood has to be named.
var defaultKinds = []Kind{KindSelect, KindDML, KindCall}

// matches says whether every condition of the rule holds for the session. A
// condition on a field that is not known does not hold.
func (r *Rule) matches(c *candidate) bool {
	return r.matchesState(c) && r.matchesNames(c) && r.matchesNumbers(c) && r.matchesBlocking(c)
}

// matchesState checks command and kind.
func (r *Rule) matchesState(c *candidate) bool {
	commands := r.Match.Command
	if commands == nil && r.Action != ActLeave {
		commands = defaultCommands[r.Measure]
	}
	if commands != nil && !slices.ContainsFunc(commands, func(w string) bool { return strings.EqualFold(w, c.Command) }) {
		return false
	}
	kinds := r.Match.Kind
	if kinds == nil {
		return r.Action == ActLeave || c.idle() || slices.Contains(defaultKinds, c.kind)
	}
	return slices.Contains(kinds, c.kind)
}

// matchesNames checks what is a text.
func (r *Rule) matchesNames(c *candidate) bool {
	m := &r.Match
	for _, one := range []struct {
		patterns Patterns
		value    string
		field    string
	}{
		{m.User, c.User, "user"},
		{m.Host, strings.ToLower(c.Host), "host"},
		{m.Database, c.Database, "database"},
		{m.Program, c.Program, "program"},
		{m.Release, c.Release, "release"},
		{m.State, c.State, "state"},
		{m.Text, c.Text, "text"},
	} {
		if len(one.patterns) > 0 && (!c.known(one.field) || !one.patterns.match(one.value)) {
			return false
		}
	}
	if len(m.Digest) > 0 && !m.Digest.match(c.digest()) {
		return false
	}
	for key, patterns := range m.Tag {
		value, ok := c.tag()[key]
		if !ok || !patterns.match(value) {
			return false
		}
	}
	return true
}

// matchesNumbers checks counts and durations.
func (r *Rule) matchesNumbers(c *candidate) bool {
	m := &r.Match
	if m.IdleInTransaction != Unknown {
		if !c.known("transaction") || (c.idle() && c.Transaction > 0) != (m.IdleInTransaction == Yes) {
			return false
		}
	}
	return within(m.RowsExamined, c.RowsExamined, c.known("rows_examined")) &&
		within(m.RowsModified, c.RowsModified, c.known("rows_modified")) &&
		within(m.Age, c.Age, c.known("age")) &&
		within(m.LockWait, c.Locked, c.known("locked")) &&
		within(m.Transaction, c.Transaction, c.known("transaction")) &&
		(m.SameDigest == Span[int]{} || within(m.SameDigest, c.sameDigest(), c.digest() != ""))
}

// matchesBlocking checks who waits for the session.
func (r *Rule) matchesBlocking(c *candidate) bool {
	if r.Measure != MeasureBlocking && r.Match.Blocks.empty() {
		return true
	}
	return c.blocking(r.Match.Blocks) != nil
}

// measure returns what is held against the budget; ok is false if it is not
// known, or does not apply.
func (r *Rule) measure(c *candidate) (d time.Duration, ok bool) {
	switch r.Measure {
	case MeasureTransaction:
		return c.Transaction, c.known("transaction") && c.Transaction > 0
	case MeasureLockWait:
		return c.Locked, c.known("locked") && c.Locked > 0
	case MeasureBlocking:
		waiter := c.blocking(r.Match.Blocks)
		if waiter == nil || len(c.BlockedBy) > 0 || !waiter.known("locked") {
			return 0, false // the one that it waits for is to blame
		}
		return waiter.Locked, true
	case MeasureIdle:
		return c.Age, c.known("age") && c.idle()
	}
	return c.Age, c.known("age") && !c.idle()
}

func (b Blocks) empty() bool { return b.Lock == "" && len(b.Waiter) == 0 }

// within says whether a value that is known lies in the range.
func within[T uint64 | int | time.Duration](s Span[T], value T, known bool) bool {
	if s == (Span[T]{}) {
		return true
	}
	return known && value >= s.Min && (s.Max == 0 || value <= s.Max)
}

// match says whether one of the patterns holds.
func (p Patterns) match(value string) bool {
	return slices.ContainsFunc(p, func(one Pattern) bool {
		if one.Regexp != nil {
			return one.Regexp.MatchString(value)
		}
		return one.Exact == value
	})
}

// String returns the pattern as a rule has it.
func (p Pattern) String() string {
	if p.Regexp != nil {
		return fmt.Sprintf("/%s/", p.Regexp)
	}
	return p.Exact
}

// candidate is a session being judged, with what has to be worked out only once.
type candidate struct {
	*Session
	kind    Kind
	guarded []protection
	room    *room
	sum     *string
	tags    Tag
	tagged  bool
}

// known says whether the server told the field.
func (c *candidate) known(field string) bool { return !slices.Contains(c.Unknown, field) }

// idle says whether the session runs nothing.
func (c *candidate) idle() bool { return strings.EqualFold(c.Command, "Sleep") }

// digest is the server's, or else ours.
func (c *candidate) digest() string {
	switch {
	case c.Digest != "":
		return c.Digest
	case c.sum == nil:
		sum := Digest(c.Text)
		c.sum = &sum
	}
	return *c.sum
}

func (c *candidate) tag() Tag {
	if !c.tagged {
		c.tags, c.tagged = ParseTag(c.Text), true
	}
	return c.tags
}

// room is everyone in a snapshot, for the conditions that look at others.
type room struct {
	at      time.Time
	all     []*candidate
	waiters map[uint64][]waiting // by who is waited for
	digests map[string]int       // of running statements; nil until asked for
}

// waiting is one who waits, and for what kind of lock.
type waiting struct {
	*candidate
	lock LockKind
}

// newRoom works out the candidates of a snapshot.
func newRoom(s *Snapshot) *room {
	r := &room{at: s.At, waiters: map[uint64][]waiting{}}
	for i := range s.Sessions {
		one := &s.Sessions[i]
		c := &candidate{Session: one, kind: one.Kind, room: r}
		if c.kind == KindNone && !c.idle() {
			c.kind = KindOf(one.Text)
		}
		c.guarded = protections(one, c.kind)
		r.all = append(r.all, c)
		for _, b := range one.BlockedBy {
			r.waiters[b.Session] = append(r.waiters[b.Session], waiting{c, b.Lock})
		}
	}
	return r
}

// sameDigest returns how many sessions run a statement of this digest now.
func (c *candidate) sameDigest() int {
	if c.room.digests == nil {
		c.room.digests = map[string]int{}
		for _, other := range c.room.all {
			if !other.idle() && other.Text+other.Digest != "" {
				c.room.digests[other.digest()]++
			}
		}
	}
	return c.room.digests[c.digest()]
}

// blocking returns who has waited longest for this session, of those the
// condition names; nil is nobody.
func (c *candidate) blocking(b Blocks) *candidate {
	var longest *candidate
	for _, w := range c.room.waiters[c.ID] {
		if b.Lock != "" && w.lock != b.Lock || len(b.Waiter) > 0 && !slices.Contains(b.Waiter, w.kind) {
			continue
		}
		if longest == nil || w.Locked > longest.Locked {
			longest = w.candidate
		}
	}
	return longest
}
