package stats_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/flags/experiment/stats"
)

// What cannot be computed is refused by name, and never a number.
func TestRefusals(t *testing.T) {
	some, one := stats.MomentsOf([]float64{1, 2, 3}), stats.MomentsOf([]float64{1})
	pairs := stats.PairsOf([]float64{1, 2, 3}, []float64{1, 1, 2})
	var values stats.Sample
	for i := range 10 {
		values.Add(float64(i))
	}
	plan := stats.Plan{}
	for name, c := range map[string]struct {
		compute func() (stats.Result, error)
		want    error
	}{
		"hits above units": {func() (stats.Result, error) {
			return stats.Proportions(plan, stats.Share{Units: 5, Hits: 6}, stats.Share{Units: 5})
		}, stats.ErrInput},
		"one unit": {func() (stats.Result, error) {
			return stats.Proportions(plan, stats.Share{Units: 1}, stats.Share{Units: 5})
		}, stats.ErrTooFew},
		"nobody did it": {func() (stats.Result, error) {
			return stats.Proportions(plan, stats.Share{Units: 5}, stats.Share{Units: 5})
		}, stats.ErrNoVariation},
		"everybody did": {func() (stats.Result, error) {
			return stats.Proportions(plan, stats.Share{Units: 5, Hits: 5}, stats.Share{Units: 7, Hits: 7})
		}, stats.ErrNoVariation},
		"mean of one":     {func() (stats.Result, error) { return stats.Means(plan, some, one) }, stats.ErrTooFew},
		"mean of nothing": {func() (stats.Result, error) { return stats.Means(plan, stats.Moments{}, some) }, stats.ErrTooFew},
		"all the same": {func() (stats.Result, error) {
			return stats.Means(plan, stats.MomentsOf([]float64{2, 2}), stats.MomentsOf([]float64{2, 2}))
		}, stats.ErrNoVariation},
		"not a number": {func() (stats.Result, error) {
			return stats.Means(plan, stats.MomentsOf([]float64{2, math.NaN()}), some)
		}, stats.ErrInput},
		"infinite": {func() (stats.Result, error) {
			return stats.Means(plan, stats.MomentsOf([]float64{2, math.Inf(1)}), some)
		}, stats.ErrInput},
		"negative variance": {func() (stats.Result, error) {
			return stats.Means(plan, stats.Moments{Units: 5, Variance: -1}, some)
		}, stats.ErrInput},
		"nothing below the line": {func() (stats.Result, error) {
			return stats.Ratios(plan, stats.PairsOf([]float64{1, 2}, []float64{0, 0}), pairs)
		}, stats.ErrUndefined},
		"pairs of different lengths": {func() (stats.Result, error) {
			return stats.Ratios(plan, stats.Pairs{Y: some, X: one}, pairs)
		}, stats.ErrInput},
		"a percentile beyond the sample": {func() (stats.Result, error) {
			return stats.Percentiles(plan, 0.99, values, values)
		}, stats.ErrTooFew},
		"a percentile of what is no number": {func() (stats.Result, error) {
			bad := values
			bad.Add(math.NaN())
			return stats.Percentiles(plan, 0.5, bad, values)
		}, stats.ErrInput},
		"a percentile of the infinite": {func() (stats.Result, error) {
			bad := values
			bad.Add(math.Inf(-1))
			return stats.Percentiles(plan, 0.5, bad, values)
		}, stats.ErrInput},
		"no percentile":          {func() (stats.Result, error) { return stats.Percentiles(plan, 1, values, values) }, stats.ErrInput},
		"percentile of nothing":  {func() (stats.Result, error) { return stats.Percentiles(plan, 0.5, stats.Sample{}, values) }, stats.ErrTooFew},
		"a level above one half": {func() (stats.Result, error) { return stats.Means(stats.Plan{Alpha: 0.6}, some, some) }, stats.ErrInput},
	} {
		r, err := c.compute()
		require.ErrorIs(t, err, c.want, name)
		require.Zero(t, r, name)
	}
	_, err := stats.SampleRatio([]uint64{1}, []uint64{1, 1})
	require.ErrorIs(t, err, stats.ErrInput)
	_, err = stats.SampleRatio([]uint64{9, 1}, []uint64{1, 0})
	require.ErrorIs(t, err, stats.ErrInput)
	_, err = stats.SampleRatio([]uint64{4, 4}, []uint64{1, 1})
	require.ErrorIs(t, err, stats.ErrTooFew)
	_, err = stats.SampleRatio([]uint64{400, 0}, []uint64{1, 0})
	require.ErrorIs(t, err, stats.ErrTooFew)
	c, err := stats.SampleRatio([]uint64{500, 0, 500}, []uint64{1, 0, 1})
	require.NoError(t, err)
	require.InDelta(t, 1, c.P, 1e-9, "a branch of weight 0 takes no part")
}

// The sequential interval holds zero exactly where its p-value is above alpha,
// is wider than the fixed one, and turns with the sign of the effect.
func TestTheSequentialIntervalIsItsPValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := stats.Plan{
			Alpha: rapid.Float64Range(0.001, 0.2).Draw(t, "alpha"),
			Units: rapid.Uint64Range(10, 1e7).Draw(t, "planned"),
		}
		effect := rapid.Float64Range(-10, 10).Draw(t, "effect")
		se := rapid.Float64Range(0.01, 10).Draw(t, "se")
		units := rapid.Uint64Range(4, 1e7).Draw(t, "units")
		s := p.Sequential(effect, se, units)
		require.True(t, s.P > 0 && s.P <= 1 || math.Abs(effect/se) > 30)
		if math.Abs(s.P-p.Alpha) > 1e-9 {
			require.Equal(t, s.P > p.Alpha, s.Low < 0 && s.High > 0)
		}
		require.Greater(t, s.High-s.Low, 2*1.0*se, "never narrower than one standard error each way")
		turned := p.Sequential(-effect, se, units)
		require.InDelta(t, s.P, turned.P, 1e-12)
		require.InDelta(t, s.Low, -turned.High, 1e-9)
	})
}

