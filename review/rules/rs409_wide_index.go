package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func wideIndex() review.Rule {
	return review.Rule{
		Code: "RS409", Name: "wide-index", Category: review.Design, Severity: review.Note,
		Summary: "an index of many columns",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "columns", Default: 5, Says: "as many columns as an index may have"},
		},
		Check: indexRule("keep the columns that select rows; leave out those that only filter a few", func(p *review.Pass, x indexDef) string {
			if len(x.columns) <= p.Int("columns") {
				return ""
			}
			return fmt.Sprintf("index %s of %s has %d columns; the limit is %d", x.name, x.table, len(x.columns), p.Int("columns"))
		}),
	}
}
