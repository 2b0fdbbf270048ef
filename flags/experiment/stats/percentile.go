package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
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
// (Deng, Knoblich and Lu, "Applying the Delta Method in Metric Analytics", KDD 2018,
// arXiv 1803.06336, on quantile metrics; for independent values it is the interval of
// Woodruff, "Confidence Intervals for Medians and Other Position Measures", JASA 47,
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
	values := slices.Clone(s.Values)
	least, most := slices.Min(values), slices.Max(values) // NaN if any value is
	if math.IsNaN(least) || math.IsInf(least, 0) || math.IsInf(most, 0) {
		return side{}, fmt.Errorf("%w: a value that is no number, or infinite", ErrInput)
	}
	value := at(values, quantile)
	if value == most && least != most {
		return side{}, fmt.Errorf("%w: of %d values none lies beyond the percentile %v", ErrTooFew, len(values), quantile)
	}
	share, err := s.below(value).ratio()
	if err != nil {
		return side{}, err
	}
	z := distuv.UnitNormal.Quantile(1 - p.withDefaults().Alpha/2)
	half := z * math.Sqrt(share.variance)
	if quantile-half <= 0 || quantile+half >= 1 {
		return side{}, fmt.Errorf("%w: %d values are not enough for the percentile %v", ErrTooFew, len(values), quantile)
	}
	se := (at(values, quantile+half) - at(values, quantile-half)) / (2 * z)
	return side{value, se * se, uint64(len(s.Ends))}, nil
}

// at is the inverse of the empirical distribution at a share. It reorders the
// values.
func at(values []float64, share float64) float64 {
	i := int(math.Ceil(float64(len(values))*share)) - 1
	return nth(values, min(max(i, 0), len(values)-1))
}

// nth returns the value that would be at place k if the values were sorted, in
// linear time (Hoare's selection), and reorders them. Pivots are drawn, so that no
// order of the values is a slow one.
func nth(values []float64, k int) float64 {
	for low, high := 0, len(values)-1; low < high; {
		pivot := values[low+rand.IntN(high-low+1)]
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch { // low to j are at most pivot, i to high at least; between is pivot
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return values[k]
		}
	}
	return values[k]
}

// below counts, unit by unit, values and values that are not above a limit: their
// moments (Welford 1962).
func (s Sample) below(limit float64) Pairs {
	var hits, all, sumHits, sumAll, sumBoth float64
	from := 0
	for i, to := range s.Ends {
		h := 0.0
		for _, v := range s.Values[from:to] {
			if v <= limit {
				h++
			}
		}
		n, a := float64(i+1), float64(to-from)
		dh, da := h-hits, a-all
		hits += dh / n
		all += da / n
		sumHits += dh * (h - hits)
		sumAll += da * (a - all)
		sumBoth += dh * (a - all)
		from = to
	}
	units := uint64(len(s.Ends))
	return Pairs{
		Y:          Moments{units, hits, sumHits / float64(units-1)},
		X:          Moments{units, all, sumAll / float64(units-1)},
		Covariance: sumBoth / float64(units-1),
	}
}