// Swapping the branches turns every sign and changes nothing else.
func TestSwappingTheBranchesTurnsTheSign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := func(label string) stats.Share {
			n := rapid.Uint64Range(2, 10_000).Draw(t, label)
			return stats.Share{Units: n, Hits: rapid.Uint64Range(0, n).Draw(t, label)}
		}
		a, b := share("a"), share("b")
		one, err := stats.Proportions(stats.Plan{}, a, b)
		other, err2 := stats.Proportions(stats.Plan{}, b, a)
		require.Equal(t, err, err2)
		if err != nil {
			return
		}
		require.InDelta(t, one.Effect, -other.Effect, 1e-12)
		require.InDelta(t, one.Fixed.P, other.Fixed.P, 1e-12)
		require.InDelta(t, one.Fixed.Low, -other.Fixed.High, 1e-12)
		require.GreaterOrEqual(t, one.Fixed.Low, -1-1e-12)
		require.LessOrEqual(t, one.Fixed.High, 1+1e-12)
	})
}

// A percentile is the value at its place among the sorted ones, whatever order and
// whatever repetitions the sample has, and the sample stays as it was.
func TestPercentilesAreOfTheSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s stats.Sample
		for range rapid.IntRange(150, 400).Draw(t, "units") {
			s.Add(rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 300), func(i int) float64 { return float64(i) }), 1, 3).Draw(t, "values")...)
		}
		before, sorted := slices.Clone(s.Values), slices.Sorted(slices.Values(s.Values))
		quantile := rapid.Float64Range(0.3, 0.7).Draw(t, "quantile")
		r, err := stats.Percentiles(stats.Plan{}, quantile, s, s)
		require.Equal(t, before, s.Values)
		if err != nil { // too many values are the same
			require.True(t, errors.Is(err, stats.ErrNoVariation) || errors.Is(err, stats.ErrTooFew), err)
			return
		}
		want := sorted[int(math.Ceil(float64(len(sorted))*quantile))-1]
		require.InDelta(t, want, r.Control, 0)
	})
}

// Corrected p-values are never smaller, keep their order, and Holm's lie above
// those of Benjamini and Hochberg.
func TestCorrectionsKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 20).Draw(t, "p")
		before := slices.Clone(p)
		holm, bh := stats.Holm(p), stats.BenjaminiHochberg(p)
		require.Equal(t, before, p)
		for i := range p {
			require.GreaterOrEqual(t, bh[i]+1e-12, p[i])
			require.GreaterOrEqual(t, holm[i]+1e-12, bh[i])
			require.LessOrEqual(t, holm[i], 1.0)
			for j := range p {
				if p[i] < p[j] {
					require.LessOrEqual(t, holm[i], holm[j])
					require.LessOrEqual(t, bh[i], bh[j])
				}
			}
		}
	})
}

// A covariate that does not vary changes nothing; one that explains everything
// leaves no variance; the effect is that of the adjusted means.
func TestAdjust(t *testing.T) {
	y := []float64{3, 5, 9, 11}
	flat := stats.PairsOf(y, []float64{2, 2, 2, 2})
	a, err := stats.Adjust(flat, flat)
	require.NoError(t, err)
	require.Equal(t, stats.Adjusted{Control: flat.Y, Treatment: flat.Y}, a)
	exact := stats.PairsOf(y, []float64{1, 2, 4, 5}) // y = 2x + 1
	a, err = stats.Adjust(exact, exact)
	require.NoError(t, err)
	require.InDelta(t, 2, a.Theta, 1e-12)
	require.InDelta(t, 1, a.Reduction, 1e-12)
	require.InDelta(t, 0, a.Control.Variance, 1e-12)
	_, err = stats.Adjust(exact, stats.Pairs{})
	require.ErrorIs(t, err, stats.ErrTooFew)
}

func TestJudge(t *testing.T) {
	enough := stats.Evidence{Control: 100, Treatment: 100}
	up, down := stats.Result{Effect: 1}, stats.Result{Effect: -1}
	for _, c := range []struct {
		name     string
		result   stats.Result
		evidence stats.Evidence
		dir      stats.Direction
		p        float64
		want     stats.Verdict
	}{
		{"up", up, enough, stats.Higher, 0.05, stats.Better},
		{"down", down, enough, stats.Higher, 0.05, stats.Worse},
		{"down is meant", down, enough, stats.Lower, 0.01, stats.Better},
		{"up is not meant", up, enough, stats.Lower, 0.01, stats.Worse},
		{"not shown", up, enough, stats.Higher, 0.0501, stats.Undecided},
		{"few units", up, stats.Evidence{Control: 99, Treatment: 1000}, stats.Higher, 0, stats.TooLittleData},
		{"few hits", up, stats.Evidence{Control: 1000, Treatment: 1000, Shares: []stats.Share{{Units: 1000, Hits: 9}}}, stats.Higher, 0, stats.TooLittleData},
		{"few misses", up, stats.Evidence{Control: 1000, Treatment: 1000, Shares: []stats.Share{{Units: 1000, Hits: 991}}}, stats.Higher, 0, stats.TooLittleData},
		{"wrong ratio", up, stats.Evidence{Ratio: &stats.RatioCheck{Mismatch: true}}, stats.Higher, 0, stats.Mismatched},
	} {
		require.Equal(t, c.want, stats.Judge(stats.Plan{}, c.result, c.evidence, c.dir, c.p), c.name)
	}
}
