package rules

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func orderByRand() review.Rule {
	return review.Rule{
		Code: "RS306", Name: "order-by-rand", Category: review.Data, Severity: review.Warning,
		Summary: "ORDER BY RAND() reads and sorts all rows",
		Check:   checkOrderByRand,
	}
}

func checkOrderByRand(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || q.order == nil || len(q.existing(s)) == 0 {
			continue
		}
		for _, item := range q.order.Items {
			call, isCall := inner(item.Expr).(*ast.FuncCallExpr)
			if !isCall || call.FnName.L != "rand" {
				continue
			}
			p.Report(s, review.Finding{
				Object: q.existing(s)[0], Span: s.Where("RAND"),
				Message: "all rows that match are read and sorted to choose a few, and each server of a statement-based replication chooses others",
				Advice:  "choose random keys in the application, or walk a key's range",
			})
		}
	}
}
