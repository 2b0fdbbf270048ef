package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func tooManyRowsInserted() review.Rule {
	return review.Rule{
		Code: "RS304", Name: "too-many-rows-inserted", Category: review.Data, Severity: review.Warning,
		Summary: "INSERT of more rows than one transaction should hold",
		Options: []review.Option{
			{Name: "rows", Default: 1000, Says: "as many rows as one statement may insert"},
		},
		Check: checkTooManyRowsInserted,
	}
}

func checkTooManyRowsInserted(p *review.Pass) {
	for s := range p.Statements() {
		switch n := s.Node.(type) {
		case *ast.InsertStmt:
			if n.Select != nil {
				checkRowsSelected(p, s)
			} else if len(n.Lists) > p.Int("rows") && !s.New(s.Tables()[0]) {
				p.Report(s, review.Finding{
					Object:  s.Tables()[0],
					Message: fmt.Sprintf("%d rows are inserted into %s in one statement; the limit is %d", len(n.Lists), s.Tables()[0], p.Int("rows")),
					Advice:  "insert some hundred rows at a time",
				})
			}
		case *ast.CreateTableStmt:
			if n.Select != nil {
				checkRowsSelected(p, s)
			}
		}
	}
}

// checkRowsSelected looks at INSERT … SELECT and its kin, whose rows are those
// of the largest table that they read.
func checkRowsSelected(p *review.Pass, s *review.Statement) {
	q, ok := queryOf(s.Node)
	if !ok {
		return
	}
	tables := q.existing(s)
	for _, table := range tables {
		rows, _, known := rowsOf(p, s, q, table)
		if !known {
			unknown(p, "how many rows are selected", table)
			continue
		}
		if rows > p.Int("rows") {
			p.Report(s, review.Finding{
				Object: table,
				Message: fmt.Sprintf("up to %d rows of %s are copied in one statement, which locks the rows that it reads; the limit is %d",
					rows, table, p.Int("rows")),
				Advice: "describe the copy as a change, so that rows and later writes stay in step: underpin plan",
			})
			return
		}
	}
}
