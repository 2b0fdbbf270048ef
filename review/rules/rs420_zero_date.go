package rules

import (
	"fmt"
	"regexp"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func zeroDate() review.Rule {
	return review.Rule{
		Code: "RS420", Name: "zero-date", Category: review.Design, Severity: review.Warning,
		Summary: "a date with a zero year, month or day",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkZeroDate,
	}
}

func checkZeroDate(p *review.Pass) {
	for s := range p.Statements() {
		date := zeroDateIn(s.Node)
		if date != "" {
			p.Report(s, review.Finding{
				Span:    s.Where("'" + date + "'"),
				Message: fmt.Sprintf("'%s' is no date: strict mode refuses it, and copies of the table fail on rows that hold it", date),
				Advice:  "use NULL, or a real date",
			})
		}
	}
}

// impossibleDate is a date, with or without time, whose year, month or day is zero.
var impossibleDate = regexp.MustCompile(`^(0000-\d\d-\d\d|\d{4}-00-\d\d|\d{4}-\d\d-00)( 00:00:00(\.0+)?| \d\d:\d\d:\d\d(\.\d+)?)?$`)

// zeroDateIn returns the first such date in a statement; empty is none.
func zeroDateIn(n ast.Node) string {
	found := ""
	review.Walk(n, func(n ast.Node) bool {
		if value, ok := n.(ast.ValueExpr); ok && found == "" {
			if text, isText := value.GetValue().(string); isText && impossibleDate.MatchString(text) {
				found = text
			}
		}
		return found == ""
	})
	return found
}
