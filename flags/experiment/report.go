package experiment

import (
	"time"

	"github.com/underpin-db/underpin/flags/experiment/stats"
)

// Report is what is known of an experiment.
type Report struct {
	State State `json:"experiment"`
	// Segment is the attribute that the units are split by; empty is not at all.
	Segment string `json:"segment,omitempty"`
	Parts   []Part `json:"parts"`
	// Settled is when the report was written down because events were pruned; nil
	// while it is computed anew.
	Settled *time.Time `json:"settled,omitempty"`
}

// Part are the results of the units with one value of the segment, or of all.
type Part struct {
	Value    string            `json:"value,omitempty"` // of the segment
	Branches []Count           `json:"branches"`
	Ratio    *stats.RatioCheck `json:"ratio,omitempty"` // nil where there are too few units to tell
	Results  []Finding         `json:"results"`
	// Warnings are reasons to doubt the results, in words.
	Warnings []string `json:"warnings,omitempty"`
}

// Count are the units of a branch.
type Count struct {
	Branch  string `json:"branch"`
	Units   uint64 `json:"units"`
	Crossed uint64 `json:"crossed"` // saw two branches, and do not count
}

// Finding compares one branch with the control by one metric.
type Finding struct {
	Metric  string        `json:"metric"`
	Kind    Kind          `json:"kind"`
	Branch  string        `json:"branch"`
	Verdict stats.Verdict `json:"verdict"`
	Words   string        `json:"words"`
	// Result is nil where none can be computed.
	Result *stats.Result `json:"result,omitempty"`
	// Adjusted is the sequential p-value corrected for all comparisons of the
	// report: Holm over metrics and branches; Benjamini–Hochberg where the report is
	// split by a segment, which is for finding ideas. The verdict stands on it.
	Adjusted float64 `json:"adjusted_p"`
	// Reduction is the share of the variance that the time before explains; 0
	// where it is not used.
	Reduction float64 `json:"variance_reduction,omitempty"`
}
