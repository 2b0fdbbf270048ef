package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func convertCharset() review.Rule {
	return review.Rule{
		Code: "RS213", Name: "convert-charset", Category: review.Locks, Severity: review.Error,
		Summary: "text gets another character set or collation",
		Check: costly{
			kinds:  []ddl.Kind{ddl.ConvertCharset, ddl.ChangeCharset, ddl.ChangeCollation, ddl.WidenCharset},
			says:   "column %s gets another character set or collation",
			advice: "look for values that the new collation holds equal, then expand to a new column: underpin plan",
		}.check,
	}
}
