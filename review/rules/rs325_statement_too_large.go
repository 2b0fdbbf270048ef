package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func statementTooLarge() review.Rule {
	return review.Rule{
		Code: "RS325", Name: "statement-too-large", Category: review.Data, Severity: review.Warning,
		Summary: "a statement too large to be read",
		Options: []review.Option{
			{Name: "bytes", Default: 2097152, Says: "as long as a statement may be, in bytes"},
		},
		Check: checkStatementTooLarge,
	}
}

func checkStatementTooLarge(p *review.Pass) {
	for s := range p.Statements() {
		if len(s.Text) > p.Int("bytes") {
			p.Report(s, review.Finding{
				Message: fmt.Sprintf("the statement has %d bytes: nobody reads it, and max_allowed_packet may refuse it", len(s.Text)),
				Advice:  "load data with a tool for data, from a file that is no migration",
			})
		}
	}
}
