package rules

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/review"
)

func equalsNull() review.Rule {
	return review.Rule{
		Code: "RS309", Name: "equals-null", Category: review.Data, Severity: review.Error,
		Summary: "a comparison with NULL, which is never true",
		Check:   checkEqualsNull,
	}
}

func checkEqualsNull(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || q.where == nil {
			continue
		}
		if !comparesNull(q.where) {
			continue
		}
		f := review.Finding{
			Message: "a comparison with NULL is never true: rows with NULL are not matched, and NOT IN with a NULL matches no row",
			Advice:  "write IS NULL or IS NOT NULL, or the null-safe <=>",
		}
		if tables := q.existing(s); len(tables) > 0 {
			f.Object = tables[0]
		}
		if _, assigns := s.Node.(*ast.UpdateStmt); !assigns { // there, = NULL may be an assignment
			mendNull(s, &f)
		}
		p.Report(s, f)
	}
}

// mendNull finds the comparison and writes what was meant.
func mendNull(s *review.Statement, f *review.Finding) {
	for _, sign := range []string{"<", ">"} {
		if _, found := s.Find(sign, "=", "NULL"); found {
			return // nobody knows what was meant
		}
	}
	for _, c := range nullComparisons {
		if at, found := s.Find(c.words...); found {
			f.Span, f.Fixes = at, []review.Fix{{Description: "write " + c.with, Edits: []review.Edit{s.Replace(at, c.with)}}}
			return
		}
	}
}

// nullComparisons are the spellings that can be mended word by word, those the
// longer ones first.
var nullComparisons = []struct {
	words []string
	with  string
}{
	{[]string{"<", ">", "NULL"}, "IS NOT NULL"},
	{[]string{"!", "=", "NULL"}, "IS NOT NULL"},
	{[]string{"=", "NULL"}, "IS NULL"},
}

// comparesNull reports whether an expression compares something with NULL.
func comparesNull(e ast.ExprNode) bool {
	found := false
	review.Walk(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryOperationExpr:
			switch n.Op {
			case opcode.EQ, opcode.NE, opcode.LT, opcode.LE, opcode.GT, opcode.GE:
				found = found || isNull(n.L) || isNull(n.R)
			}
		case *ast.PatternInExpr:
			found = found || slices.ContainsFunc(n.List, isNull)
		}
		return !found
	})
	return found
}

func isNull(e ast.ExprNode) bool {
	v, ok := inner(e).(ast.ValueExpr)
	return ok && v.GetValue() == nil
}
