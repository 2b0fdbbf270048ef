package rules

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func limitInWrite() review.Rule {
	return review.Rule{
		Code: "RS307", Name: "limit-in-write", Category: review.Data, Severity: review.Warning,
		Summary: "LIMIT in a write without an order that decides which rows are meant",
		Check:   checkLimitInWrite,
	}
}

func checkLimitInWrite(p *review.Pass) {
	for s := range p.Statements() {
		_, isSelect := s.Node.(*ast.SelectStmt)
		q, ok := queryOf(s.Node)
		if !ok || isSelect || q.limit == nil || q.order != nil || len(q.existing(s)) == 0 {
			continue
		}
		p.Report(s, review.Finding{
			Object: q.existing(s)[0], Span: s.Where("LIMIT"),
			Message: "which rows are written is left to the plan of the moment: a second run, or a replica, may choose others",
			Advice:  "name the rows by a key's range, or add ORDER BY over a unique key",
		})
	}
}
