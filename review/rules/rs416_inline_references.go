package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func inlineReferences() review.Rule {
	return review.Rule{
		Code: "RS416", Name: "inline-references", Category: review.Design, Severity: review.Error,
		Summary: "REFERENCES behind a column, which this server ignores",
		Profile: review.SchemaDesign, Reach: review.Everything, Scope: review.Scope{Flavour: ddl.MySQL, Below: ddl.Version{Major: 9}},
		Check: columnRule("write CONSTRAINT … FOREIGN KEY (…) REFERENCES …", func(_ *review.Pass, c columnDef) string {
			if !c.has(ast.ColumnOptionReference) {
				return ""
			}
			return fmt.Sprintf("REFERENCES behind %s is read and ignored: there is no foreign key", c.object())
		}),
	}
}
