package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func severalCurrentTimestamps() review.Rule {
	return review.Rule{
		Code: "RS430", Name: "several-current-timestamps", Category: review.Design, Severity: review.Warning,
		Summary: "several columns that each update sets to the current time",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkSeveralCurrentTimestamps,
	}
}

func checkSeveralCurrentTimestamps(p *review.Pass) {
	for s := range p.Statements() {
		var found []string
		table := ""
		for _, c := range columnsOf(s) {
			if c.has(ast.ColumnOptionOnUpdate) {
				found, table = append(found, c.name()), c.table
			}
		}
		if _, create := s.Node.(*ast.CreateTableStmt); !create && table != "" {
			for _, c := range s.Table(table).Columns {
				if c.OnUpdate && !hasFold(found, c.Name) {
					found = append(found, c.Name)
				}
			}
		}
		if len(found) > 1 {
			p.Report(s, review.Finding{
				Object:  table,
				Message: fmt.Sprintf("every update of a row of %s sets %s to the current time", table, strings.Join(found, " and ")),
				Advice:  "have one such column, and let the application set the others",
			})
		}
	}
}
