package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func enumOrSet() review.Rule {
	return review.Rule{
		Code: "RS421", Name: "enum-or-set", Category: review.Design, Severity: review.Note,
		Summary: "an ENUM or SET column",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: columnRule("use VARCHAR with a CHECK, or a table of codes", func(_ *review.Pass, c columnDef) string {
			if c.base() != "enum" && c.base() != "set" {
				return ""
			}
			return fmt.Sprintf("%s is %s: each new value is DDL, each removed one a copy of the table", c.object(), c.base())
		}),
	}
}
