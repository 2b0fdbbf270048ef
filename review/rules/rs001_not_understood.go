package rules

import "github.com/underpin-db/underpin/review"

func notUnderstood() review.Rule {
	return review.Rule{
		Code: "RS001", Name: "not-understood", Category: review.Text, Severity: review.Error,
		Summary: "a statement or a file that cannot be read",
		Reach:   review.Everything,
		Check:   checkNotUnderstood,
	}
}

func checkNotUnderstood(p *review.Pass) {
	for t := range p.Troubles() {
		f := review.Finding{
			Span: t.Span, Message: "it was not understood, and no rule has looked at it: " + t.Problem,
			Advice: "correct it, or have somebody read it and waive this finding with a reason",
		}
		if t.Statement != nil {
			p.Report(t.Statement, f)
		} else {
			p.ReportFile(t.Migration, f)
		}
	}
}
