package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/review"
	gate "github.com/underpin-db/underpin/review/rules"
)

// shownRule is a rule as the rules command prints it.
type shownRule struct {
	Code        review.Code     `json:"code"`
	Name        string          `json:"name"`
	Summary     string          `json:"summary"`
	Category    review.Category `json:"category"`
	Severity    review.Severity `json:"severity"` // as settled
	Profile     review.Profile  `json:"profile,omitempty"`
	On          bool            `json:"on"`
	Options     []shownOption   `json:"options"`
	Explanation string          `json:"explanation,omitempty"`
}

type shownOption struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	Says  string `json:"says"`
}

// rulesCommand lists the rules of the review gate, or explains some.
func rulesCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "rules [CODE|NAME...]",
		GroupID: groupGate,
		Short:   "List the rules of the review, or explain some",
		Long: `List the rules of the review as underpin.yaml settles them, or explain those that
are named: what they find, why it hurts, and the safe way.`,
		Example: "  underpin rules\n  underpin rules RS101\n  underpin rules --json | jq '.rules[] | select(.on)'",
		Args:    cobra.ArbitraryArgs, // each is looked at, and a wrong one is usage
		RunE: func(c *cobra.Command, args []string) error {
			all := gate.All()
			s, err := a.reviewConfig(c.Flags(), all)
			if err != nil {
				return err
			}
			list, err := pick(all, args)
			if err != nil {
				return err
			}
			out := struct {
				Rules []shownRule `json:"rules"`
			}{[]shownRule{}}
			for _, r := range list {
				out.Rules = append(out.Rules, show(r, s.config, len(args) > 0))
			}
			return a.emit(out, func(p *page) {
				if len(args) > 0 {
					p.explained(out.Rules)
				} else {
					p.ruleList(out.Rules)
				}
			})
		},
	}
}

// pick returns the rules that are named, all where none is.
func pick(all []review.Rule, names []string) ([]review.Rule, error) {
	if len(names) == 0 {
		return all, nil
	}
	var out []review.Rule
	for _, name := range names {
		i := slices.IndexFunc(all, func(r review.Rule) bool {
			return strings.EqualFold(string(r.Code), name) || r.Name == name
		})
		if i < 0 {
			return nil, &usageError{err: fmt.Errorf("there is no rule %s", name), hint: "underpin rules lists them"}
		}
		out = append(out, all[i])
	}
	return out, nil
}

// show is a rule as it is settled.
func show(r review.Rule, c review.Config, explain bool) shownRule {
	out := shownRule{
		Code: r.Code, Name: r.Name, Summary: r.Summary, Category: r.Category, Severity: r.Severity, Profile: r.Profile,
		On: c.Runs(r), Options: []shownOption{},
	}
	if own := c.Rules[r.Code].Severity; own != "" && own != review.Off {
		out.Severity = own
	}
	for _, o := range r.Options {
		value := o.Default
		if own, set := c.Rules[r.Code].Options[o.Name]; set {
			value = own
		}
		out.Options = append(out.Options, shownOption{o.Name, value, o.Says})
	}
	if explain {
		out.Explanation = r.Explanation
	}
	return out
}

// ruleList shows rules by category.
func (p *page) ruleList(list []shownRule) {
	for _, c := range review.Categories() {
		var rows [][]string
		for _, r := range list {
			if r.Category == c {
				rows = append(rows, []string{string(r.Code), r.Name, p.severity(r), r.Summary})
			}
		}
		if len(rows) > 0 {
			p.line("%s", p.bold(string(c)))
			p.table("  ", rows)
			p.gap()
		}
	}
	on := 0
	for _, r := range list {
		if r.On {
			on++
		}
	}
	p.line("%s, of which %d are on; underpin rules CODE explains one", count(len(list), "rule"), on)
}

// severity shows how much a rule's findings weigh.
func (p *page) severity(r shownRule) string {
	switch {
	case !r.On:
		return p.dim("off")
	case r.Severity == review.Error:
		return p.bad("error")
	case r.Severity == review.Warning:
		return p.warn("warning")
	}
	return string(r.Severity)
}

// explained shows rules with their explanations.
func (p *page) explained(list []shownRule) {
	for i, r := range list {
		if i > 0 {
			p.gap()
		}
		p.line("%s  %s, %s", p.bold(string(r.Code)+" "+r.Name), r.Category, p.severity(r))
		p.gap()
		p.line("%s", strings.TrimSpace(r.Explanation))
		if len(r.Options) > 0 {
			p.gap()
			p.line("Options, under review: rules: %s: in underpin.yaml", r.Code)
			var rows [][]string
			for _, o := range r.Options {
				rows = append(rows, []string{o.Name, fmt.Sprint(o.Value), o.Says})
			}
			p.table("  ", rows)
		}
	}
}
