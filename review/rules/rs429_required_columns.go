package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func requiredColumns() review.Rule {
	return review.Rule{
		Code: "RS429", Name: "required-columns", Category: review.Design, Severity: review.Warning,
		Summary: "a table without the columns that every table is to have",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "columns", Default: []string{"id", "created_at", "updated_at"}, Says: "columns that every new table is to have"},
		},
		Check: checkRequiredColumns,
	}
}

func checkRequiredColumns(p *review.Pass) {
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		if n.TemporaryKeyword != ast.TemporaryNone || n.ReferTable != nil || n.Select != nil {
			continue
		}
		var missing []string
		for _, want := range p.List("columns") {
			if !slices.ContainsFunc(n.Cols, func(c *ast.ColumnDef) bool { return strings.EqualFold(c.Name.Name.O, want) }) {
				missing = append(missing, want)
			}
		}
		if len(missing) > 0 {
			p.Report(s, review.Finding{
				Object:  n.Table.Name.O,
				Message: fmt.Sprintf("table %s has no column %s", n.Table.Name.O, strings.Join(missing, ", ")),
				Advice:  "add the columns that every table is to have",
			})
		}
	}
}
