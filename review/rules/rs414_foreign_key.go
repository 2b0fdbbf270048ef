package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func foreignKey() review.Rule {
	return review.Rule{
		Code: "RS414", Name: "foreign-key", Category: review.Design, Severity: review.Note,
		Summary: "a foreign key",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkForeignKey,
	}
}

func checkForeignKey(p *review.Pass) {
	for k := range foreignKeysDefined(p) {
		p.Report(k.s, review.Finding{
			Object: k.table, Span: k.where(),
			Message: fmt.Sprintf("%s refers to %s: each write locks the parent's row, and neither table can be swapped for another", k.table, k.parent),
			Advice:  "keep the reference by an index, and look for orphans every day",
		})
	}
}
