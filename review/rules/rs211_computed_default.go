package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func computedDefault() review.Rule {
	return review.Rule{
		Code: "RS211", Name: "computed-default", Category: review.Locks, Severity: review.Error,
		Summary: "a column is added whose default is computed for every row",
		Check: costly{
			kinds:  []ddl.Kind{ddl.AddComputed},
			says:   "the default of column %s is computed for each row",
			advice: "add the column without the default, set the default for new rows, and backfill the old ones",
		}.check,
	}
}
