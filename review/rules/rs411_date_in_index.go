package rules

import (
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/review"
)

func dateInIndex() review.Rule {
	return review.Rule{
		Code: "RS411", Name: "date-in-index", Category: review.Design, Severity: review.Note,
		Summary: "a date or time before other columns of an index",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: indexRule("put columns that are compared by = first, and the date last", func(_ *review.Pass, x indexDef) string {
			if x.unique || x.words {
				return ""
			}
			for i, c := range x.columns {
				if i < len(x.columns)-1 && slices.Contains([]string{"date", "datetime", "timestamp", "time"}, baseOf(columnType(x.s, x.table, c))) {
					return fmt.Sprintf("%s stands before %s in index %s of %s: behind a range of dates, later columns are no longer used to seek",
						c, x.columns[i+1], x.name, x.table)
				}
			}
			return ""
		}),
	}
}
