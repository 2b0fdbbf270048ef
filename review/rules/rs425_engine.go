package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func engine() review.Rule {
	return review.Rule{
		Code: "RS425", Name: "engine", Category: review.Design, Severity: review.Error,
		Summary: "a storage engine that is not on the list",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "engines", Default: []string{"InnoDB"}, Says: "engines that a table may be stored in"},
		},
		Check: checkEngine,
	}
}

func checkEngine(p *review.Pass) {
	for t := range optionsDefined(p) {
		for _, o := range t.options {
			if o.Tp == ast.TableOptionEngine && !hasFold(p.List("engines"), o.StrValue) {
				p.Report(t.s, review.Finding{
					Object: t.table, Span: t.s.Where("ENGINE", "=", "*"),
					Message: fmt.Sprintf("table %s is stored in %s", t.table, o.StrValue),
					Advice:  "ENGINE=InnoDB: it has transactions, and survives a crash",
				})
			}
		}
	}
}
