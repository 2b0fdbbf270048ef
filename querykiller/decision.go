package querykiller

import (
	"context"
	"time"
)

// Outcome is what became of a decision.
type Outcome string

// The outcomes.
const (
	// OutcomeDead: killed, and seen to be gone after [Decision.DeadAfter].
	OutcomeDead Outcome = "dead"
	// OutcomeGone: the statement had ended before the kill. Nothing was killed.
	OutcomeGone Outcome = "gone"
	// OutcomeRollingBack: the server took the kill and undoes the statement.
	OutcomeRollingBack Outcome = "rolling_back"
	// OutcomeSurvived: the server took the kill, and the statement runs on. This
	// is an alarm.
	OutcomeSurvived Outcome = "survived"
	// OutcomeEscalated: it outlived the kill for the rule's wait; a decision with
	// the stronger action follows.
	OutcomeEscalated Outcome = "escalated"
	// OutcomeUnverified: killed, but whether it is gone was not seen: the killer
	// was stopped, or the server restarted.
	OutcomeUnverified Outcome = "unverified"
	// OutcomeFailed: the kill did not get through; [Decision.Error] says why.
	OutcomeFailed Outcome = "failed"
	// OutcomeWarned: the rule only warns.
	OutcomeWarned Outcome = "warned"
	// OutcomeDryRun: it would have been killed.
	OutcomeDryRun Outcome = "dry_run"
	// OutcomeRefused: it is due, and a guard forbids the kill: the rollback costs
	// too much, or something that has to be known is not.
	OutcomeRefused Outcome = "refused"
	// OutcomeLimited: it is due, and the rule's rate limit is used up.
	OutcomeLimited Outcome = "limited"
	// OutcomeStopped: it is due, and the breaker has stopped the killer.
	OutcomeStopped Outcome = "stopped"
)

// Alarm says whether the outcome needs a person.
func (o Outcome) Alarm() bool {
	return o == OutcomeSurvived || o == OutcomeFailed || o == OutcomeStopped
}

// Decision is one thing the killer decided, with what it knew and what came of
// it. It holds no literal of a statement and may be stored and sent.
type Decision struct {
	// At is the server's clock when it was decided.
	At     time.Time `json:"at"`
	Server string    `json:"server,omitempty"` // [Config.Name]
	Rule   string    `json:"rule"`
	// Reason says in words why: "31.2s of 30s".
	Reason  string  `json:"reason"`
	Action  Act     `json:"action"`
	Outcome Outcome `json:"outcome"`
	// Escalation says that an earlier kill of the same statement did not end it.
	Escalation bool `json:"escalation,omitempty"`
	Overload   bool `json:"overload,omitempty"` // budgets were tightened

	Session   uint64      `json:"session"`
	Statement StatementID `json:"statement"`
	User      string      `json:"user"`
	Host      string      `json:"host"`
	Database  string      `json:"database,omitempty"`
	Program   string      `json:"program,omitempty"`
	Release   string      `json:"release,omitempty"`
	Owner     string      `json:"owner,omitempty"` // from the statement's tag
	Kind      Kind        `json:"kind,omitempty"`
	Digest    string      `json:"digest,omitempty"`
	Text      string      `json:"text,omitempty"` // redacted, see [Redact]

	// Measured is what was held against Budget: the age of the statement, or what
	// the rule's measure names. Both in nanoseconds.
	Measured     time.Duration `json:"measured"`
	Budget       time.Duration `json:"budget"`
	Age          time.Duration `json:"age"`
	RowsExamined uint64        `json:"rows_examined,omitempty"`
	RowsModified uint64        `json:"rows_modified,omitempty"`
	// Rollback is how long undoing is estimated to take; nil is not known.
	Rollback *time.Duration `json:"rollback,omitempty"`

	// Window is the server's measure of the time between the check of the
	// identity and the kill; see [Killing].
	Window time.Duration `json:"window,omitempty"`
	// DeadAfter is how long after the kill the statement was seen to be gone; nil
	// if it was not.
	DeadAfter *time.Duration `json:"dead_after,omitempty"`
	Error     string         `json:"error,omitempty"`
}

// Recorder keeps decisions. Record is called once for each, when its outcome is
// known, from the killer's goroutine: it has to return at once, so one that
// writes to a database or a network queues. An error is logged, and does not
// stop the killer.
type Recorder interface {
	Record(ctx context.Context, d Decision) error
}

// RecorderFunc is a function that is a [Recorder].
type RecorderFunc func(ctx context.Context, d Decision) error

// Record implements [Recorder].
func (f RecorderFunc) Record(ctx context.Context, d Decision) error { return f(ctx, d) }
