package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func renameColumn() review.Rule {
	return review.Rule{
		Code: "RS101", Name: "rename-column", Category: review.Breaks, Severity: review.Error,
		Summary: "a column gets another name while running code uses the old one",
		Check:   checkRenameColumn,
	}
}

func checkRenameColumn(p *review.Pass) {
	for s, op := range p.Operations(ddl.RenameColumn) {
		table := s.Tables()[0]
		if s.NewColumn(table, op.Name) || strings.EqualFold(op.Name, op.To) { // servers do not tell case apart
			continue
		}
		at, found := s.Find(op.Name, "TO", op.To)
		if !found {
			at = s.Where(op.Name, op.To)
		}
		p.Report(s, review.Finding{
			Object: table + "." + op.Name,
			Span:   at,
			Message: fmt.Sprintf("column %s.%s becomes %s: every statement of running code that names it fails from that moment on",
				table, op.Name, op.To),
			Advice: fmt.Sprintf("add %s beside it, write both, and drop %s once no release uses it: underpin plan derives the steps", op.To, op.Name),
			Fixes:  []review.Fix{p.Plan(s, op)},
		})
	}
}
