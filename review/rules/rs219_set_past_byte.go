package rules

import (
	"github.com/underpin-db/underpin/review"
)

func setPastByte() review.Rule {
	return review.Rule{
		Code: "RS219", Name: "set-past-byte", Category: review.Locks, Severity: review.Error,
		Summary: "a SET grows past 8, 16, 24 or 32 members",
		Check: memberRule{
			types: []string{"set"}, breaks: func(old, wanted []string) bool { return setBytes(len(old)) < setBytes(len(wanted)) },
			says:   "so many members take one byte more in each row: the table is copied",
			advice: "give the members a table of their own",
		}.check,
	}
}
