package rules

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func opaqueSql() review.Rule {
	return review.Rule{
		Code: "RS324", Name: "opaque-sql", Category: review.Data, Severity: review.Warning,
		Summary: "SQL that is put together or kept elsewhere, and cannot be reviewed here",
		Check:   checkOpaqueSql,
	}
}

func checkOpaqueSql(p *review.Pass) {
	for m := range p.Migrations() {
		prepared := map[string]bool{}
		for _, s := range m.Statements {
			if s.Direction != review.Up {
				continue
			}
			what := ""
			switch n := s.Node.(type) {
			case *ast.PrepareStmt:
				prepared[strings.ToLower(n.Name)] = true
				if n.SQLVar != nil {
					what = "what a variable holds is prepared"
				}
			case *ast.ExecuteStmt:
				if !prepared[strings.ToLower(n.Name)] {
					what = "a statement is executed that was prepared elsewhere"
				}
			case *ast.CallStmt:
				what = "a procedure is called"
			case *ast.LoadDataStmt:
				what = "rows come from a file"
			}
			if what != "" {
				p.Report(s, review.Finding{
					Message: what + ": what it does to which rows cannot be read here",
					Advice:  "write the statement out, or waive this with a reason that says what it does",
				})
			}
		}
	}
}
