package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func blobInIndex() review.Rule {
	return review.Rule{
		Code: "RS412", Name: "blob-in-index", Category: review.Design, Severity: review.Note,
		Summary: "a BLOB, TEXT or JSON column in an index",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: indexRule("index a generated column with a hash, or with the part that is asked for", func(_ *review.Pass, x indexDef) string {
			if x.words {
				return ""
			}
			for _, c := range x.columns {
				if typ := baseOf(columnType(x.s, x.table, c)); strings.HasSuffix(typ, "blob") || strings.HasSuffix(typ, "text") || typ == "json" {
					return fmt.Sprintf("index %s of %s has only the beginning of %s, which is %s", x.name, x.table, c, typ)
				}
			}
			return ""
		}),
	}
}
