package rules

import (
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func visibilityWithRebuild() review.Rule {
	return review.Rule{
		Code: "RS223", Name: "visibility-with-rebuild", Category: review.Locks, Severity: review.Warning,
		Summary: "an index is hidden or shown in a statement that rebuilds the table",
		Check:   checkVisibilityWithRebuild,
	}
}

func checkVisibilityWithRebuild(p *review.Pass) {
	for s, op := range p.Operations(ddl.HideIndex, ddl.IgnoreIndex) {
		table := s.Tables()[0]
		if s.New(table) || len(s.Operations()) < 2 {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(s.Operations()), func(o ddl.Operation) bool {
			return o.Kind == ddl.HideIndex || o.Kind == ddl.IgnoreIndex
		})
		if len(others) == 0 || !burdenOf(p, s, others).rows {
			continue
		}
		p.Report(s, review.Finding{
			Object: table + "." + op.Name, Span: s.Where(op.Name), Cost: costOf(p, s),
			Message: fmt.Sprintf("index %s of %s changes its visibility together with work on all rows: the experiment begins late and is mixed with it", op.Name, table),
			Advice:  "change the visibility in a statement of its own",
		})
	}
}
