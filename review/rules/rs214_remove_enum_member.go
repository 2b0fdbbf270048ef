package rules

import (
	"github.com/underpin-db/underpin/review"
)

func removeEnumMember() review.Rule {
	return review.Rule{
		Code: "RS214", Name: "remove-enum-member", Category: review.Locks, Severity: review.Error,
		Summary: "a member of an ENUM is taken out",
		Check: memberRule{
			types: []string{"enum"}, breaks: removed,
			says:   "a member is taken out: rows that hold it no longer fit, the table is copied, and a release that writes it fails",
			advice: "stop writing it, change the rows that hold it, and only then redefine the column: underpin plan",
		}.check,
	}
}
