package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func addAutoIncrement() review.Rule {
	return review.Rule{
		Code: "RS209", Name: "add-auto-increment", Category: review.Locks, Severity: review.Error,
		Summary: "an AUTO_INCREMENT column is added to an existing table",
		Check: costly{
			kinds:  []ddl.Kind{ddl.AddAuto, ddl.MakeAuto},
			says:   "column %s counts by AUTO_INCREMENT",
			advice: "do it while the table is small, at a quiet time: rows without a key cannot be walked in chunks",
		}.check,
	}
}
