package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func dropWithoutHold() review.Rule {
	return review.Rule{
		Code: "RS107", Name: "drop-without-hold", Category: review.Breaks, Severity: review.Error,
		Summary: "a table is renamed and dropped in the same change: it is held for no time",
		Options: []review.Option{{
			Name: heldOption, Default: heldDefault(),
			Says: "ends of names that say a table waits to be dropped; RS102 and RS104 heed them too",
		}},
		Check: checkDropWithoutHold,
	}
}

func checkDropWithoutHold(p *review.Pass) {
	names := newAliases()
	for s := range p.Statements() {
		names.see(s)
		n, drops := s.Node.(*ast.DropTableStmt)
		if !drops || n.IsView {
			continue
		}
		for _, t := range n.Tables {
			was, renamed := names.of(s, t.Name.O)
			if !renamed {
				continue
			}
			p.Report(s, review.Finding{
				Object:  was,
				Span:    place(s, t.Name.O),
				Message: fmt.Sprintf("table %s was renamed to %s in this very change: it is held for no time, and nobody can miss it before it is gone", was, t.Name.O),
				Advice:  "drop it in a later change, once the time for which you hold tables is over",
				Fixes:   []review.Fix{p.PlanDDL(was, "DROP TABLE "+mysqlx.Quote(was))},
			})
		}
	}
}
