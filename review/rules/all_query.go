package rules

import "github.com/underpin-db/underpin/review"

// queryRules are the rules about queries that grow slow.
func queryRules() []review.Rule {
	return []review.Rule{
		fullScan(),    // RS701
		filesort(),    // RS702
		largeOffset(), // RS703
	}
}
