package experiment

import (
	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment/stats"
)

// Experiment is the definition of an experiment, as it is written down.
type Experiment struct {
	// Name identifies it for ever: up to 64 of A-Z a-z 0-9 _ . -
	Name string `json:"name"`
	// Hypothesis says what is expected, before it is known.
	Hypothesis string `json:"hypothesis"`
	// Flag is the flag whose variants the branches are.
	Flag string `json:"flag"`
	// Branches are the variants that are compared, the control first. Their shares
	// sum to 100%.
	Branches []Branch `json:"branches"`
	// Share is the part of all units that take part. Zero is all of them, or, in a
	// group, an error. It may only grow while the experiment runs.
	Share flags.Share `json:"share,omitempty"`
	// Group names experiments of which a unit may be in one only. Empty is none.
	Group string `json:"group,omitempty"`
	// Metrics are what is measured; the first is the one that decides.
	Metrics []Metric `json:"metrics"`
	// Segments are the attributes, as they are at the first exposure, by which
	// results may be split.
	Segments []string `json:"segments,omitempty"`
	// Units is how many units the experiment is planned for, and Alpha the accepted
	// rate of false positives: see [stats.Plan]. Both are fixed at the start.
	Units uint64  `json:"units,omitempty"`
	Alpha float64 `json:"alpha,omitempty"`
	// Before is how long before a unit's first exposure its events count as the
	// covariate of a mean (CUPED). Zero is not at all.
	Before flags.Duration `json:"before,omitempty"`
}

// Branch is one of the variants that are compared.
type Branch struct {
	Name  string      `json:"name"`  // of the flag's variant
	Share flags.Share `json:"share"` // of the units that take part; 0 takes no new ones
}

// Kind is what a metric computes.
type Kind string

// The kinds.
const (
	// Proportion is the share of units with at least one event.
	Proportion Kind = "proportion"
	// Mean is the average over units of the sum of a unit's events. A unit without
	// events counts as 0.
	Mean Kind = "mean"
	// Ratio is the sum of the events' values over the sum of Per's.
	Ratio Kind = "ratio"
	// Percentile is a percentile of the events' values.
	Percentile Kind = "percentile"
)

// Metric is something that is measured.
type Metric struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Event is the event that counts. Defaults to the metric's name.
	Event string `json:"event,omitempty"`
	// Per is the event below the line of a ratio.
	Per string `json:"per,omitempty"`
	// Percentile is which one, between 0 and 100.
	Percentile float64 `json:"percentile,omitempty"`
	// Better is the direction that is meant: higher, the default, or lower.
	Better Better `json:"better,omitempty"`
}

// Better is the direction in which a metric is meant to go.
type Better string

// The directions; empty is BetterHigher.
const (
	BetterHigher Better = "higher"
	BetterLower  Better = "lower"
)

func (b Better) direction() stats.Direction {
	if b == BetterLower {
		return stats.Lower
	}
	return stats.Higher
}

func (e Experiment) plan() stats.Plan { return stats.Plan{Alpha: e.Alpha, Units: e.Units} }

func (e Experiment) branchNames() []string {
	names := make([]string, len(e.Branches))
	for i, b := range e.Branches {
		names[i] = b.Name
	}
	return names
}

// normalised returns the definition with its defaults written out, so that two
// that mean the same are the same.
func (e Experiment) normalised() Experiment {
	if e.Share == 0 && e.Group == "" {
		e.Share = flags.All
	}
	e.Metrics = append([]Metric(nil), e.Metrics...)
	for i := range e.Metrics {
		m := &e.Metrics[i]
		if m.Event == "" {
			m.Event = m.Name
		}
		if m.Better == "" {
			m.Better = BetterHigher
		}
	}
	return e
}
