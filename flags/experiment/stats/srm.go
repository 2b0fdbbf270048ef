package stats

import (
	"fmt"

	"gonum.org/v1/gonum/stat/distuv"
)

// MismatchAlpha is the p-value below which a sample ratio counts as mismatched.
// It is strict because the check runs at every look and a mismatch spoils all
// results: 0.001, as GrowthBook has it. What causes mismatches, and how to find the
// cause: Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled
// Experiments", KDD 2019.
const MismatchAlpha = 0.001

// leastExpected is the expected count below which chi-square is not to be relied
// on (Cochran 1954).
const leastExpected = 5

// RatioCheck is the outcome of a check of the sample ratio.
type RatioCheck struct {
	ChiSquare float64  `json:"chi_square"`
	P         float64  `json:"p"`
	Expected  []uint64 `json:"expected"` // units a branch, rounded
	// Mismatch says that the branches have got other shares of the units than
	// they were meant to: the assignment or the recording is broken, and no
	// result of the experiment can be believed.
	Mismatch bool `json:"mismatch"`
}

// SampleRatio checks by Pearson's chi-square whether the units of each branch are
// in the ratio of the weights. Branches of weight 0 take no part and must have
// no units. It returns [ErrTooFew] where a branch is expected to have fewer than
// five units or fewer than two branches take part.
func SampleRatio(units, weights []uint64) (RatioCheck, error) {
	if len(units) != len(weights) {
		return RatioCheck{}, fmt.Errorf("%w: %d counts for %d weights", ErrInput, len(units), len(weights))
	}
	var total, weight float64
	for i := range units {
		total += float64(units[i])
		weight += float64(weights[i])
		if weights[i] == 0 && units[i] > 0 {
			return RatioCheck{}, fmt.Errorf("%w: %d units in a branch of weight 0", ErrInput, units[i])
		}
	}
	out := RatioCheck{Expected: make([]uint64, len(units))}
	branches := 0
	for i := range units {
		if weights[i] == 0 {
			continue
		}
		branches++
		expected := total * float64(weights[i]) / weight
		if expected < leastExpected {
			return RatioCheck{}, ErrTooFew
		}
		d := float64(units[i]) - expected
		out.ChiSquare += d * d / expected
		out.Expected[i] = uint64(expected + 0.5)
	}
	if branches < 2 {
		return RatioCheck{}, ErrTooFew
	}
	out.P = distuv.ChiSquared{K: float64(branches - 1)}.Survival(out.ChiSquare)
	out.Mismatch = out.P < MismatchAlpha
	return out, nil
}
