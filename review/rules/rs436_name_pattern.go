package rules

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/underpin-db/underpin/review"
)

func namePattern() review.Rule {
	return review.Rule{
		Code: "RS436", Name: "name-pattern", Category: review.Design, Severity: review.Note,
		Summary: "a name of another form than agreed",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "table", Default: "^[a-z][a-z0-9_]*$", Says: "regular expression that names of tables have to match"},
			{Name: "column", Default: "^[a-z][a-z0-9_]*$", Says: "regular expression that names of columns have to match"},
			{Name: "index", Default: "^[a-z][a-z0-9_]*$", Says: "regular expression that names of indexes have to match"},
			{Name: "length", Default: 64, Says: "characters that a name may have"},
		},
		Check: checkNamePattern,
	}
}

func checkNamePattern(p *review.Pass) {
	patterns := map[string]*regexp.Regexp{}
	for _, kind := range []string{kindTable, kindColumn, kindIndex} {
		if pattern, ok := patternOf(p, kind); ok {
			patterns[kind] = pattern
		}
	}
	for n := range namesGiven(p) {
		pattern := patterns[n.kind]
		message := ""
		switch {
		case utf8.RuneCountInString(n.name) > p.Int("length"):
			message = fmt.Sprintf("%s %s has more than %d characters", n.kind, n.name, p.Int("length"))
		case pattern != nil && !pattern.MatchString(n.name):
			message = fmt.Sprintf("%s %s does not match %s", n.kind, n.name, pattern)
		}
		if message != "" {
			p.Report(n.s, review.Finding{Object: n.name, Span: n.s.Where(n.name), Message: message, Advice: "name it as agreed"})
		}
	}
}
