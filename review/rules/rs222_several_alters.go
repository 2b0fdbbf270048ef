package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func severalAlters() review.Rule {
	return review.Rule{
		Code: "RS222", Name: "several-alters", Category: review.Locks, Severity: review.Warning,
		Summary: "one table is worked through several times by statements that could be one",
		Check:   checkSeveralAlters,
	}
}

func checkSeveralAlters(p *review.Pass) {
	for m := range p.Migrations() {
		// What blocks writers and what does not is better kept apart.
		type pass struct {
			table string
			waits bool
		}
		first := map[pass]*review.Statement{}
		reported := map[pass]bool{}
		for _, s := range m.Statements {
			if _, ok := clausesOf(s); !ok || s.Direction != review.Up || s.New(s.Tables()[0]) {
				continue
			}
			table := strings.ToLower(s.Tables()[0])
			b := burdenOf(p, s, s.Operations())
			if p.Size(s, table).Class == review.Small || !b.rows {
				continue
			}
			at := pass{table, b.waits}
			if first[at] == nil {
				first[at] = s
				continue
			}
			if reported[at] {
				continue
			}
			reported[at] = true
			p.Report(s, review.Finding{
				Object: s.Tables()[0], Cost: costOf(p, s),
				Message: fmt.Sprintf("table %s is worked through again, after the statement in line %d", s.Tables()[0], first[at].Span().Start.Line),
				Advice:  "write one ALTER TABLE with all clauses: it takes its locks, and reads the table, once",
			})
		}
	}
}
