package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func addStoredColumn() review.Rule {
	return review.Rule{
		Code: "RS208", Name: "add-stored-column", Category: review.Locks, Severity: review.Error,
		Summary: "a STORED generated column is added to an existing table",
		Check: costly{
			kinds:  []ddl.Kind{ddl.AddStored, ddl.ChangeStored},
			says:   "generated column %s is STORED",
			advice: "make it VIRTUAL, which is instant and can be indexed, or add a plain column and backfill it",
		}.check,
	}
}
