package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func rowVersionBudget() review.Rule {
	return review.Rule{
		Code: "RS233", Name: "row-version-budget", Category: review.Locks, Severity: review.Warning,
		Summary: "a table has used nearly all of its instant row versions",
		Scope:   review.Scope{Flavour: ddl.MySQL},
		Options: []review.Option{
			{Name: "left", Default: 8, Says: "report a table that has at most so many row versions left"},
		},
		Check: checkRowVersionBudget,
	}
}

func checkRowVersionBudget(p *review.Pass) {
	for s := range p.Statements() {
		if _, ok := clausesOf(s); !ok || s.New(s.Tables()[0]) {
			continue
		}
		table := s.Tables()[0]
		facts, known := p.Facts.Table(table)
		t := s.Table(table)
		if !known || !t.Complete {
			unknown(p, "the instant row versions used", table)
			continue
		}
		now, after, ok := withFewerVersions(p, s, t.Table, facts.RowVersions)
		if !ok || now.Class != ddl.Instant || after.Class == ddl.Instant {
			continue
		}
		p.Report(s, review.Finding{
			Object: table,
			Message: fmt.Sprintf("table %s has used %d instant row versions: this one is instant, and within %d more such changes one is %s",
				table, facts.RowVersions, p.Int("left"), after.Class),
			Advice: "rebuild the table at a time of your choosing: ALTER TABLE … FORCE",
		})
	}
}

// withFewerVersions returns what a statement costs now, and what it would cost
// once the row versions of the option are used as well. Package ddl alone knows
// the budget.
func withFewerVersions(p *review.Pass, s *review.Statement, t ddl.Table, used uint64) (now, after ddl.Verdict, ok bool) {
	t.RowVersions = used
	later := t
	later.RowVersions += uint64(max(0, p.Int("left")))
	for _, op := range s.Operations() {
		before, err := ddl.Classify(p.Server, &t, op)
		if err != nil || before.Class != ddl.Instant {
			return now, after, false
		}
		then, err := ddl.Classify(p.Server, &later, op)
		if err != nil {
			return now, after, false
		}
		now = before
		if then.Class != ddl.Instant {
			after = then
		}
	}
	if after.Class == "" {
		after = now
	}
	return now, after, len(s.Operations()) > 0
}
