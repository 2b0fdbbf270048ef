package rules

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func filesort() review.Rule {
	return review.Rule{
		Code: "RS702", Name: "filesort", Category: review.Queries, Severity: review.Warning,
		Summary: "a named query of the code sorts rows of a table that is large or grows",
		Check:   checkFilesort,
	}
}

func checkFilesort(p *review.Pass) {
	for n := range namedQueries(p) {
		switch {
		case n.q.order == nil:
			continue
		case n.Plan != nil && n.Plan.Sort:
			reportQuery(p, n, "its plan sorts the rows", adviseIndex(n))
			continue
		case n.Plan != nil, sorted(n):
			continue
		}
		reportQuery(p, n, "no index has the order of ORDER BY: all rows that match are read and sorted", adviseIndex(n))
	}
}

// sorted reports whether the rows of a query come in order: at most one matches,
// or an index has the columns that are compared by =, and behind them those of
// ORDER BY.
func sorted(n namedQuery) bool {
	if rows, ok := n.q.atMost(n.t); ok && n.q.limit == nil && rows <= 1 {
		return true
	}
	order, plain := orderOf(n.q.order)
	if !plain {
		return false
	}
	fixed := equalColumns(n.q.where)
	return slices.ContainsFunc(n.t.Indexes, func(x ddl.Index) bool {
		columns := x.Columns
		if x.Name != "PRIMARY" { // InnoDB appends the primary key
			columns = slices.Concat(columns, primaryOf(n.t))
		}
		for len(columns) > 0 && hasFold(fixed, columns[0]) && !begins(columns, order) {
			columns = columns[1:]
		}
		return begins(columns, order)
	})
}

// orderOf returns the columns of ORDER BY, all in one direction; plain is false
// where it orders by anything else.
func orderOf(o *ast.OrderByClause) (columns []string, plain bool) {
	columns = orderColumns(o)
	for _, item := range o.Items {
		if item.Desc != o.Items[0].Desc {
			return nil, false
		}
	}
	return columns, len(columns) > 0
}

// equalColumns returns the columns that a condition compares with one value.
func equalColumns(where ast.ExprNode) []string {
	var out []string
	for _, term := range conjuncts(where) {
		if c, ok := compares(term); ok && c.values == 1 {
			out = append(out, c.column.Name.O)
		}
	}
	return out
}

// primaryOf returns the columns of a table's primary key.
func primaryOf(t *review.Table) []string {
	for _, x := range t.Indexes {
		if x.Name == "PRIMARY" {
			return x.Columns
		}
	}
	return nil
}
