package rules

import (
	"github.com/underpin-db/underpin/review"
)

func orderByInWrite() review.Rule {
	return review.Rule{
		Code: "RS308", Name: "order-by-in-write", Category: review.Data, Severity: review.Note,
		Summary: "ORDER BY in a write that changes all rows it matches",
		Check:   checkOrderByInWrite,
	}
}

func checkOrderByInWrite(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || !q.writes || q.order == nil || q.limit != nil || len(q.existing(s)) == 0 {
			continue
		}
		p.Report(s, review.Finding{
			Object: q.existing(s)[0], Span: s.Where("ORDER", "BY"),
			Message: "the rows are sorted under locks, and all of them are changed either way",
			Advice:  "leave ORDER BY out; if a unique key is shifted, waive this and say so",
		})
	}
}
