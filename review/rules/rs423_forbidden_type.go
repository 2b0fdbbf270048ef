package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func forbiddenType() review.Rule {
	return review.Rule{
		Code: "RS423", Name: "forbidden-type", Category: review.Design, Severity: review.Error,
		Summary: "a type that the team does not want",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "types", Default: []string{}, Says: "types that no column may have"},
		},
		Check: columnRule("use another type", func(p *review.Pass, c columnDef) string {
			if !listed(p.List("types"), c.typ) {
				return ""
			}
			return fmt.Sprintf("%s is %s, which is not to be used", c.object(), c.typ)
		}),
	}
}
