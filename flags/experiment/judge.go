package experiment

import (
	"fmt"
	"math"

	"github.com/underpin-db/underpin/flags/experiment/stats"
)

// judge corrects the p-values for their number and puts the verdicts into words.
func (a *analysis) judge() {
	var found []*Finding
	var parts []*Part
	var p []float64
	for i := range a.report.Parts {
		part := &a.report.Parts[i]
		for j := range part.Results {
			if f := &part.Results[j]; f.Result != nil {
				found, parts, p = append(found, f), append(parts, part), append(p, f.Result.Sequential.P)
			}
		}
	}
	correct := stats.Holm
	if a.report.Segment != "" {
		correct = stats.BenjaminiHochberg
	}
	for i, adjusted := range correct(p) {
		f := found[i]
		f.Adjusted = adjusted
		e := a.evidence(parts[i], f)
		f.Verdict = stats.Judge(a.state.plan(), *f.Result, e, a.direction(f.Metric), adjusted)
		f.Words = words(f, e)
	}
}

// evidence is how much a finding stands on.
func (a *analysis) evidence(p *Part, f *Finding) stats.Evidence {
	e := stats.Evidence{Ratio: p.Ratio}
	for i, n := range p.Branches {
		switch {
		case i == 0:
			e.Control = n.Units
		case n.Branch == f.Branch:
			e.Treatment = n.Units
		}
	}
	if f.Kind == Proportion {
		share := func(units uint64, rate float64) stats.Share {
			return stats.Share{Units: units, Hits: uint64(math.Round(rate * float64(units)))}
		}
		e.Shares = []stats.Share{share(e.Control, f.Result.Control), share(e.Treatment, f.Result.Treatment)}
	}
	return e
}

func (a *analysis) direction(metric string) stats.Direction {
	for _, m := range a.state.Metrics {
		if m.Name == metric {
			return m.Better.direction()
		}
	}
	return stats.Higher
}

// words says what a finding means.
func words(f *Finding, e stats.Evidence) string {
	size := fmt.Sprintf("%+.4g (%+.4g to %+.4g)", f.Result.Effect, f.Result.Sequential.Low, f.Result.Sequential.High)
	if l := f.Result.Lift; l != nil {
		size = fmt.Sprintf("%+.2f %% (%+.2f %% to %+.2f %%)", 100*l.Value, 100*l.Low, 100*l.High)
	}
	switch f.Verdict {
	case stats.Mismatched:
		return "not to be believed: the branches have not the sizes they were meant to have"
	case stats.TooLittleData:
		return "too little data: " + e.Missing()
	case stats.Better:
		return fmt.Sprintf("%s is better: %s", f.Branch, size)
	case stats.Worse:
		return fmt.Sprintf("%s is worse: %s", f.Branch, size)
	}
	return "no difference is shown; it may be " + size
}
