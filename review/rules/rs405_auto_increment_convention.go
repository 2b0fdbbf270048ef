package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func autoIncrementConvention() review.Rule {
	return review.Rule{
		Code: "RS405", Name: "auto-increment-convention", Category: review.Design, Severity: review.Note,
		Summary: "an AUTO_INCREMENT column of another name than agreed, or a start value in a definition",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "names", Default: []string{"id"}, Says: "names that an AUTO_INCREMENT column may have"},
		},
		Check: checkAutoIncrementConvention,
	}
}

func checkAutoIncrementConvention(p *review.Pass) {
	columnRule("name it as agreed", func(p *review.Pass, c columnDef) string {
		if !c.has(ast.ColumnOptionAutoIncrement) || hasFold(p.List("names"), c.name()) {
			return ""
		}
		return fmt.Sprintf("the AUTO_INCREMENT column of %s is named %s", c.table, c.name())
	})(p)
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		for _, o := range n.Options {
			if o.Tp == ast.TableOptionAutoIncrement && o.UintValue > 1 {
				p.Report(s, review.Finding{
					Object: n.Table.Name.O, Span: s.Where("AUTO_INCREMENT", "=", "*"),
					Message: fmt.Sprintf("table %s begins to count at %d, the state of one environment", n.Table.Name.O, o.UintValue),
					Advice:  "leave AUTO_INCREMENT=… out of the definition",
				})
			}
		}
	}
}
