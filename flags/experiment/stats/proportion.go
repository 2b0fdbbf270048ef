package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Share counts the units of a branch and those among them that did it.
type Share struct {
	Units uint64 `json:"units"`
	Hits  uint64 `json:"hits"`
}

func (s Share) rate() float64 { return float64(s.Hits) / float64(s.Units) }

// Proportions compares two proportions. The fixed p-value is that of the score
// test with the pooled variance, whose square is Pearson's chi-square without
// continuity correction; the fixed interval is Newcombe's hybrid of two Wilson
// score intervals (method 10 of Newcombe 1998, "Interval estimation for the
// difference between independent proportions", Statistics in Medicine 17:873–890),
// which also holds near 0 and 1. The sequential p-value stands on the pooled
// variance too, its interval on the unpooled one.
func Proportions(p Plan, control, treatment Share) (Result, error) {
	for _, s := range []Share{control, treatment} {
		if s.Hits > s.Units {
			return Result{}, fmt.Errorf("%w: %d of %d units", ErrInput, s.Hits, s.Units)
		}
		if s.Units < 2 {
			return Result{}, ErrTooFew
		}
	}
	nc, nt := float64(control.Units), float64(treatment.Units)
	c, t := control.rate(), treatment.rate()
	pooled := float64(control.Hits+treatment.Hits) / (nc + nt)
	vc, vt := c*(1-c), t*(1-t)
	if vc+vt == 0 { // nobody in one branch and everybody in the other
		vc, vt = pooled*(1-pooled), pooled*(1-pooled)
	}
	r, err := p.compare(side{c, vc / nc, control.Units}, side{t, vt / nt, treatment.Units}, 0)
	if err != nil {
		return Result{}, err
	}
	null := math.Sqrt(pooled * (1 - pooled) * (1/nc + 1/nt))
	r.Fixed.P = p.fixed(r.Effect, null, 0).P
	r.Sequential.P = p.Sequential(r.Effect, null, r.Units).P
	z := distuv.UnitNormal.Quantile(1 - p.withDefaults().Alpha/2)
	lc, uc := wilson(c, nc, z)
	lt, ut := wilson(t, nt, z)
	r.Fixed.Low = r.Effect - math.Hypot(t-lt, uc-c)
	r.Fixed.High = r.Effect + math.Hypot(ut-t, c-lc)
	return r, nil
}

// wilson is the score interval of one proportion: Wilson, "Probable inference,
// the law of succession, and statistical inference", JASA 22, 1927.
func wilson(rate, n, z float64) (low, high float64) {
	middle := 2*n*rate + z*z
	half := z * math.Sqrt(z*z+4*n*rate*(1-rate))
	return (middle - half) / (2 * (n + z*z)), (middle + half) / (2 * (n + z*z))
}
