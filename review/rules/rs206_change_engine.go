package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func changeEngine() review.Rule {
	return review.Rule{
		Code: "RS206", Name: "change-engine", Category: review.Locks, Severity: review.Error,
		Summary: "a table moves to another storage engine",
		Check: costly{
			kinds:  []ddl.Kind{ddl.ChangeEngine, ddl.SetEngine},
			says:   "the table moves to another storage engine",
			advice: "leave it in InnoDB; into InnoDB, do it at a quiet time while the table is small; to rebuild, write FORCE",
		}.check,
	}
}
