package rules

import (
	"github.com/underpin-db/underpin/review"
)

func insertEnumMember() review.Rule {
	return review.Rule{
		Code: "RS216", Name: "insert-enum-member", Category: review.Locks, Severity: review.Error,
		Summary: "a member is added to an ENUM before the end",
		Check: memberRule{
			types: []string{"enum"}, breaks: inserted,
			says:   "a member is added before the end: all behind it get another number, and the table is copied",
			advice: "put it at the end, which is instant",
		}.check,
	}
}
