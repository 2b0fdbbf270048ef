package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/review"
)

func tooManyOrs() review.Rule {
	return review.Rule{
		Code: "RS312", Name: "too-many-ors", Category: review.Data, Severity: review.Warning,
		Summary: "a condition with many terms joined by OR",
		Options: []review.Option{
			{Name: "terms", Default: 10, Says: "as many terms as OR may join"},
		},
		Check: checkTooManyOrs,
	}
}

func checkTooManyOrs(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || q.where == nil {
			continue
		}
		for _, term := range conjuncts(q.where) {
			if n := len(terms(term, opcode.LogicOr)); n > p.Int("terms") {
				p.Report(s, review.Finding{
					Message: fmt.Sprintf("%d terms are joined by OR: the optimizer weighs each of them for each index, and may give up and scan", n),
					Advice:  "write IN for one column, or join a list of keys",
				})
				break
			}
		}
	}
}
