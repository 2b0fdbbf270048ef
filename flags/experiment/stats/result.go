package stats

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Errors that say why there is no result.
var (
	// ErrTooFew says that a branch has too few units for the method.
	ErrTooFew = errors.New("too few units")
	// ErrNoVariation says that the values do not vary, so that no error can be
	// estimated: all units of a branch did the same.
	ErrNoVariation = errors.New("no variation: the values do not differ, so their error cannot be estimated")
	// ErrUndefined says that the metric has no value in a branch: a ratio whose
	// denominator is zero.
	ErrUndefined = errors.New("the metric has no value in a branch")
	// ErrInput says that the numbers cannot be what they are said to be.
	ErrInput = errors.New("impossible input")
)

// Inference is what one reading makes of an effect.
type Inference struct {
	P    float64 `json:"p"` // two-sided p-value
	Low  float64 `json:"low"`
	High float64 `json:"high"` // the interval of level 1−alpha, of the effect
}

// Result compares a treatment with a control.
type Result struct {
	Control    float64   `json:"control"`   // the metric in the control
	Treatment  float64   `json:"treatment"` // and in the treatment
	Effect     float64   `json:"effect"`    // treatment less control
	SE         float64   `json:"se"`        // standard error of the effect
	DF         float64   `json:"df"`        // degrees of freedom of the t-distribution; 0 is the normal one
	Units      uint64    `json:"units"`     // of both branches
	Fixed      Inference `json:"fixed"`     // right if looked at once, at the planned size
	Sequential Inference `json:"sequential"`
	// Lift is the effect as a share of the control; nil where the control is 0.
	Lift *Lift `json:"lift,omitempty"`
}

// Lift is a relative effect: 0.05 is five per cent more than the control.
type Lift struct {
	Value float64 `json:"value"`
	SE    float64 `json:"se"`
	Low   float64 `json:"low"` // the sequential interval
	High  float64 `json:"high"`
}

// side is a metric's estimate in one branch.
type side struct {
	value, variance float64 // of the estimate
	units           uint64
}

// compare makes the result of two estimates whose errors are independent and
// nearly normal. df 0 is the normal distribution.
func (p Plan) compare(control, treatment side, df float64) (Result, error) {
	if err := p.check(); err != nil {
		return Result{}, err
	}
	r := Result{
		Control: control.value, Treatment: treatment.value, Effect: treatment.value - control.value,
		SE: math.Sqrt(control.variance + treatment.variance), DF: df, Units: control.units + treatment.units,
	}
	switch {
	case math.IsNaN(r.SE) || math.IsInf(r.SE, 0) || math.IsNaN(r.Effect) || math.IsInf(r.Effect, 0):
		return Result{}, fmt.Errorf("%w: effect %v with a standard error of %v", ErrInput, r.Effect, r.SE)
	case r.SE == 0:
		return Result{}, ErrNoVariation
	}
	r.Fixed = p.fixed(r.Effect, r.SE, df)
	r.Sequential = p.Sequential(r.Effect, r.SE, r.Units)
	r.Lift = p.lift(control, treatment)
	return r, nil
}

// fixed is the test and the interval for a look that was fixed before.
func (p Plan) fixed(effect, se, df float64) Inference {
	p = p.withDefaults()
	statistic := math.Abs(effect / se)
	tail, quantile := distuv.UnitNormal.Survival, distuv.UnitNormal.Quantile
	if df > 0 {
		t := distuv.StudentsT{Sigma: 1, Nu: df}
		tail, quantile = t.Survival, t.Quantile
	}
	half := quantile(1-p.Alpha/2) * se
	return Inference{P: min(2*tail(statistic), 1), Low: effect - half, High: effect + half}
}

// lift is the relative effect with the delta method's error (Deng, Knoblich and
// Lu, KDD 2018, arXiv 1803.06336, on percent changes):
// Var(T/C) ≈ Var(T)/C² + T²·Var(C)/C⁴. An estimate of the control that is not
// three standard errors away from zero has no sensible relative effect: nil.
func (p Plan) lift(control, treatment side) *Lift {
	c, t := control.value, treatment.value
	if c == 0 || math.Abs(c) < 3*math.Sqrt(control.variance) {
		return nil
	}
	l := Lift{Value: (t - c) / math.Abs(c)}
	l.SE = math.Sqrt(treatment.variance/(c*c) + t*t*control.variance/(c*c*c*c))
	if l.SE > 0 {
		s := p.Sequential(l.Value, l.SE, control.units+treatment.units)
		l.Low, l.High = s.Low, s.High
	}
	return &l
}
