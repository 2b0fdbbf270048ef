package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func comment() review.Rule {
	return review.Rule{
		Code: "RS431", Name: "comment", Category: review.Design, Severity: review.Note,
		Summary: "a table or column without a comment of the form agreed",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "pattern", Default: "", Says: "regular expression that a comment has to match; empty is any text"},
		},
		Check: checkComment,
	}
}

func checkComment(p *review.Pass) {
	pattern, ok := patternOf(p, "pattern")
	if !ok {
		return
	}
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		comment := ""
		for _, o := range n.Options {
			if o.Tp == ast.TableOptionComment {
				comment = o.StrValue
			}
		}
		if n.ReferTable == nil && (comment == "" || !pattern.MatchString(comment)) {
			p.Report(s, review.Finding{
				Object: n.Table.Name.O, Span: s.Where(n.Table.Name.O),
				Message: fmt.Sprintf("table %s has no comment of the form agreed", n.Table.Name.O), Advice: "say who owns it, and what class of data it holds",
			})
		}
	}
	for s := range p.Statements() {
		var silent []string
		for _, c := range columnsOf(s) {
			if !commented(c, pattern) {
				silent = append(silent, c.name())
			}
		}
		if len(silent) > 0 {
			table := s.Tables()[0]
			p.Report(s, review.Finding{
				Object: table, Message: fmt.Sprintf("columns of %s have no comment of the form agreed: %s", table, strings.Join(silent, ", ")),
				Advice: "say what they hold",
			})
		}
	}
}

// commented reports whether a column has a comment that a pattern matches.
func commented(c columnDef, pattern *regexp.Regexp) bool {
	o, ok := c.option(ast.ColumnOptionComment)
	if !ok {
		return false
	}
	text, ok := o.Expr.(ast.ValueExpr)
	return ok && text.GetString() != "" && pattern.MatchString(text.GetString())
}

// patternOf returns an option that is a regular expression. One that is none is
// said to be so, and the rule does not run.
func patternOf(p *review.Pass, option string) (*regexp.Regexp, bool) {
	pattern, err := regexp.Compile(p.Text(option))
	if err != nil {
		p.NotChecked("option %s is no regular expression: %v", option, err)
	}
	return pattern, err == nil
}
