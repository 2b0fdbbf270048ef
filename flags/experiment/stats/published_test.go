package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags/experiment/stats"
)

// near compares with a number as it was printed: digits are those after the
// point.
func near(t *testing.T, want, got float64, digits int, what string) {
	t.Helper()
	require.InDelta(t, want, got, 0.5000001*math.Pow10(-digits), what)
}

// The numbers of this file are published by others; each test names a source that
// can be looked up.

// statscodes.com/tests-and-intervals/welchs-two-sample-t-tests-in-r: the output of
// R's t.test.
func TestMeansAsInR(t *testing.T) {
	x := stats.MomentsOf([]float64{5.1, 2.0, 4.1, 6.2, 7.1, 8.3})
	y := stats.MomentsOf([]float64{1.5, 6.4, 3.3, 5.8, 4.8, 7.2, 5.6, 4.5})
	r, err := stats.Means(stats.Plan{}, y, x)
	require.NoError(t, err)
	near(t, 0.51703, r.Effect/r.SE, 5, "t")
	near(t, 9.48, r.DF, 2, "df")
	near(t, 0.617, r.Fixed.P, 3, "p")
	near(t, -1.935420, r.Fixed.Low, 6, "low")
	near(t, 3.093754, r.Fixed.High, 6, "high")
}

// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3, miles per gallon of
// cars of two countries (AUTO83B.DAT): the test with unequal variances. Boost.Math's
// manual works the same example: t = −12.94627, 136.87499 degrees of freedom.
func TestMeansAsInTheNISTHandbook(t *testing.T) {
	us := stats.Moments{Units: 249, Mean: 20.14458, Variance: 6.414700 * 6.414700}
	japan := stats.Moments{Units: 79, Mean: 30.48101, Variance: 6.107710 * 6.107710}
	r, err := stats.Means(stats.Plan{}, japan, us)
	require.NoError(t, err)
	near(t, -12.94627, r.Effect/r.SE, 4, "t")
	near(t, 136.8750, r.DF, 3, "df")
}

// github.com/growthbook/growthbook, packages/stats/tests/frequentist/test_tests.py:
// the absolute difference of two means at commit 06b4ae4f, the relative one at
// commit 59f39a70.
func TestMeansAsInGrowthBook(t *testing.T) {
	control := stats.Moments{Units: 3407, Mean: 0.41, Variance: 3.9 * 3.9}
	treatment := stats.Moments{Units: 3461, Mean: 0.7, Variance: 6.2 * 6.2}
	r, err := stats.Means(stats.Plan{}, control, treatment)
	require.NoError(t, err)
	near(t, 0.02016, r.Fixed.P, 5, "p")
	near(t, 0.04538, r.Fixed.Low, 5, "low")
	near(t, 0.53462, r.Fixed.High, 5, "high")
	near(t, 0.70732, r.Lift.Value, 5, "lift")
	near(t, 0.37879, r.Lift.SE, 5, "standard error of the lift")
}

// influentialpoints.com/notes/n9rmf3.htm, "Two-sample test for independent
// proportions": the output of R's prop.test without continuity correction, rates
// 0.4392523 and 0.3046875.
func TestProportionsAsInR(t *testing.T) {
	r, err := stats.Proportions(stats.Plan{}, stats.Share{Units: 128, Hits: 39}, stats.Share{Units: 214, Hits: 94})
	require.NoError(t, err)
	near(t, 0.4392523, r.Treatment, 7, "rate")
	near(t, 0.3046875, r.Control, 7, "rate")
	near(t, 0.01350, r.Fixed.P, 5, "p")
	half := 1.959964 * r.SE // R prints the simple interval
	near(t, 0.03074072, r.Effect-half, 6, "low")
	near(t, 0.23838896, r.Effect+half, 6, "high")
}

// Newcombe, Statistics in Medicine 17 (1998), 873–890, table II, method 10, examples
// (a), (b) and (g).
func TestIntervalsOfProportionsAsInNewcombe(t *testing.T) {
	for _, c := range []struct {
		treatment, control stats.Share
		low, high          float64
	}{
		{stats.Share{Units: 70, Hits: 56}, stats.Share{Units: 80, Hits: 48}, 0.0524, 0.3339},
		{stats.Share{Units: 10, Hits: 9}, stats.Share{Units: 10, Hits: 3}, 0.1705, 0.8090},
		{stats.Share{Units: 10, Hits: 10}, stats.Share{Units: 20, Hits: 0}, 0.6791, 1.0000},
	} {
		r, err := stats.Proportions(stats.Plan{}, c.control, c.treatment)
		require.NoError(t, err)
		near(t, c.low, r.Fixed.Low, 4, "low")
		near(t, c.high, r.Fixed.High, 4, "high")
	}
}

// Scheaffer, Mendenhall and Ott, "Elementary Survey Sampling", exercise 6.1: the
// volume of 250 trees from 12, whose basal area is known: 1589.55 ± 186.32 (worked at
// coursehero.com/file/6287055/STAT-4240-HW8). The book divides by the known mean 0.3 of the denominator, corrects for the finite
// population and prints two standard errors.
func TestRatioAsInScheaffer(t *testing.T) {
	x := []float64{0.3, 0.5, 0.4, 0.9, 0.7, 0.2, 0.6, 0.5, 0.8, 0.4, 0.8, 0.6}
	y := []float64{6, 9, 7, 19, 15, 5, 12, 9, 20, 9, 18, 13}
	exact := stats.Pairs{Y: stats.Moments{Units: 2}, X: stats.Moments{Units: 2, Mean: 1}} // no error of its own
	trees := stats.PairsOf(y, x)
	r, err := stats.Ratios(stats.Plan{}, exact, trees)
	require.NoError(t, err)
	near(t, 1589.55, 75*r.Treatment, 2, "volume")
	near(t, 186.32, 2*75*r.SE*math.Sqrt(1-12.0/250)*trees.X.Mean/0.3, 2, "bound")
}

