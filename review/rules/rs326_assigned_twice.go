package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func assignedTwice() review.Rule {
	return review.Rule{
		Code: "RS326", Name: "assigned-twice", Category: review.Data, Severity: review.Error,
		Summary: "one column is assigned twice",
		Check:   checkAssignedTwice,
	}
}

func checkAssignedTwice(p *review.Pass) {
	for s := range p.Statements() {
		var list []*ast.Assignment
		switch n := s.Node.(type) {
		case *ast.UpdateStmt:
			list = n.List
		case *ast.InsertStmt:
			list = n.OnDuplicate
		}
		seen := map[string]bool{}
		for _, a := range list {
			name := a.Column.Table.L + "." + a.Column.Name.L
			if seen[name] {
				p.Report(s, review.Finding{
					Object:  a.Column.Name.O,
					Message: fmt.Sprintf("%s is assigned twice: the last one wins", a.Column.Name.O),
					Advice:  "keep one of them",
				})
				break
			}
			seen[name] = true
		}
	}
}
