package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func autoIncrementType() review.Rule {
	return review.Rule{
		Code: "RS403", Name: "auto-increment-type", Category: review.Design, Severity: review.Warning,
		Summary: "an AUTO_INCREMENT column of a type that is not on the list",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "types", Default: []string{"bigint unsigned"}, Says: "types that an AUTO_INCREMENT column may have"},
		},
		Check: columnRule("make it BIGINT UNSIGNED", func(p *review.Pass, c columnDef) string {
			if !c.has(ast.ColumnOptionAutoIncrement) || listed(p.List("types"), c.typ) {
				return ""
			}
			return fmt.Sprintf("%s counts in %s", c.object(), c.typ)
		}),
	}
}
