package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func timestamp() review.Rule {
	return review.Rule{
		Code: "RS419", Name: "timestamp", Category: review.Design, Severity: review.Warning,
		Summary: "a TIMESTAMP column",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: columnRule("use DATETIME(6), in UTC", func(p *review.Pass, c columnDef) string {
			if c.base() != "timestamp" {
				return ""
			}
			ends := "2038"
			if p.Server.Flavour == ddl.MariaDB && !p.Server.Version.Below(ddl.Version{Major: 11, Minor: 5}) {
				ends = "2106"
			}
			return fmt.Sprintf("%s ends in %s, and each session reads it in its own time zone", c.object(), ends)
		}),
	}
}
