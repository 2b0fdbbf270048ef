package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/review"
)

func backfillNotIdempotent() review.Rule {
	return review.Rule{
		Code: "RS321", Name: "backfill-not-idempotent", Category: review.Data, Severity: review.Warning,
		Summary: "an UPDATE that does something else, or all of it again, when it is run twice",
		Check:   checkBackfillNotIdempotent,
	}
}

func checkBackfillNotIdempotent(p *review.Pass) {
	for s, n := range review.Nodes[*ast.UpdateStmt](p) {
		q, _ := queryOf(n)
		table, single := q.single()
		if !single || s.New(table) || guarded(n) {
			continue
		}
		for _, a := range n.List {
			column := a.Column.Name.O
			f := review.Finding{Object: dot(table, column), Span: place(s, column, "SET", ",")}
			switch {
			case accumulates(a.Expr, column):
				f.Message = fmt.Sprintf("%s is computed from itself: a second run, after an interruption, applies it twice", dot(table, column))
				f.Advice = "add a condition that is false once it is done, on a column that the statement sets"
			case !isConstant(a.Expr) && !names(a.Expr, column) && !pinned(q, s.Table(table)):
				f.Severity = review.Note
				f.Message = fmt.Sprintf("%s is filled without leaving out rows that have it: a second run rewrites all of them, with what newer code has written", dot(table, column))
				f.Advice = fmt.Sprintf("add AND %s IS NULL, or another condition that is false once it is done", column)
			default:
				continue
			}
			p.Report(s, f)
			break
		}
	}
}

// guarded reports whether the condition names a column that the statement sets:
// then it can tell rows that are done.
func guarded(n *ast.UpdateStmt) bool {
	return n.Where != nil && slices.ContainsFunc(n.List, func(a *ast.Assignment) bool { return names(n.Where, a.Column.Name.O) })
}

// accumulates reports whether a value grows out of the column's own: by
// arithmetic, or by putting texts together.
func accumulates(e ast.ExprNode, column string) bool {
	switch e := inner(e).(type) {
	case *ast.BinaryOperationExpr:
		switch e.Op {
		case opcode.Plus, opcode.Minus, opcode.Mul, opcode.Div:
			return names(e, column)
		}
	case *ast.FuncCallExpr:
		return strings.HasPrefix(e.FnName.L, "concat") && names(e, column)
	}
	return false
}

// pinned reports whether the condition chooses single rows by a unique key.
func pinned(q query, t *review.Table) bool {
	const single = 100
	rows, ok := q.atMost(t)
	return ok && rows <= single
}
