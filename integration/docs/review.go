package docs

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// ReviewRules renders docs/review-rules.md: every rule of the review gate, by
// category.
func ReviewRules() string {
	var b strings.Builder
	all := rules.All()
	fmt.Fprintf(&b, "# The rules of the review\n\nWritten from the rules by `make docs`; a test holds it up to date. "+
		"There are %d. `underpin rules CODE` explains one: what it finds, why it hurts, and the safe way.\n\n"+
		"A rule of the profile `schema-design` is off until underpin.yaml switches it, or the profile, on; see [review.md](review.md).\n", len(all))
	for _, c := range review.Categories() {
		fmt.Fprintf(&b, "\n## %s\n\n| code | name | severity | finds | options |\n|---|---|---|---|---|\n", c)
		for _, r := range all {
			if r.Category == c {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.Code, r.Name, weight(r), cell(r.Summary), cell(options(r)))
			}
		}
	}
	return b.String()
}

// weight is a rule's severity, and whether one has to ask for it.
func weight(r review.Rule) string {
	if r.Profile == review.Always {
		return string(r.Severity)
	}
	return string(r.Severity) + ", on request"
}

func options(r review.Rule) string {
	out := make([]string, len(r.Options))
	for i, o := range r.Options {
		out[i] = fmt.Sprintf("`%s` (%v)", o.Name, o.Default)
	}
	return strings.Join(out, ", ")
}

// cell keeps a text within its cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
