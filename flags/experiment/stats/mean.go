package stats

import (
	"fmt"
	"math"
)

// Moments are what a mean needs of the values of a branch, one value a unit. The
// zero value is no unit.
type Moments struct {
	Units    uint64  `json:"units"`
	Mean     float64 `json:"mean"`
	Variance float64 `json:"variance"` // of the sample, divided by units−1
}

// MomentsOf returns the moments of a sample (Welford 1962).
func MomentsOf(values []float64) Moments {
	var m Moments
	sum := 0.0
	for _, v := range values {
		m.Units++
		d := v - m.Mean
		m.Mean += d / float64(m.Units)
		sum += d * (v - m.Mean)
	}
	if m.Units > 1 {
		m.Variance = sum / float64(m.Units-1)
	}
	return m
}

func (m Moments) check() error {
	switch {
	case math.IsNaN(m.Mean) || math.IsInf(m.Mean, 0) || math.IsNaN(m.Variance) || math.IsInf(m.Variance, 0) || m.Variance < 0:
		return fmt.Errorf("%w: a mean of %v with a variance of %v", ErrInput, m.Mean, m.Variance)
	case m.Units < 2:
		return ErrTooFew
	}
	return nil
}

// Means compares two means by Welch's t-test, which does not assume that the
// variances are equal: Welch, "The generalization of Student's problem when
// several different population variances are involved", Biometrika 34, 1947,
// with the degrees of freedom of Satterthwaite 1946.
func Means(p Plan, control, treatment Moments) (Result, error) {
	for _, m := range []Moments{control, treatment} {
		if err := m.check(); err != nil {
			return Result{}, err
		}
	}
	c, t := control.side(), treatment.side()
	if c.variance+t.variance == 0 {
		return Result{}, ErrNoVariation
	}
	return p.compare(c, t, welch(c, t))
}

// welch are the degrees of freedom of the difference of two estimates, of which
// one has a variance.
func welch(c, t side) float64 {
	return (c.variance + t.variance) * (c.variance + t.variance) /
		(c.variance*c.variance/float64(c.units-1) + t.variance*t.variance/float64(t.units-1))
}

func (m Moments) side() side {
	return side{m.Mean, m.Variance / float64(m.Units), m.Units}
}
