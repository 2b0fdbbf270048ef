package rules

import (
	"embed"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// explanations are the Markdown files beside the rules, named as the Go files.
//
//go:embed *.md
var explanations embed.FS

// All returns every rule, in the order of the codes.
func All() []review.Rule {
	rules := slices.Concat(
		[]review.Rule{notUnderstood()}, // RS001
		releaseRules(),                 // RS1xx
		lockRules(),                    // RS2xx
		dataRules(),                    // RS3xx
		designRules(),                  // RS4xx
		historyRules(),                 // RS5xx
		cacheRules(),                   // RS6xx
		queryRules(),                   // RS7xx
		waiverRules(),                  // RS8xx
	)
	for i := range rules {
		rules[i].Explanation = explain(rules[i])
	}
	return rules
}

// explain returns the text beside a rule; a test holds that there is one.
func explain(r review.Rule) string {
	name := strings.ToLower(string(r.Code)) + "_" + strings.ReplaceAll(r.Name, "-", "_") + ".md"
	text, err := explanations.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}
