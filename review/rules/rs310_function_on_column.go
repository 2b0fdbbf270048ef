package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func functionOnColumn() review.Rule {
	return review.Rule{
		Code: "RS310", Name: "function-on-column", Category: review.Data, Severity: review.Warning,
		Summary: "a function or calculation over a column in WHERE: its index is not used",
		Check:   checkFunctionOnColumn,
	}
}

func checkFunctionOnColumn(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || q.where == nil || len(q.existing(s)) == 0 || served(q) {
			continue
		}
		for _, term := range conjuncts(q.where) {
			e := wrapped(term)
			if e == nil || rewritten(p.Server, e) || !losesIndex(s, q, e) {
				continue
			}
			p.Report(s, review.Finding{
				Object: q.existing(s)[0],
				Message: fmt.Sprintf("%s is computed for every row: no index on %s is used, and all rows are read", review.Restore(e),
					strings.Join(columnsIn(e), ", ")),
				Advice: "compare the bare column with a range, or index the expression",
			})
			break
		}
	}
}

// served reports whether some other term of the condition lets an index choose
// the rows.
func served(q query) bool {
	return slices.ContainsFunc(conjuncts(q.where), func(e ast.ExprNode) bool {
		_, ok := compares(e)
		return ok
	})
}

// wrapped returns the side of a comparison with a constant that computes
// something of a column; nil where there is none.
func wrapped(e ast.ExprNode) ast.ExprNode {
	var sides []ast.ExprNode
	switch e := inner(e).(type) {
	case *ast.BinaryOperationExpr:
		switch e.Op {
		case opcode.EQ, opcode.NullEQ, opcode.LT, opcode.LE, opcode.GT, opcode.GE:
			sides = []ast.ExprNode{e.L, e.R}
		}
	case *ast.BetweenExpr:
		if isConstant(e.Left) && isConstant(e.Right) {
			sides = []ast.ExprNode{e.Expr, e.Left}
		}
	case *ast.PatternInExpr:
		if e.Sel == nil && !slices.ContainsFunc(e.List, func(x ast.ExprNode) bool { return !isConstant(x) }) && len(e.List) > 0 {
			sides = []ast.ExprNode{e.Expr, e.List[0]}
		}
	}
	for i, side := range sides {
		_, bare := columnIn(side)
		if !bare && len(columnsIn(side)) > 0 && isConstant(sides[1-i]) && computes(side) {
			return side
		}
	}
	return nil
}

// computes reports whether an expression calls a function or calculates.
func computes(e ast.ExprNode) bool {
	switch inner(e).(type) {
	case *ast.FuncCallExpr, *ast.FuncCastExpr, *ast.BinaryOperationExpr, *ast.UnaryOperationExpr:
		return true
	}
	return false
}

// losesIndex reports whether there is, or may be, an index that the bare column
// would use, and none over an expression.
func losesIndex(s *review.Statement, q query, e ast.ExprNode) bool {
	table, single := q.single()
	if !single {
		return true
	}
	t := s.Table(table)
	if !t.Complete {
		return true
	}
	leads := false
	for _, x := range t.Indexes {
		if len(x.Columns) == 0 || x.Columns[0] == "" {
			return false
		}
		leads = leads || hasFold(columnsIn(e), x.Columns[0])
	}
	return leads
}

// rewrites are the functions over a bare column that MariaDB's optimizer turns
// into a condition on the column itself, from a version on (MDEV-8320,
// MDEV-31496).
var rewrites = map[string]ddl.Version{
	"date": {Major: 11, Minor: 1}, "year": {Major: 11, Minor: 1},
	"upper": {Major: 11, Minor: 3}, "ucase": {Major: 11, Minor: 3},
}

// rewritten reports whether the server at hand uses the column's index all the
// same.
func rewritten(server ddl.Server, e ast.ExprNode) bool {
	call, ok := inner(e).(*ast.FuncCallExpr)
	if !ok || server.Flavour != ddl.MariaDB || len(call.Args) != 1 {
		return false
	}
	_, bare := columnIn(call.Args[0])
	from, known := rewrites[call.FnName.L]
	return bare && known && !server.Version.Below(from)
}
