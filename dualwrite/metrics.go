package dualwrite

import (
	"time"

	"github.com/underpin-db/underpin/migrate"
)

// Outcome is how a write, a copy or a comparison ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	Unknown Outcome = "unknown" // the answer to the COMMIT was lost
	Refused Outcome = "refused" // not allowed, or the lease was lost
	Differs Outcome = "differs" // a shadow read saw two different values
	Dropped Outcome = "dropped" // a shadow read that there was no room for
)

// Metrics is told what happens, synchronously: implementations have to be fast
// and safe for concurrent use. Embed [NoMetrics] to stay compatible with
// versions that tell more. Package dualwrite/promdual exports it to Prometheus.
type Metrics interface {
	// Wrote tells of a unit of work and how long it took, retries included.
	Wrote(change string, mode migrate.Mode, outcome Outcome, took time.Duration)
	// Retried tells that a unit is about to be tried again, and why.
	Retried(change, why string)
	// Fenced tells how long the fence took. It waits for a transition.
	Fenced(change string, took time.Duration)
	// Mirrored tells how long the other shape took to follow.
	Mirrored(change string, took time.Duration)
	// Read tells which shape answered a read.
	Read(change string, shape migrate.Shape)
	// Copied tells of a row brought over by copy-on-read.
	Copied(change string, outcome Outcome)
	// Shadowed tells of a comparison: Done, Differs, Failed or Dropped.
	Shadowed(change string, outcome Outcome)
	// LeaseLost tells that the process was silent for too long.
	LeaseLost()
}

// NoMetrics tells nobody.
type NoMetrics struct{}

var _ Metrics = NoMetrics{}

// Wrote implements Metrics.
func (NoMetrics) Wrote(string, migrate.Mode, Outcome, time.Duration) {}

// Retried implements Metrics.
func (NoMetrics) Retried(string, string) {}

// Fenced implements Metrics.
func (NoMetrics) Fenced(string, time.Duration) {}

// Mirrored implements Metrics.
func (NoMetrics) Mirrored(string, time.Duration) {}

// Read implements Metrics.
func (NoMetrics) Read(string, migrate.Shape) {}

// Copied implements Metrics.
func (NoMetrics) Copied(string, Outcome) {}

// Shadowed implements Metrics.
func (NoMetrics) Shadowed(string, Outcome) {}

// LeaseLost implements Metrics.
func (NoMetrics) LeaseLost() {}
