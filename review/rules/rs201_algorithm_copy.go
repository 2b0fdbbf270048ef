package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func algorithmCopy() review.Rule {
	return review.Rule{
		Code: "RS201", Name: "algorithm-copy", Category: review.Locks, Severity: review.Error,
		Summary: "ALGORITHM=COPY is stated: the table is copied while writers wait",
		Check:   checkAlgorithmCopy,
	}
}

func checkAlgorithmCopy(p *review.Pass) {
	for s := range p.Statements() {
		c, ok := clausesOf(s)
		if !ok || c.algorithm != "COPY" || s.New(s.Tables()[0]) {
			continue
		}
		table := s.Tables()[0]
		f := review.Finding{
			Severity: p.BySize(p.Size(s, table)), Object: table, Span: clauseSpan(s, "ALGORITHM", "COPY"),
			Message: fmt.Sprintf("table %s is copied row by row, and writers wait until it is done", table),
			Advice:  "state the gentlest algorithm that the server can do, or expand instead: underpin plan",
		}
		if cost, err := p.Cost(s); err == nil {
			f.Cost = cost
			if gentler := cost.Verdict.Algorithm; gentler != "" && gentler != "COPY" {
				f.Fixes = []review.Fix{{
					Description: "state " + gentler + ", which this server can do",
					Edits:       []review.Edit{s.Replace(f.Span, "ALGORITHM="+gentler)},
				}}
			}
		}
		p.Report(s, f)
	}
}
