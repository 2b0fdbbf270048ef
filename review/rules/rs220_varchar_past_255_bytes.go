package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func varcharPast255Bytes() review.Rule {
	return review.Rule{
		Code: "RS220", Name: "varchar-past-255-bytes", Category: review.Locks, Severity: review.Error,
		Summary: "a VARCHAR grows past 255 bytes",
		Check: costly{
			kinds:  []ddl.Kind{ddl.WidenTextOver},
			says:   "column %s grows past 255 bytes",
			advice: "stay within 255 bytes, which is done in place, or expand to a new column: underpin plan",
		}.check,
	}
}
