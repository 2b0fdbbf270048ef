package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func columnDefault() review.Rule {
	return review.Rule{
		Code: "RS428", Name: "column-default", Category: review.Design, Severity: review.Warning,
		Summary: "a NOT NULL column without a default, or a column that may be NULL where none may",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "nullable", Default: "allowed", Says: "allowed or forbidden: whether a column may be NULL"},
		},
		Check: columnRule("give it a default: a release that does not know the column inserts rows without it", func(p *review.Pass, c columnDef) string {
			nullable := !c.has(ast.ColumnOptionNotNull, ast.ColumnOptionPrimaryKey, ast.ColumnOptionAutoIncrement) && !inPrimaryKey(c)
			switch {
			case c.has(ast.ColumnOptionGenerated, ast.ColumnOptionAutoIncrement, ast.ColumnOptionPrimaryKey) || inPrimaryKey(c):
				return ""
			case nullable && p.Text("nullable") == "forbidden":
				return fmt.Sprintf("%s may be NULL", c.object())
			case nullable || c.has(ast.ColumnOptionDefaultValue) || takesNoDefault(c.base()):
				return ""
			}
			return fmt.Sprintf("%s is NOT NULL and has no default", c.object())
		}),
	}
}

// inPrimaryKey reports whether a column is part of the primary key of the table
// that the statement creates.
func inPrimaryKey(c columnDef) bool { return hasFold(primaryKey(c.s, c.table), c.name()) }

// takesNoDefault reports whether a type takes no constant as default.
func takesNoDefault(base string) bool {
	return strings.HasSuffix(base, "blob") || strings.HasSuffix(base, "text") || base == "json"
}
