package rules

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func fullScan() review.Rule {
	return review.Rule{
		Code: "RS701", Name: "full-scan", Category: review.Queries, Severity: review.Warning,
		Summary: "a named query of the code reads the whole of a table that is large or grows",
		Check:   checkFullScan,
	}
}

func checkFullScan(p *review.Pass) {
	for n := range namedQueries(p) {
		switch {
		case n.q.limit != nil && n.q.where == nil && (n.q.order == nil || n.Plan == nil || !n.Plan.Sort):
			continue // it stops after so many rows
		case n.Plan != nil && n.Plan.Scan:
			reportQuery(p, n, "its plan reads all rows", adviseIndex(n))
			continue
		case n.Plan != nil, n.q.where != nil && servedBy(n.t, n.q.where):
			continue
		}
		reportQuery(p, n, "no index chooses its rows: it reads all of them", adviseIndex(n))
	}
}

// servedBy reports whether an index of the table can choose the rows of a
// condition: it begins with a column that is compared with constants; of OR,
// each branch has to have one.
func servedBy(t *review.Table, where ast.ExprNode) bool {
	for _, term := range conjuncts(where) {
		if branches := terms(term, opcode.LogicOr); len(branches) > 1 {
			if !slices.ContainsFunc(branches, func(e ast.ExprNode) bool { return !servedBy(t, e) }) {
				return true
			}
			continue
		}
		if like, ok := inner(term).(*ast.PatternLikeOrIlikeExpr); ok {
			if c, bare := columnIn(like.Expr); bare && !like.Not && leads(t, c.Name.O) {
				return true // the pattern may have a fixed beginning
			}
			continue
		}
		if c, ok := compares(term); ok && leads(t, c.column.Name.O) {
			return true
		}
	}
	return false
}

// leads reports whether an index begins with the column.
func leads(t *review.Table, column string) bool {
	return slices.ContainsFunc(t.Indexes, func(x ddl.Index) bool {
		return x.Kind != ddl.Fulltext && len(x.Columns) > 0 && strings.EqualFold(x.Columns[0], column)
	})
}
