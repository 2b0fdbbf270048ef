package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func dropColumn() review.Rule {
	return review.Rule{
		Code: "RS103", Name: "drop-column", Category: review.Breaks, Severity: review.Error,
		Summary: "a column is dropped: its values are lost, and code that names it fails",
		Check:   checkDropColumn,
	}
}

func checkDropColumn(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableDropColumn) {
		table, column := s.Tables()[0], spec.OldColumnName.Name.O
		if s.NewColumn(table, column) {
			continue
		}
		p.Report(s, review.Finding{
			Object:  dot(table, column),
			Span:    place(s, column, "DROP COLUMN", "DROP COLUMN IF EXISTS", "DROP"),
			Message: fmt.Sprintf("column %s.%s is dropped: its values are lost, and every statement of running code that names it fails", table, column),
			Advice:  "hide it, hold it, and drop it when no release and no statement uses it",
			Fixes:   []review.Fix{p.Plan(s, ddl.Operation{Kind: ddl.DropColumn, Name: column})},
		})
	}
}
