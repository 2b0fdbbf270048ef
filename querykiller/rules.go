package querykiller

import (
	"regexp"
	"time"
)

// Rules say what may be killed, when and how. They are made by [ParseRules] or
// [DefaultRules], which check them, and are not changed afterwards: they may be
// used by any number of goroutines.
type Rules struct {
	Rules    []Rule
	Overload Overload
	Breaker  Limit // kills by all rules together; beyond it the killer stops
	// UndoRate is how many modified rows the server undoes in a second; zero is
	// [DefaultUndoRate], or what was measured.
	UndoRate float64
}

// Rule is one line of judgement. A session is judged by the first rule whose
// conditions all hold.
type Rule struct {
	Name string
	Line int // in the file; zero without one

	Match     Match
	Unprotect []Class

	Action  Act
	Measure Measure
	// Budget is what the measure may reach. Zero only with [ActLeave].
	Budget time.Duration
	// TagBudget bounds the budget that a statement asks for in its leading
	// comment, /* budget=5s */. Both zero: the tag is not heeded.
	TagBudget Span[time.Duration]

	// Escalate is the second action, for a victim that outlives the first.
	Escalate Escalation
	// Group and Victims say who of the sessions that are due is a victim.
	Group   Group
	Victims Victims
	Quiet   []Quiet
	Rate    Limit
	// RollbackLimit is how long the rollback may take by estimate. Zero is
	// [DefaultRollbackLimit].
	RollbackLimit time.Duration
	// ForceRollback kills whatever the rollback costs, and also where the cost is
	// not known.
	ForceRollback Tri
}

// Measure names the duration that a rule holds against its budget.
type Measure string

// The measures.
const (
	MeasureStatement   Measure = "statement"   // how long the statement has run
	MeasureIdle        Measure = "idle"        // how long the session has slept
	MeasureTransaction Measure = "transaction" // how long its transaction is open
	MeasureLockWait    Measure = "lock_wait"   // how long it has waited for a lock
	MeasureBlocking    Measure = "blocking"    // how long another has waited for it
)

// Span is a range; a zero end is open.
type Span[T uint64 | int | time.Duration] struct{ Min, Max T }

// Match is what a session has to be. Every condition that is set has to hold.
type Match struct {
	User, Host, Database Patterns
	Program, Release     Patterns
	State, Text, Digest  Patterns
	// Tag are patterns for the keys of the statement's leading comment.
	Tag map[string]Patterns
	// Command and Kind default by the measure: see [Rule.commands] and
	// [Rule.kinds].
	Command []string
	Kind    []Kind

	RowsExamined, RowsModified Span[uint64]
	Age, LockWait, Transaction Span[time.Duration]
	SameDigest                 Span[int] // statements of this digest running now, itself included
	IdleInTransaction          Tri
	Blocks                     Blocks
}

// Blocks asks for sessions that another waits for.
type Blocks struct {
	Lock   LockKind // of any kind if empty
	Waiter []Kind   // what the other one runs; anything if empty
}

// Patterns hold if one of them does. None is no condition.
type Patterns []Pattern

// Pattern is an exact text, or a regular expression.
type Pattern struct {
	Exact  string
	Regexp *regexp.Regexp // set for /…/
}

// Escalation is what follows if the victim outlives the first action.
type Escalation struct {
	To    Act // empty: nothing
	After time.Duration
}

// Group is what makes sessions alike when victims are chosen among them.
type Group string

// The groups.
const (
	GroupRule     Group = "rule" // all that the rule matches
	GroupDigest   Group = "digest"
	GroupUser     Group = "user"
	GroupHost     Group = "host"
	GroupDatabase Group = "database"
)

// Victims is who of a group is killed.
type Victims string

// The choices.
const (
	VictimsAll          Victims = "all"
	VictimsOldest       Victims = "oldest"
	VictimsNewest       Victims = "newest"
	VictimsAllButOldest Victims = "all_but_oldest"
)

// Limit is how many kills there may be within any such window. Zero is none.
type Limit struct {
	Kills int
	Per   time.Duration
}

// Overload tightens every budget while the server is overloaded.
type Overload struct {
	// ThreadsRunning and Connections are the thresholds: statements running, and
	// connections in percent of the server's maximum. Zero is not looked at.
	ThreadsRunning int
	Connections    float64
	// Factor multiplies the budgets: 0.5 halves them.
	Factor float64
	// Until is the share of a threshold, in percent, below which the load has to
	// stay for Calm before the budgets are as before.
	Until float64
	Calm  time.Duration
}
