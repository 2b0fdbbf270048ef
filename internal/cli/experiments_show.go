package cli

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/flags/experiment/stats"
)

func experimentsShowCommand(a *app) *cobra.Command {
	var segment string
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Show an experiment and its results",
		Long: `Show an experiment and its results, computed from the tables now. Effects are those
of each branch against the first, with an interval and a p-value that hold however
often one looks; "at one look" is the textbook's p-value, right only if nobody looked
before the planned size. Verdicts stand on p-values that are corrected for the number
of comparisons. With --segment the results are split, for finding ideas.`,
		Example: "  underpin experiments show checkout-button\n  underpin experiments show checkout-button --segment country --json",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				r, err := experiment.Results(ctx, db, args[0], segment)
				if err != nil {
					return experimentError(err)
				}
				return a.emit(r, func(p *page) { p.report(r) })
			})
		},
	}
	c.Flags().StringVar(&segment, "segment", "", "split by this attribute of the users")
	return c
}

// report shows an experiment and its results.
func (p *page) report(r experiment.Report) {
	s := r.State
	p.line("%s  %s", p.bold(s.Name), p.standing(s))
	rows := [][]string{
		{p.dim("hypothesis"), s.Hypothesis},
		{p.dim("flag"), s.Flag},
		{p.dim("share"), s.Share.String() + " of the users" + groupWords(s.Experiment)},
		{p.dim("shares"), fmt.Sprintf("%s; generation %d", branchWords(s.Experiment), s.Generation)},
	}
	p.table("  ", rows)
	if r.Settled != nil {
		p.line("  %s as of %s; the events have been pruned since", p.dim("results"), day(*r.Settled))
	}
	for _, part := range r.Parts {
		p.gap()
		if r.Segment != "" {
			value := part.Value
			if value == "" {
				value = "(none)"
			}
			p.line("%s %s", p.dim(r.Segment), p.bold(value))
		}
		p.part(part)
	}
}

func groupWords(e experiment.Experiment) string {
	if e.Group == "" {
		return ""
	}
	return ", and of no other experiment of " + e.Group
}

// part shows the results of the users with one value of the segment.
func (p *page) part(part experiment.Part) {
	rows := p.head("branch", "users", "saw two branches")
	for _, n := range part.Branches {
		rows = append(rows, []string{n.Branch, grouped(n.Units), grouped(n.Crossed)})
	}
	p.table("  ", rows)
	switch {
	case part.Ratio == nil:
		p.line("  sample ratio: too few users to tell")
	case part.Ratio.Mismatch:
		p.line("  sample ratio: %s, p = %s", p.bad("mismatch"), pValue(part.Ratio.P))
	default:
		p.line("  sample ratio: as it was meant to be, p = %s", pValue(part.Ratio.P))
	}
	for _, w := range part.Warnings {
		p.line("  %s %s", p.warn("!"), w)
	}
	p.gap()
	rows = p.head("metric", "branch", "control", "treatment", "effect", "interval", "p", "corrected", "at one look")
	for _, f := range part.Results {
		rows = append(rows, p.finding(f))
	}
	p.table("  ", rows)
	p.gap()
	rows = nil
	for _, f := range part.Results {
		rows = append(rows, []string{f.Metric, p.judged(f.Verdict), f.Words})
	}
	p.table("  ", rows)
}

func (p *page) finding(f experiment.Finding) []string {
	r := f.Result
	if r == nil {
		return []string{p.bold(f.Metric), f.Branch, "–", "–", "–", "–", "–", "–", "–"}
	}
	return []string{
		p.bold(f.Metric), f.Branch, figure(r.Control), figure(r.Treatment), signed(r.Effect),
		signed(r.Sequential.Low) + " to " + signed(r.Sequential.High), pValue(r.Sequential.P), pValue(f.Adjusted), p.dim(pValue(r.Fixed.P)),
	}
}

// judged paints a verdict.
func (p *page) judged(v stats.Verdict) string {
	switch v {
	case stats.Better:
		return p.good("better")
	case stats.Worse, stats.Mismatched:
		return p.bad(string(v))
	case stats.TooLittleData:
		return p.warn(string(v))
	}
	return string(v)
}

func figure(x float64) string { return strconv.FormatFloat(x, 'g', 5, 64) }
func signed(x float64) string { return fmt.Sprintf("%+.4g", x) }

// pValue writes a p-value; nobody needs more of a small one.
func pValue(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}
