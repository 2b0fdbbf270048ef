package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func leadingWildcard() review.Rule {
	return review.Rule{
		Code: "RS311", Name: "leading-wildcard", Category: review.Data, Severity: review.Warning,
		Summary: "LIKE with a pattern that begins with a wildcard",
		Check:   checkLeadingWildcard,
	}
}

func checkLeadingWildcard(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || q.where == nil || len(q.existing(s)) == 0 || served(q) {
			continue
		}
		for _, term := range conjuncts(q.where) {
			like, isLike := inner(term).(*ast.PatternLikeOrIlikeExpr)
			if !isLike || like.Not {
				continue
			}
			v, isConstant := inner(like.Pattern).(ast.ValueExpr)
			if !isConstant || v.GetString() == "" || v.GetString()[0] != '%' && v.GetString()[0] != '_' {
				continue
			}
			p.Report(s, review.Finding{
				Object: q.existing(s)[0], Span: s.Where("LIKE", "*"),
				Message: fmt.Sprintf("the pattern %q has no fixed beginning: all rows are read", v.GetString()),
				Advice:  "use a FULLTEXT index, or a pattern with a fixed beginning",
			})
			break
		}
	}
}
