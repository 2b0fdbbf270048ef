package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func selectWithoutWhere() review.Rule {
	return review.Rule{
		Code: "RS302", Name: "select-without-where", Category: review.Data, Severity: review.Note,
		Summary: "SELECT that reads a whole table",
		Check:   checkSelectWithoutWhere,
	}
}

func checkSelectWithoutWhere(p *review.Pass) {
	for s, n := range review.Nodes[*ast.SelectStmt](p) {
		q, _ := queryOf(n)
		if q.limit != nil || !alwaysTrue(q.where) {
			continue
		}
		for _, table := range q.existing(s) {
			if p.Size(s, table).Class == review.Small {
				continue
			}
			p.Report(s, review.Finding{
				Severity: p.BySize(p.Size(s, table)), Object: table,
				Message: fmt.Sprintf("all rows of %s are read, in a place where nobody looks at them", table),
				Advice:  "add a condition or LIMIT, or leave the statement out",
			})
			break
		}
	}
}
