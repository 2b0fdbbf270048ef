package rules

import (
	"github.com/underpin-db/underpin/review"
)

func reorderEnumMembers() review.Rule {
	return review.Rule{
		Code: "RS215", Name: "reorder-enum-members", Category: review.Locks, Severity: review.Error,
		Summary: "the members of an ENUM change their order",
		Check: memberRule{
			types: []string{"enum"}, breaks: reordered,
			says:   "members stand in another order: the table is copied to renumber them, and ORDER BY gives another order",
			advice: "keep the order, and put new members at the end",
		}.check,
	}
}
