package stats

import "fmt"

// Direction says which way a metric is meant to go.
type Direction string

// The directions. The zero value is Higher.
const (
	Higher Direction = ""
	Lower  Direction = "lower"
)

// Verdict is a result in a word.
type Verdict string

// The verdicts.
const (
	// Mismatched: the branches' sizes are not what they were meant to be, so
	// nothing can be believed.
	Mismatched Verdict = "sample_ratio_mismatch"
	// TooLittleData: the methods are not to be relied on yet.
	TooLittleData Verdict = "too_little_data"
	// Undecided: no difference is shown. It does not mean that there is none; the
	// interval says how large it may be.
	Undecided Verdict = "undecided"
	// Better and Worse: there is a difference, and it goes the right or wrong way.
	Better Verdict = "better"
	Worse  Verdict = "worse"
)

// LeastUnits is how many units each branch has to have before there is a
// verdict, and LeastEvents how many units of each branch have to have done, and
// not done, what a proportion counts. Below them the normal approximation under
// the sequential test is not to be relied on.
const (
	LeastUnits  = 100
	LeastEvents = 10
)

// Evidence is how much data a comparison stands on.
type Evidence struct {
	Control, Treatment uint64 // units
	// Shares are the counts of a proportion; nil for every other metric.
	Shares []Share
	// Ratio is the check of all branches' sizes; nil where it could not be made.
	Ratio *RatioCheck
}

// Missing says in words what is too little, or nothing.
func (e Evidence) Missing() string {
	if n := min(e.Control, e.Treatment); n < LeastUnits {
		return fmt.Sprintf("%d units in the smaller branch, at least %d are needed", n, LeastUnits)
	}
	for _, s := range e.Shares {
		if rare := min(s.Hits, s.Units-s.Hits); rare < LeastEvents {
			return fmt.Sprintf("%d of %d units in a branch: at least %d have to have done it, and %d not", s.Hits, s.Units, LeastEvents, LeastEvents)
		}
	}
	return ""
}

// Judge gives the verdict on a result whose p-value, corrected for the number of
// metrics, is adjusted. Give it an always-valid p-value, unless the result is
// looked at once.
func Judge(p Plan, r Result, e Evidence, d Direction, adjusted float64) Verdict {
	switch {
	case e.Ratio != nil && e.Ratio.Mismatch:
		return Mismatched
	case e.Missing() != "":
		return TooLittleData
	case adjusted > p.withDefaults().Alpha:
		return Undecided
	case (r.Effect > 0) == (d == Higher):
		return Better
	}
	return Worse
}
