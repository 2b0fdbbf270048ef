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
	b.WriteString(leftOut)
	return b.String()
}

// leftOut says why there are numbers without a rule.
const leftOut = `
## Numbers without a rule

| code | what it would find | who looks instead |
|---|---|---|
| RS229 | DDL on a table that is busy at this moment | ` + "`underpin preflight`" + ` and ` + "`underpin apply`" + `, when it counts |
| RS323 | a backfill that runs on the application's models | nobody has to: a backfill is SQL here; migrations in Go are listed as not checked |
| RS505 | a plan that is not the one that was reviewed | a signature, which is bound to the plan's hash; ` + "`underpin apply`" + ` makes the plan anew |
| RS506 | a waiver without a reason or past its day | RS801 and RS802 |
`

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
