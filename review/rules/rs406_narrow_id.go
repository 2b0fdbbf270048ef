package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func narrowId() review.Rule {
	return review.Rule{
		Code: "RS406", Name: "narrow-id", Category: review.Design, Severity: review.Warning,
		Summary: "an identifier of less than 64 bits",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: columnRule("make it BIGINT UNSIGNED, as the key it refers to", func(p *review.Pass, c columnDef) string {
			bits, isInteger := integerBits[c.base()]
			name := strings.ToLower(c.name())
			if !isInteger || bits == 64 || name != "id" && !strings.HasSuffix(name, "_id") {
				return ""
			}
			if parent, key := parentKey(p, name); parent != "" && key == c.typ {
				return "" // it has to be of the type of the key it refers to
			}
			return fmt.Sprintf("%s is %s, and ends at %d bits", c.object(), c.typ, bits)
		}),
	}
}
