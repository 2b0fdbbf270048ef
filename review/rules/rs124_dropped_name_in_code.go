package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func droppedNameInCode() review.Rule {
	return review.Rule{
		Code: "RS124", Name: "dropped-name-in-code", Category: review.Breaks, Severity: review.Error,
		Summary: "a column or table is dropped or renamed while the code in this tree still names it",
		Check:   checkDroppedNameInCode,
	}
}

func checkDroppedNameInCode(p *review.Pass) {
	for r := range removals(p) {
		if p.Code == nil {
			p.NotChecked("whether code names what is dropped or renamed: no code was given")
			return
		}
		for _, problem := range p.Code.Problems {
			p.NotChecked("whether code names what is dropped or renamed: %s", problem)
		}
		uses := p.CodeUses(r.Table(r.table), r.column)
		if len(uses) == 0 {
			continue
		}
		f := review.Finding{
			Object:  r.object(),
			Span:    r.at,
			Message: fmt.Sprintf("%s goes, and the code still names it %s", r.what(), usesOf(uses)),
			Advice:  "take the name out of the code in a release of its own, and drop it when that release is everywhere",
		}
		if !certain(uses) {
			f.Severity = review.Warning
		}
		p.Report(r.Statement, f)
	}
}

// certain reports whether one of the uses is SQL that names table and column:
// which table a tag is about is not said, and a string that is a name may be
// another's.
func certain(uses []review.Use) bool {
	return slices.ContainsFunc(uses, func(u review.Use) bool { return u.How == review.ByStatement || u.How == review.ByQuery })
}

// mostPlaces is how many places a message names.
const mostPlaces = 3

// usesOf says where the code names something.
func usesOf(uses []review.Use) string {
	var out []string
	for _, u := range uses[:min(len(uses), mostPlaces)] {
		out = append(out, fmt.Sprintf("at %s:%d (%s)", u.Path, u.Line, u.How))
	}
	text := strings.Join(out, ", ")
	if more := len(uses) - mostPlaces; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
