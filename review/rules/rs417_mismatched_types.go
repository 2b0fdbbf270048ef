package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func mismatchedTypes() review.Rule {
	return review.Rule{
		Code: "RS417", Name: "mismatched-types", Category: review.Design, Severity: review.Warning,
		Summary: "a column of another type than the key it refers to",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkMismatchedTypes,
	}
}

func checkMismatchedTypes(p *review.Pass) {
	for k := range foreignKeysDefined(p) {
		for i, c := range k.columns {
			if i >= len(k.parentColumns) {
				break
			}
			own, parent := columnType(k.s, k.table, c), columnType(k.s, k.parent, k.parentColumns[i])
			if own != "" && parent != "" && !sameKind(own, parent) {
				p.Report(k.s, review.Finding{
					Object: dot(k.table, c), Span: k.where(),
					Message: fmt.Sprintf("%s is %s, and %s, which it refers to, is %s", dot(k.table, c), own, dot(k.parent, k.parentColumns[i]), parent),
					Advice:  "give both sides the same type and sign",
				})
			}
		}
	}
	columnRule("give it the type and sign of the key: a comparison otherwise converts one side, and its index is not used", func(p *review.Pass, c columnDef) string {
		if parent, key := parentKey(p, c.name()); parent != "" && !strings.EqualFold(parent, c.table) && !sameKind(key, c.typ) {
			return fmt.Sprintf("%s is %s, and the key of %s is %s", c.object(), c.typ, parent, key)
		}
		return ""
	})(p)
}

// sameKind reports whether values of two types are compared as they are: the
// lengths of texts do not matter.
func sameKind(a, b string) bool {
	texts := []string{"char", "varchar"}
	return a == b || slices.Contains(texts, baseOf(a)) && slices.Contains(texts, baseOf(b))
}
