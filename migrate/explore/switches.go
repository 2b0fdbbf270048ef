package explore

import (
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// Switch names one thing that holds the protocol together and that a run can
// leave out: a mechanism of the list below, a guard of the table on every edge
// that names it ([WithoutGuard]), or on one edge only ([WithoutGuardOn]).
type Switch string

// The mechanisms that are not guards of the table.
const (
	// Fence: a write transaction locks the epoch row first, so that a
	// transition waits for it. Without it the row is only read.
	Fence Switch = "fence"
	// LateFenceObeyed: a fence that is taken after the unit's own statements is
	// obeyed all the same: what is mirrored follows from what the row says then.
	// Without it, it follows from what the transaction was begun under.
	LateFenceObeyed Switch = "late_fence_obeyed"
	// FencedCopy: copy-on-read is a write transaction and takes the fence. If
	// the phase it was begun for is over, it does not copy.
	FencedCopy Switch = "fenced_copy"
	// LockedCopy: copy-on-read locks the source row before it reads it.
	LockedCopy Switch = "locked_copy"
	// Reconcile: the backfill compares, and overwrites and deletes what is out
	// of step. Without it, it inserts what is missing.
	Reconcile Switch = "reconcile"
	// LockedBackfill: the backfill reads the source rows under a lock that it
	// holds until it has written the target.
	LockedBackfill Switch = "locked_backfill"
	// WorkerToken: a worker's transaction is refused once its run is over.
	WorkerToken Switch = "worker_token"
	// VerdictOfVisit: what backfill and verification found out is forgotten
	// when the phase is left.
	VerdictOfVisit Switch = "verdict_of_visit"
	// AtomicMirror: a mirror is part of the transaction that it mirrors.
	AtomicMirror Switch = "atomic_mirror"
	// EitherRule: from the first entry of read_new on, a pair that either
	// direction explains is in step.
	EitherRule Switch = "either_rule"
	// MapUnmapped: a target that was never mapped is not in step with anything.
	MapUnmapped Switch = "map_unmapped"
	// RefuseUnrepresentable: while both shapes are written, a target value that
	// the source cannot hold is refused at the write.
	RefuseUnrepresentable Switch = "refuse_unrepresentable"
	// StaleTarget: copy-on-read is not used on a target that a phase in mode
	// off has left behind.
	StaleTarget Switch = "stale_target"
	// ReversingWriters: reversing takes target-shape writers only.
	ReversingWriters Switch = "reversing_writers"
	// LeaseRefusal: an instance looks at its lease before it hands out what it
	// has read, and refuses when the lease is over.
	LeaseRefusal Switch = "lease_refusal"
	// DrainInFlight: readers count as drained only when the reads begun under
	// older epochs have ended, acknowledged or not.
	DrainInFlight Switch = "drain_in_flight"
	// JoinRefusal: an instance that does not support the present setting is
	// not let in.
	JoinRefusal Switch = "join_refusal"
	// GuardedRecord: guards are evaluated under the lock on the epoch row under
	// which the transition is recorded. Without it they are looked at first
	// and the transition is recorded some time later.
	GuardedRecord Switch = "guarded_record"
)

// Mechanisms returns the switches that are not guards of the table.
func Mechanisms() []Switch {
	return []Switch{
		Fence, LateFenceObeyed, FencedCopy, LockedCopy, Reconcile, LockedBackfill, WorkerToken, VerdictOfVisit,
		AtomicMirror, EitherRule, MapUnmapped, RefuseUnrepresentable, StaleTarget,
		ReversingWriters, LeaseRefusal, DrainInFlight, JoinRefusal, GuardedRecord,
	}
}

// WithoutGuard returns the switch that drops a guard from every edge.
func WithoutGuard(g migrate.Guard) Switch { return Switch("guard " + g) }

// WithoutGuardOn returns the switch that drops a guard from one edge.
func WithoutGuardOn(g migrate.Guard, e migrate.Edge) Switch {
	return Switch("guard " + string(g) + " on " + string(e.From) + " → " + string(e.To))
}

// switches is what a run leaves out.
type switches []Switch

func (s switches) without(name Switch) bool {
	for _, off := range s {
		if off == name {
			return true
		}
	}
	return false
}

func (s switches) withoutGuard(g migrate.Guard, e migrate.Edge) bool {
	return s.without(WithoutGuard(g)) || s.without(WithoutGuardOn(g, e))
}

// String names what is left out.
func (s switches) String() string {
	if len(s) == 0 {
		return "intact"
	}
	names := make([]string, len(s))
	for i, off := range s {
		names[i] = string(off)
	}
	return "without " + strings.Join(names, ", ")
}

// Judged returns the guards that this package does not explore, because they
// are somebody's judgement and not a condition on data, each with the reason.
func Judged() map[migrate.Guard]string {
	return map[migrate.Guard]string{
		migrate.GuardSignedOff: "a person's decision: what it guards against, regret, is no state of the data",
		migrate.GuardUnused: "statements of code that the model knows as strangers and instances already: " +
			"what it guards against is an error in code that nobody named, not a loss of data",
		migrate.GuardSoaked: "time for people to notice what no check looks for; " +
			"the model has no clock, and every safety property holds without it",
		migrate.GuardForgotten: "the row of a closed change stays, so a release that still declares it works on; " +
			"the guard keeps the books straight, not the data",
	}
}

// Implied returns the guards whose removal alone is safe because another one
// proves the same and more, with that other one. They are in the table because
// they are cheap to measure and say what is missing. Removing both has to be
// noticed.
func Implied() map[migrate.Guard]migrate.Guard {
	return map[migrate.Guard]migrate.Guard{
		migrate.GuardBackfilled: migrate.GuardVerified,
		migrate.GuardReversed:   migrate.GuardVerified,
	}
}

// repeated lists the guards that hold on an edge because they held on the way
// there. Both edges destroy something, so they ask once more.
var repeated = []struct {
	guard    migrate.Guard
	from, to migrate.Phase
	why      string
}{
	{
		migrate.GuardFleetSupports, migrate.OnlyNew, migrate.Contracted,
		"the fleet supports new_only since it was entered, and contracted asks for the same mode and shape",
	},
	{
		migrate.GuardReadersDrained, migrate.OnlyNew, migrate.Contracted,
		"no reader of the source was left when new_only was entered, and none can have joined",
	},
	{
		migrate.GuardReadersDrained, migrate.Expanded, migrate.Planned,
		"no reader of the target was left when the change stepped back to expanded, and none can have joined",
	},
}

// Unnoticed returns the reason why no violation is expected when a guard is
// dropped from one edge, and nothing where one is.
func Unnoticed(g migrate.Guard, e migrate.Edge) string {
	if why := Judged()[g]; why != "" {
		return why
	}
	if by := Implied()[g]; by != "" {
		return "it is implied by " + string(by)
	}
	for _, r := range repeated {
		if r.guard == g && r.from == e.From && r.to == e.To {
			return r.why
		}
	}
	return ""
}
