package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func indexType() review.Rule {
	return review.Rule{
		Code: "RS413", Name: "index-type", Category: review.Design, Severity: review.Note,
		Summary: "an index structure that is not on the list",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "types", Default: []string{"BTREE"}, Says: "structures that USING may name"},
		},
		Check: indexRule("leave USING out: InnoDB makes a B-tree of anything else", func(p *review.Pass, x indexDef) string {
			if x.structure == "" || hasFold(p.List("types"), x.structure) {
				return ""
			}
			return fmt.Sprintf("index %s of %s is to be a %s", x.name, x.table, x.structure)
		}),
	}
}
