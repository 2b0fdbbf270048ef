package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func primaryKeyType() review.Rule {
	return review.Rule{
		Code: "RS402", Name: "primary-key-type", Category: review.Design, Severity: review.Warning,
		Summary: "a primary key of a type that is not on the list",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "types", Default: []string{"int", "bigint", "binary(16)", "uuid"}, Says: "types that a column of a primary key may have"},
		},
		Check: indexRule("use a type of the list: by default INT, BIGINT, or BINARY(16) for an ordered UUID", func(p *review.Pass, x indexDef) string {
			if !x.primary() {
				return ""
			}
			for _, c := range x.columns {
				if typ := columnType(x.s, x.table, c); typ != "" && !listed(p.List("types"), typ) {
					return fmt.Sprintf("column %s of the primary key of %s is %s", c, x.table, typ)
				}
			}
			return ""
		}),
	}
}
