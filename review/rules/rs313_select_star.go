package rules

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func selectStar() review.Rule {
	return review.Rule{
		Code: "RS313", Name: "select-star", Category: review.Data, Severity: review.Warning,
		Summary: "SELECT * into something that stays",
		Check:   checkSelectStar,
	}
}

func checkSelectStar(p *review.Pass) {
	for s := range p.Statements() {
		what := ""
		var from ast.Node
		switch n := s.Node.(type) {
		case *ast.InsertStmt:
			what = "the INSERT fails, or fills the wrong columns, as soon as a column is added to either table"
			if n.Select != nil {
				from = n.Select
			}
		case *ast.CreateTableStmt:
			what = "which columns the new table has hangs on when the statement is run"
			if n.Select != nil {
				from = n.Select
			}
		case *ast.CreateViewStmt:
			what = "the view keeps the columns of this day, and fails when one of them is dropped"
			from = n.Select
		}
		if from != nil && selectsAll(from) {
			p.Report(s, review.Finding{Span: s.Where("*"), Message: "SELECT * names no columns: " + what, Advice: "name the columns"})
		}
	}
}

// selectsAll reports whether a query returns all columns, whatever they are.
func selectsAll(n ast.Node) bool {
	sel, ok := n.(*ast.SelectStmt)
	return ok && sel.Fields != nil && slices.ContainsFunc(sel.Fields.Fields, func(f *ast.SelectField) bool { return f.WildCard != nil })
}
