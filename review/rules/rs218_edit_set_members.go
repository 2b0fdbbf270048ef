package rules

import (
	"github.com/underpin-db/underpin/review"
)

func editSetMembers() review.Rule {
	return review.Rule{
		Code: "RS218", Name: "edit-set-members", Category: review.Locks, Severity: review.Error,
		Summary: "members of a SET are taken out, reordered, or added before the end",
		Check: memberRule{
			types: []string{"set"},
			breaks: func(old, wanted []string) bool {
				return removed(old, wanted) || reordered(old, wanted) || inserted(old, wanted)
			},
			says:   "members get another bit, or none: the table is copied",
			advice: "put new members at the end, or keep members in a table of their own",
		}.check,
	}
}
