package flags

import (
	"context"
	"errors"
	"time"
)

// Position is where a store stands. The version rises by one with every change;
// the token names that very change, so that a store which lost changes, and then
// made others in their place, is not taken for the one that was known.
type Position struct {
	Version uint64 `json:"version"`
	Token   string `json:"token"`
}

// Scope says what the flags of an update are.
type Scope string

// The scopes.
const (
	// Changed: those that were changed since the position asked about.
	Changed Scope = "changed"
	// Whole: all there are.
	Whole Scope = "whole"
)

// Update is what a store has that a copy has not.
type Update struct {
	At    Position
	Scope Scope
	// Flags are those changed, or all of them. Removed names those that are
	// gone; it is empty for a Whole update.
	Flags   []Flag
	Removed []string
}

// Source is where a client gets its flags.
type Source interface {
	// Fetch returns what is new after a position; all there is for the zero
	// Position and for one that the store does not know. A store that is behind
	// that position returns its own, with no flags. It has to be safe for
	// concurrent use and to heed the context.
	Fetch(ctx context.Context, after Position) (Update, error)
}

// UseRecorder is a Source that keeps which flags are evaluated at all.
type UseRecorder interface {
	// RecordUse notes that the flags were evaluated today.
	RecordUse(ctx context.Context, names []string) error
}

// ErrBehind says that a store is at a lower version than the copy: a replica
// that lags, or a server that lost changes in a failover.
var ErrBehind = errors.New("the store is behind this copy")

// Outcome is how something ended.
type Outcome string

// The outcomes of a poll.
const (
	Unchanged Outcome = "unchanged"
	Applied   Outcome = "applied"
	Failed    Outcome = "failed"
)

// Metrics is told what happens, synchronously: implementations have to be fast
// and safe for concurrent use. Embed [NoMetrics] to stay compatible with
// versions that tell more. Package flags/promflags exports it to Prometheus.
type Metrics interface {
	// Polled tells of a question to the store and how long it took.
	Polled(outcome Outcome, took time.Duration)
	// Applied tells of a new copy: the version and how many flags it has.
	Applied(version uint64, flags int)
	// Aged tells, several times a second, how long ago the copy was last
	// confirmed.
	Aged(age time.Duration)
	// Failed tells of an evaluation that returned the caller's fallback or, with
	// [CodeVariant], passed over what the assigner had said.
	Failed(code Code)
	// Hinted tells of a hint that something may be new.
	Hinted()
}

// NoMetrics tells nobody.
type NoMetrics struct{}

var _ Metrics = NoMetrics{}

// Polled implements Metrics.
func (NoMetrics) Polled(Outcome, time.Duration) {}

// Applied implements Metrics.
func (NoMetrics) Applied(uint64, int) {}

// Aged implements Metrics.
func (NoMetrics) Aged(time.Duration) {}

// Failed implements Metrics.
func (NoMetrics) Failed(Code) {}

// Hinted implements Metrics.
func (NoMetrics) Hinted() {}
