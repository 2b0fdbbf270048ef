package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/review"
)

func noWhere() review.Rule {
	return review.Rule{
		Code: "RS301", Name: "no-where", Category: review.Data, Severity: review.Error,
		Summary: "UPDATE or DELETE without a condition",
		Check:   checkNoWhere,
	}
}

func checkNoWhere(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || !q.writes || q.limit != nil || !alwaysTrue(q.where) {
			continue
		}
		table, single := q.single() // a join is a condition
		if !single || s.New(table) {
			continue
		}
		p.Report(s, review.Finding{
			Severity: bySize(p, s), Object: table,
			Message: fmt.Sprintf("every row of %s is %s: all of them stay locked until it is done", table, done(s)),
			Advice:  "write the condition; if all rows are meant, it is a backfill: underpin plan, then underpin backfill",
		})
	}
}

// done says what a statement does to rows.
func done(s *review.Statement) string {
	if _, isDelete := s.Node.(*ast.DeleteStmt); isDelete {
		return "deleted"
	}
	return "changed"
}

// alwaysTrue reports whether a condition lets every row through: there is none,
// or it is a number other than 0, or compares a constant with itself.
func alwaysTrue(e ast.ExprNode) bool {
	if e == nil {
		return true
	}
	for _, term := range conjuncts(e) {
		n, isNumber := integer(term)
		if isNumber && n != 0 {
			continue
		}
		b, isBinary := inner(term).(*ast.BinaryOperationExpr)
		if !isBinary || b.Op != opcode.EQ || !isConstant(b.L) || review.Restore(b.L) != review.Restore(b.R) {
			return false
		}
	}
	return true
}
