package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func protectedTable() review.Rule {
	return review.Rule{
		Code: "RS437", Name: "protected-table", Category: review.Design, Severity: review.Error,
		Summary: "DDL or a write on a table that the team protects",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "tables", Default: []string{}, Says: "tables that no migration may touch"},
		},
		Check: checkProtectedTable,
	}
}

func checkProtectedTable(p *review.Pass) {
	for s := range p.Statements() {
		for _, table := range s.Tables() {
			if hasFold(p.List("tables"), table) {
				p.Report(s, review.Finding{
					Object: table, Span: s.Where(table),
					Message: fmt.Sprintf("table %s is protected: no migration is to touch it", table),
					Advice:  "ask its owner, and waive this with the reason",
				})
			}
		}
	}
}
