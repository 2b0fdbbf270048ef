package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func definer() review.Rule {
	return review.Rule{
		Code: "RS434", Name: "definer", Category: review.Design, Severity: review.Warning,
		Summary: "a DEFINER that is not on the list, or not stated",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "definers", Default: []string{}, Says: "accounts, as user@host, that may be DEFINER; empty is any"},
		},
		Check: checkDefiner,
	}
}

func checkDefiner(p *review.Pass) {
	for s := range p.Statements() {
		kind, creates := strings.CutPrefix(s.Head, "CREATE ")
		if _, known := storedPrograms[kind]; !creates || !known {
			continue
		}
		definer := definerOf(s.Words())
		message := ""
		switch list := p.List("definers"); {
		case definer == "" && !invoker(s):
			message = fmt.Sprintf("the %s runs with the rights of whoever runs the migration: no DEFINER is stated", strings.ToLower(kind))
		case definer != "" && len(list) > 0 && !hasFold(list, definer):
			message = fmt.Sprintf("the %s runs with the rights of %s, which is not on the list", strings.ToLower(kind), definer)
		}
		if message != "" {
			p.Report(s, review.Finding{Message: message, Advice: "state a DEFINER that stays, or SQL SECURITY INVOKER"})
		}
	}
}

// definerOf returns the account in DEFINER = user@host; empty where none is
// stated.
func definerOf(words []string) string {
	for i, w := range words {
		if !strings.EqualFold(w, "DEFINER") || i+2 >= len(words) || words[i+1] != "=" {
			continue
		}
		account := strings.Trim(words[i+2], "'\"")
		if i+4 < len(words) && words[i+3] == "@" {
			account += "@" + strings.Trim(words[i+4], "'\"")
		}
		return account
	}
	return ""
}

// invoker reports whether a program runs with the caller's rights.
func invoker(s *review.Statement) bool {
	_, found := s.Find("SQL", "SECURITY", "INVOKER")
	return found
}