// github.com/PostHog/posthog, products/experiments/stats/tests/test_frequentist.py,
// test_two_sided_ttest_with_ratio_statistic: a relative effect.
func TestRatiosAsInPostHog(t *testing.T) {
	pairs := func(n, sum, squares, orders float64) stats.Pairs {
		variance := func(sum, squares float64) float64 { return (squares - sum*sum/n) / (n - 1) }
		return stats.Pairs{
			Y:          stats.Moments{Units: uint64(n), Mean: sum / n, Variance: variance(sum, squares)},
			X:          stats.Moments{Units: uint64(n), Mean: orders / n, Variance: variance(orders, orders)},
			Covariance: (sum - sum*orders/n) / (n - 1),
		}
	}
	r, err := stats.Ratios(stats.Plan{},
		pairs(1966, 94605.79858780127, 10463129.505392816, 936),
		pairs(2034, 99673.9364269569, 11298745.182728939, 947))
	require.NoError(t, err)
	near(t, 0.041333, r.Lift.Value, 6, "lift")
	near(t, 0.01378609, r.Lift.Value-1.96*r.Lift.SE, 4, "low")
	near(t, 0.0689, r.Lift.Value+1.96*r.Lift.SE, 4, "high")
}

// github.com/PostHog/posthog, products/experiments/stats/tests/test_frequentist.py,
// TestSequentialTwoSidedTTestGoldenValues, after Waudby-Smith et al.
func TestSequentialAsInPostHog(t *testing.T) {
	for _, c := range []struct {
		effect, se     float64
		units, planned uint64
		low, high, p   float64
	}{
		{0.53061, 0.33368, 6500, 1000, -0.53230, 1.59353, 1},
		{0.56256, 0.03354, 6550, 5000, 0.46064, 0.66448, 0},
	} {
		s := stats.Plan{Units: c.planned}.Sequential(c.effect, c.se, c.units)
		near(t, c.low, s.Low, 4, "low")
		near(t, c.high, s.High, 4, "high")
		near(t, c.p, s.P, 5, "p")
	}
}

// Kohavi, Tang and Xu, "Trustworthy Online Controlled Experiments", chapter 21:
// 821 588 against 815 482 users where equal numbers were meant, p = 1.8E-6.
func TestSampleRatioAsInKohavi(t *testing.T) {
	c, err := stats.SampleRatio([]uint64{821_588, 815_482}, []uint64{50, 50})
	require.NoError(t, err)
	near(t, 1.8e-6, c.P, 7, "p")
	require.True(t, c.Mismatch)
}

// Mendel's peas, 9:3:3:1, in Crawley, "The R Book", 2007, "A Four-Class Table of
// Counts": chi-square 0.470024, p = 0.9254.
func TestSampleRatioOfMendel(t *testing.T) {
	c, err := stats.SampleRatio([]uint64{315, 108, 101, 32}, []uint64{9, 3, 3, 1})
	require.NoError(t, err)
	near(t, 0.470024, c.ChiSquare, 6, "chi-square")
	near(t, 0.9254, c.P, 4, "p")
	require.False(t, c.Mismatch)
	require.Equal(t, []uint64{313, 104, 104, 35}, c.Expected)
}

// Benjamini and Hochberg, JRSS B 57 (1995), page 295: of 15 p-values at 0.05 their
// procedure rejects four, Bonferroni and Hochberg three.
func TestCorrectionsAsInBenjaminiAndHochberg(t *testing.T) {
	p := []float64{.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1}
	rejected := func(adjusted []float64) (n int) {
		for _, a := range adjusted {
			if a <= 0.05 {
				n++
			}
		}
		return n
	}
	bh, holm := stats.BenjaminiHochberg(p), stats.Holm(p)
	require.Equal(t, 4, rejected(bh))
	require.Equal(t, 3, rejected(holm))
	near(t, .0095*15/4, bh[3], 6, "the fourth")
	near(t, .0298*15/7, bh[5], 6, "the sixth takes the smaller one of the seventh")
	near(t, .0095*12, holm[3], 6, "the fourth")
	require.Equal(t, 1.0, holm[14])
}

// R's data set cars: summary(lm(dist ~ speed, data = cars)) prints the slope 3.9324
// and R² 0.6511 (r-statistics.co/Simple-Linear-Regression-in-R.html). With speed as the covariate these are θ and the variance that goes.
func TestAdjustAsARegressionInR(t *testing.T) {
	speed := []float64{4, 4, 7, 7, 8, 9, 10, 10, 10, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 16, 16, 17, 17,
		17, 18, 18, 18, 18, 19, 19, 19, 20, 20, 20, 20, 20, 22, 23, 24, 24, 24, 24, 25}
	dist := []float64{2, 10, 4, 22, 16, 10, 18, 26, 34, 17, 28, 14, 20, 24, 28, 26, 34, 34, 46, 26, 36, 60, 80, 20, 26, 54, 32, 40, 32, 40,
		50, 42, 56, 76, 84, 36, 46, 68, 32, 48, 52, 56, 64, 66, 54, 70, 92, 93, 120, 85}
	cars := stats.PairsOf(dist, speed)
	a, err := stats.Adjust(cars, cars) // pooled within two equal branches
	require.NoError(t, err)
	near(t, 3.932409, a.Theta, 6, "theta")
	near(t, 0.6511, a.Reduction, 4, "reduction")
	near(t, 42.98, a.Control.Mean, 2, "the mean stays")
}
