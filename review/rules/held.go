package rules

import (
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review"
)

// heldOption is the setting of RS107 that RS102 and RS104 heed as well.
const heldOption = "held-suffixes"

// heldSuffixes are the ends of names that say: this table waits to be dropped.
func heldSuffixes(p *review.Pass) []string {
	if own, ok := p.Config.Rules["RS107"].Options[heldOption].([]string); ok {
		return own
	}
	return heldDefault()
}

func heldDefault() []string { return []string{"_del"} }

// held reports whether a table's name says that it waits to be dropped.
func held(p *review.Pass, table string) bool {
	return strings.HasPrefix(table, plan.HeldPrefix) ||
		slices.ContainsFunc(heldSuffixes(p), func(end string) bool { return strings.HasSuffix(strings.ToLower(table), strings.ToLower(end)) })
}
