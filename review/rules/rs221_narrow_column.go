package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func narrowColumn() review.Rule {
	return review.Rule{
		Code: "RS221", Name: "narrow-column", Category: review.Data, Severity: review.Error,
		Summary: "a column gets a type that holds less",
		Check:   checkNarrowColumn,
	}
}

func checkNarrowColumn(p *review.Pass) {
	for s, op := range p.Operations(ddl.ModifyColumn, ddl.ChangeType) {
		table := s.Tables()[0]
		if op.Column == nil || s.NewColumn(table, op.Name) {
			continue
		}
		present, known := s.Table(table).Column(op.Name)
		if !known {
			unknown(p, "the present type of a column", dot(table, op.Name))
			continue
		}
		if loss := narrows(present.Type, op.Column.Type); loss != "" {
			p.Report(s, review.Finding{
				Object: table + "." + op.Name, Span: s.Where(op.Name), Cost: costOf(p, s),
				Message: fmt.Sprintf("%s.%s becomes %s, was %s: %s", table, op.Name, op.Column.Type, present.Type, loss),
				Advice:  "count the rows that do not fit, and expand to a new column, which verifies every row: underpin plan",
				Fixes:   []review.Fix{p.Plan(s, op)},
			})
		}
	}
}
