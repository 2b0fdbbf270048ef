package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func reservedWord() review.Rule {
	return review.Rule{
		Code: "RS435", Name: "reserved-word", Category: review.Design, Severity: review.Warning,
		Summary: "a name that is a reserved word of MySQL or MariaDB",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkReservedWord,
	}
}

func checkReservedWord(p *review.Pass) {
	for n := range namesGiven(p) {
		if isReserved(n.name) {
			p.Report(n.s, review.Finding{
				Object: n.name, Span: n.s.Where(n.name),
				Message: fmt.Sprintf("%s %s is a reserved word: every query has to quote it", n.kind, n.name),
				Advice:  "choose another name",
			})
		}
	}
}
