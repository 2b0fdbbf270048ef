package rules

import (
	"github.com/underpin-db/underpin/review"
)

func largeOffset() review.Rule {
	return review.Rule{
		Code: "RS703", Name: "large-offset", Category: review.Queries, Severity: review.Warning,
		Summary: "a named query of the code pages with OFFSET over a table that is large or grows",
		Check:   checkLargeOffset,
	}
}

func checkLargeOffset(p *review.Pass) {
	for n := range namedQueries(p) {
		if n.q.limit == nil || n.q.limit.Offset == nil {
			continue
		}
		if offset, known := integer(n.q.limit.Offset); known && offset == 0 {
			continue
		}
		reportQuery(p, n, "OFFSET reads and throws away all rows before it, more for each page", "page by key: WHERE id > ? ORDER BY id LIMIT 100")
	}
}
