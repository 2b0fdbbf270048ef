package rules

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func dryRun() review.Rule {
	return review.Rule{
		Code: "RS318", Name: "dry-run", Category: review.Data, Severity: review.Error,
		Summary: "a statement on data that names a table or column that is not there",
		Check:   checkDryRun,
	}
}

func checkDryRun(p *review.Pass) {
	for s := range p.Statements() {
		switch s.Node.(type) {
		case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.SelectStmt:
			if missing := unresolved(p, s); missing != "" {
				p.Report(s, review.Finding{
					Object: missing, Span: s.Where(missing[strings.LastIndexByte(missing, '.')+1:]),
					Message: missing + " is not there when this statement runs, as far as the known schema and the changes before it tell: it fails",
					Advice:  "correct the name; if the schema known here is old, read it again: underpin stats",
				})
			}
		}
	}
}
