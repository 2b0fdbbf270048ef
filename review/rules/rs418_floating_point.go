package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func floatingPoint() review.Rule {
	return review.Rule{
		Code: "RS418", Name: "floating-point", Category: review.Design, Severity: review.Warning,
		Summary: "a FLOAT or DOUBLE column",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: columnRule("use DECIMAL, or a whole number of the smallest unit", func(_ *review.Pass, c columnDef) string {
			if c.base() != "float" && c.base() != "double" {
				return ""
			}
			return fmt.Sprintf("%s is %s: values are rounded to powers of two", c.object(), c.base())
		}),
	}
}
