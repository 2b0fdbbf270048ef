package rules

import (
	"github.com/underpin-db/underpin/review"
)

func enumPast255() review.Rule {
	return review.Rule{
		Code: "RS217", Name: "enum-past-255", Category: review.Locks, Severity: review.Error,
		Summary: "an ENUM grows past 255 members",
		Check: memberRule{
			types:  []string{"enum"},
			breaks: func(old, wanted []string) bool { return len(old) <= oneByteEnum && len(wanted) > oneByteEnum },
			says:   "more than 255 members take two bytes in each row: the table is copied",
			advice: "move the values to a table of their own",
		}.check,
	}
}

// oneByteEnum is how many members an ENUM of one byte has at most.
const oneByteEnum = 255
