package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func displayWidth() review.Rule {
	return review.Rule{
		Code: "RS424", Name: "display-width", Category: review.Design, Severity: review.Note,
		Summary: "a display width behind an integer type",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkDisplayWidth,
	}
}

func checkDisplayWidth(p *review.Pass) {
	for c := range columnsDefined(p) {
		if !slices.Contains(integers, c.base()) || c.typ == "tinyint" || strings.Contains(c.typ, "zerofill") {
			continue
		}
		at, found := c.s.Find(c.name(), c.base(), "(", "*", ")")
		if !found {
			continue
		}
		p.Report(c.s, review.Finding{
			Object: c.object(), Span: at,
			Message: fmt.Sprintf("the number behind the type of %s limits nothing, and is deprecated", c.object()),
			Advice:  "leave it out",
			Fixes: []review.Fix{{
				Description: "leave the display width out",
				Edits:       []review.Edit{c.s.Replace(at, mysqlx.Quote(c.name())+" "+strings.ToUpper(c.base()))},
			}},
		})
	}
}
