package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Sample holds the values of one branch, those of each unit together: Ends[i]
// is where the values of unit i end in Values. A unit may have any number of
// values.
type Sample struct {
	Values []float64
	Ends   []int
}

// Add adds the values of one more unit.
func (s *Sample) Add(values ...float64) {
	s.Values = append(s.Values, values...)
	s.Ends = append(s.Ends, len(s.Values))
}

// Percentiles compares a percentile, such as the 95th of latencies: quantile is
// 0.95 then. The percentile of a branch is the inverse of the empirical
// distribution, taken over all values. Its error is found without a density
// (Deng, Knoblich and Lu 2018, "Applying the Delta Method in Metric Analytics",
// KDD, section 4; for independent values it is the interval of Woodruff, JASA 47,
// 1952):
//
//  1. the share of values that are not above the percentile is a ratio of sums
//     over units; the delta method gives its error σ, so that values of one unit
//     may depend on each other;
//  2. the values at the shares quantile ± z·σ are the percentile's interval, and
//     its width divided by 2z its standard error, z being that of Plan.Alpha.
//
// It needs enough values beyond the percentile for step 2 to stay inside the
// sample, and returns [ErrTooFew] otherwise. It allocates as much as the samples
// and leaves them as they are.
func Percentiles(p Plan, quantile float64, control, treatment Sample) (Result, error) {
	if !(quantile > 0 && quantile < 1) {
		return Result{}, fmt.Errorf("%w: the percentile %v is not between 0 and 1", ErrInput, quantile)
	}
	if err := p.check(); err != nil {
		return Result{}, err
	}
	c, err := p.percentile(quantile, control)
	if err != nil {
		return Result{}, err
	}
	t, err := p.percentile(quantile, treatment)
	if err != nil {
		return Result{}, err
	}
	return p.compare(c, t, 0)
}

func (p Plan) percentile(quantile float64, s Sample) (side, error) {
	if len(s.Ends) < 2 || len(s.Values) < 2 {
		return side{}, ErrTooFew
	}
	sorted := slices.Sorted(slices.Values(s.Values))
	value := at(sorted, quantile)
	if last := sorted[len(sorted)-1]; value == last && sorted[0] != last {
		return side{}, fmt.Errorf("%w: of %d values none lies beyond the percentile %v", ErrTooFew, len(sorted), quantile)
	}
	share, err := s.below(value).ratio()
	if err != nil {
		return side{}, err
	}
	z := distuv.UnitNormal.Quantile(1 - p.withDefaults().Alpha/2)
	half := z * math.Sqrt(share.variance)
	if quantile-half <= 0 || quantile+half >= 1 {
		return side{}, fmt.Errorf("%w: %d values are not enough for the percentile %v", ErrTooFew, len(sorted), quantile)
	}
	se := (at(sorted, quantile+half) - at(sorted, quantile-half)) / (2 * z)
	return side{value, se * se, uint64(len(s.Ends))}, nil
}

// at is the inverse of the empirical distribution at a share.
func at(sorted []float64, share float64) float64 {
	n := float64(len(sorted))
	i := int(math.Ceil(n*share)) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// below counts, unit by unit, values and values that are not above a limit.
func (s Sample) below(limit float64) Pairs {
	hits, all := make([]float64, len(s.Ends)), make([]float64, len(s.Ends))
	from := 0
	for i, to := range s.Ends {
		for _, v := range s.Values[from:to] {
			if v <= limit {
				hits[i]++
			}
		}
		all[i] = float64(to - from)
		from = to
	}
	return PairsOf(hits, all)
}
