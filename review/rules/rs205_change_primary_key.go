package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func changePrimaryKey() review.Rule {
	return review.Rule{
		Code: "RS205", Name: "change-primary-key", Category: review.Locks, Severity: review.Error,
		Summary: "the primary key of an existing table is dropped or replaced",
		Check: costly{
			kinds:  []ddl.Kind{ddl.DropPrimaryKey, ddl.ChangePrimaryKey},
			says:   "the primary key is dropped or replaced",
			advice: "drop and add it in one statement, which is done in place, or move to a new table: underpin plan",
		}.check,
	}
}
