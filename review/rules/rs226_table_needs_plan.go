package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func tableNeedsPlan() review.Rule {
	return review.Rule{
		Code: "RS226", Name: "table-needs-plan", Category: review.Locks, Severity: review.Warning,
		Summary: "a large table is worked through in one statement that cannot be paused",
		Check:   checkTableNeedsPlan,
	}
}

func checkTableNeedsPlan(p *review.Pass) {
	for s := range p.Statements() {
		cost, ok := largeWork(p, s)
		if !ok || cost.Verdict.Class.Waits() != ddl.Nobody || cost.Size.Class != review.Large {
			continue
		}
		table := s.Tables()[0]
		p.Report(s, review.Finding{
			Object: table, Cost: cost,
			Message: fmt.Sprintf("table %s has %d rows: writers go on, but the work cannot be paused, and each replica repeats it; %s",
				table, cost.Size.Rows, estimate(cost)),
			Advice: "plan it as a change that can be paused, throttled and resumed: underpin plan, then underpin preflight",
			Fixes:  []review.Fix{review.CommandFix(s.Text)},
		})
	}
}
