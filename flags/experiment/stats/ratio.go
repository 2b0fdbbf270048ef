package stats

import (
	"fmt"
	"math"
)

// Pairs are the moments of two values a unit: Y over X for a ratio, Y with the
// covariate X for CUPED.
type Pairs struct {
	Y, X       Moments // with the same number of units
	Covariance float64 // of the sample, divided by units−1
}

// PairsOf returns the moments of paired samples of the same length.
func PairsOf(y, x []float64) Pairs {
	p := Pairs{Y: MomentsOf(y), X: MomentsOf(x)}
	for i := range y {
		p.Covariance += (y[i] - p.Y.Mean) * (x[i] - p.X.Mean) / float64(max(len(y)-1, 1))
	}
	return p
}

func (p Pairs) check() error {
	if p.Y.Units != p.X.Units {
		return fmt.Errorf("%w: %d values paired with %d", ErrInput, p.Y.Units, p.X.Units)
	}
	if math.IsNaN(p.Covariance) || math.IsInf(p.Covariance, 0) {
		return fmt.Errorf("%w: a covariance of %v", ErrInput, p.Covariance)
	}
	if err := p.Y.check(); err != nil {
		return err
	}
	return p.X.check()
}

// Ratios compares two ratios of sums, ΣY/ΣX, such as clicks per page view, where
// a unit contributes several to both. The variance of each is the delta method's
// (Deng, Knoblich and Lu, "Applying the Delta Method in Metric Analytics", KDD 2018,
// arXiv 1803.06336, on randomisation by clusters; Cochran, "Sampling Techniques",
// 1977, on the ratio estimate):
//
//	Var(Y̅/X̅) ≈ (Var(Y) − 2R·Cov(Y,X) + R²·Var(X)) / (n·X̅²),  R = Y̅/X̅
//
// The interval is Welch's on these two. The p-values are those of a score test, as
// [Proportions] has it: under the hypothesis of no difference both branches have one
// R, that of all units, and the variance is of Y − RX about it. A branch's own R
// lies nearer to its own units than the true one does, most of all where few units
// weigh much, so that the variance about it is a little too small.
//
// The denominator has to be positive in both branches.
func Ratios(p Plan, control, treatment Pairs) (Result, error) {
	c, err := control.ratio()
	if err != nil {
		return Result{}, err
	}
	t, err := treatment.ratio()
	if err != nil {
		return Result{}, err
	}
	df := welch(c, t)
	r, err := p.compare(c, t, df)
	if err != nil {
		return Result{}, err
	}
	nc, nt := float64(c.units), float64(t.units)
	all := (nc*control.Y.Mean + nt*treatment.Y.Mean) / (nc*control.X.Mean + nt*treatment.X.Mean)
	null := math.Sqrt(control.about(all) + treatment.about(all))
	r.Fixed.P = p.fixed(r.Effect, null, df).P
	r.Sequential.P = p.Sequential(r.Effect, null, r.Units).P
	return r, nil
}

func (p Pairs) ratio() (side, error) {
	if err := p.check(); err != nil {
		return side{}, err
	}
	if p.X.Mean <= 0 {
		return side{}, fmt.Errorf("%w: the denominator of the ratio is %v", ErrUndefined, p.X.Mean)
	}
	r := p.Y.Mean / p.X.Mean
	return side{r, p.about(r), p.Y.Units}, nil
}

// about is the variance of the branch's ratio, from how far units are from a
// ratio r that need not be the branch's own.
func (p Pairs) about(r float64) float64 {
	n, off := float64(p.Y.Units), p.Y.Mean-r*p.X.Mean
	residual := max(p.Y.Variance-2*r*p.Covariance+r*r*p.X.Variance, 0) + off*off*n/(n-1)
	return residual / (n * p.X.Mean * p.X.Mean)
}
