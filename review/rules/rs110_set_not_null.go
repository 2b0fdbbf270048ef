package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func setNotNull() review.Rule {
	return review.Rule{
		Code: "RS110", Name: "set-not-null", Category: review.Breaks, Severity: review.Error,
		Summary: "a nullable column becomes NOT NULL: rows and code with NULL fail",
		Check:   checkSetNotNull,
	}
}

func checkSetNotNull(p *review.Pass) {
	for r := range redefinitions(p) {
		if !r.was.Nullable || r.nullable() {
			continue
		}
		p.Report(r.Statement, review.Finding{
			Object:  r.object(),
			Span:    r.at(),
			Message: fmt.Sprintf("column %s becomes NOT NULL: the statement fails at the first row with NULL, and so does running code that writes one", r.object()),
			Advice:  "have every release write a value, mend the rows, and tighten the column then",
			Fixes:   []review.Fix{planned(p, r.object(), r.table, r.spec)},
		})
	}
}
