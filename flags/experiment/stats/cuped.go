package stats

// Adjusted are the moments of both branches less what the covariate explains.
type Adjusted struct {
	Control, Treatment Moments
	// Theta is how much a unit of the covariate is worth.
	Theta float64
	// Reduction is the share of the variance that is gone: the squared
	// correlation of value and covariate, within branches.
	Reduction float64
}

// Adjust takes out of Y what X, the same units' value from before the
// experiment, explains: CUPED, Deng, Xu, Kohavi and Walker, "Improving the
// sensitivity of online controlled experiments by utilizing pre-experiment
// data", WSDM 2013.
//
//	Y' = Y − θ·(X − X̅),  θ = Cov(Y, X) / Var(X), pooled within branches
//
// X̅ is that of both branches together, so the means keep their size. X must not
// be touched by the treatment, which holds for what happened before. Where X does
// not vary nothing is adjusted.
func Adjust(control, treatment Pairs) (Adjusted, error) {
	for _, p := range []Pairs{control, treatment} {
		if err := p.check(); err != nil {
			return Adjusted{}, err
		}
	}
	out := Adjusted{Control: control.Y, Treatment: treatment.Y}
	dc, dt := float64(control.Y.Units-1), float64(treatment.Y.Units-1)
	variance := dc*control.X.Variance + dt*treatment.X.Variance
	if variance == 0 {
		return out, nil
	}
	out.Theta = (dc*control.Covariance + dt*treatment.Covariance) / variance
	nc, nt := float64(control.X.Units), float64(treatment.X.Units)
	middle := (nc*control.X.Mean + nt*treatment.X.Mean) / (nc + nt)
	out.Control = control.adjusted(out.Theta, middle)
	out.Treatment = treatment.adjusted(out.Theta, middle)
	if before := dc*control.Y.Variance + dt*treatment.Y.Variance; before > 0 {
		out.Reduction = 1 - (dc*out.Control.Variance+dt*out.Treatment.Variance)/before
	}
	return out, nil
}

func (p Pairs) adjusted(theta, middle float64) Moments {
	return Moments{
		Units:    p.Y.Units,
		Mean:     p.Y.Mean - theta*(p.X.Mean-middle),
		Variance: max(p.Y.Variance-2*theta*p.Covariance+theta*theta*p.X.Variance, 0),
	}
}
