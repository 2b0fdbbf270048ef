package backfill

import (
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Errors of a verification.
var (
	// ErrNotKeptInStep says that nobody keeps the shapes in step in the present
	// phase, so that a difference would mean nothing.
	ErrNotKeptInStep = errors.New("in this phase the shapes are not kept in step: there is nothing to verify")
	// ErrNothingCompared says that a table with rows was compared without
	// comparing a row.
	ErrNothingCompared = errors.New("no row was compared although the source has rows")
	// ErrNotCovered says that the ranges compared are not all of the key's.
	ErrNotCovered = errors.New("the ranges compared do not cover the whole key")
)

// Report is what a verification found. All counts are of rows.
type Report struct {
	Change string           `json:"change"`
	Epoch  uint64           `json:"epoch"` // as it began
	Phase  migrate.Phase    `json:"phase"`
	Rule   migrate.StepRule `json:"rule"`
	// Compared counts source rows that take part, and target rows without one.
	Compared  uint64 `json:"compared"`
	Missing   uint64 `json:"missing"`   // source rows without a target row
	Extra     uint64 `json:"extra"`     // target rows without a source row
	Different uint64 `json:"different"` // pairs out of step
	// Finer counts pairs in step because source = g(target) although target
	// ≠ f(source): a step back would give their finer value up.
	Finer uint64 `json:"finer"`
	// Repaired counts rows brought into step; a report with any is not clean.
	Repaired uint64 `json:"repaired"`
	// Quarantined counts rows that the present run of the phase's job has
	// quarantined and not yet been able to write.
	Quarantined uint64 `json:"quarantined"`
	// Chunks is how many ranges were compared; together they are everything.
	Chunks   uint64        `json:"chunks"`
	Examples []string      `json:"examples,omitempty"` // keys of rows not in step
	Duration time.Duration `json:"duration_ns"`
}

// Differ is the number of pairs that are not in step.
func (r Report) Differ() uint64 { return r.Missing + r.Extra + r.Different }

// Clean reports whether the pass found every pair in step and repaired none. A
// pass that repaired has to be followed by one that finds nothing.
func (r Report) Clean() bool {
	return r.Chunks > 0 && r.Differ() == 0 && r.Repaired == 0 && r.Quarantined == 0
}

// String is the report in a sentence.
func (r Report) String() string {
	if r.Clean() {
		return fmt.Sprintf("clean: %d rows compared in %d chunks, all in step", r.Compared, r.Chunks)
	}
	return fmt.Sprintf("not clean: %d rows compared, %d missing, %d extra, %d different, %d repaired, %d quarantined",
		r.Compared, r.Missing, r.Extra, r.Different, r.Repaired, r.Quarantined)
}

func (r *Report) add(c shape.Counts) {
	r.Compared += c.Compared
	r.Missing += c.Missing
	r.Extra += c.Extra
	r.Different += c.Different
	r.Finer += c.Finer
	r.Chunks++
}
