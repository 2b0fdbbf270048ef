package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func indexBecomesUnique() review.Rule {
	return review.Rule{
		Code: "RS117", Name: "index-becomes-unique", Category: review.Breaks, Severity: review.Error,
		Summary: "an index is dropped and put back as a unique one",
		Check:   checkIndexBecomesUnique,
	}
}

func checkIndexBecomesUnique(p *review.Pass) {
	for u := range uniques(p) {
		if !u.replaces {
			continue // RS116's
		}
		p.Report(u.s, review.Finding{
			Severity: bySize(p, u.s),
			Object:   u.object(),
			Span:     u.where(),
			Cost:     costOf(p, u.s),
			Message: fmt.Sprintf("the index over (%s) of table %s comes back as a unique one: a new constraint on rows and code, and no index at all if it fails at a duplicate",
				u.list(), u.table),
			Advice: "add the unique index under a name of its own once no duplicate is left, and drop the old one later",
			Fixes:  u.fixes(p),
		})
	}
}
