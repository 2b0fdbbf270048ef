package rules

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/underpin-db/underpin/review"
)

// query is the part of a statement on data that rules look at: SELECT, UPDATE,
// DELETE, or the SELECT of INSERT and of CREATE TABLE.
type query struct {
	from  *ast.TableRefsClause
	where ast.ExprNode
	order *ast.OrderByClause
	limit *ast.Limit
	// writes is whether rows are changed in place: UPDATE and DELETE.
	writes bool
}

// queryOf returns the outermost query of a statement.
func queryOf(n ast.Node) (q query, ok bool) {
	switch n := n.(type) {
	case *ast.UpdateStmt:
		return query{n.TableRefs, n.Where, n.Order, n.Limit, true}, true
	case *ast.DeleteStmt:
		return query{n.TableRefs, n.Where, n.Order, n.Limit, true}, true
	case *ast.SelectStmt:
		return query{n.From, n.Where, n.OrderBy, n.Limit, false}, true
	case *ast.InsertStmt:
		if n.Select != nil {
			return queryOf(n.Select)
		}
	case *ast.CreateTableStmt:
		if n.Select != nil {
			return queryOf(n.Select)
		}
	}
	return query{}, false
}

// source is one table that a query reads, by the name that its columns are
// qualified with.
type source struct{ table, alias string }

// sources returns the tables of a query; plain is false where it also reads
// something else, such as a subquery or another database.
func (q query) sources() (list []source, plain bool) {
	plain = true
	var walk func(n ast.ResultSetNode)
	walk = func(n ast.ResultSetNode) {
		switch n := n.(type) {
		case *ast.Join:
			walk(n.Left)
			if n.Right != nil {
				walk(n.Right)
			}
		case *ast.TableSource:
			t, ok := n.Source.(*ast.TableName)
			if !ok || t.Schema.O != "" {
				plain = false
				return
			}
			s := source{t.Name.O, n.AsName.O}
			if s.alias == "" {
				s.alias = s.table
			}
			list = append(list, s)
		default:
			plain = false
		}
	}
	if q.from != nil && q.from.TableRefs != nil {
		walk(q.from.TableRefs)
	}
	return list, plain
}

// existing returns the tables of a query that were there before the change.
func (q query) existing(s *review.Statement) []string {
	var out []string
	list, _ := q.sources()
	for _, t := range list {
		if !s.New(t.table) {
			out = append(out, t.table)
		}
	}
	return out
}

// single returns the only table of a query.
func (q query) single() (string, bool) {
	list, plain := q.sources()
	if len(list) != 1 || !plain {
		return "", false
	}
	return list[0].table, true
}

// tableOf returns the table that a query gives a name.
func (q query) tableOf(alias string) (string, bool) {
	list, _ := q.sources()
	for _, s := range list {
		if strings.EqualFold(s.alias, alias) {
			return s.table, true
		}
	}
	return "", false
}

// conjuncts returns what a condition demands at once: the terms joined by AND.
func conjuncts(e ast.ExprNode) []ast.ExprNode { return terms(e, opcode.LogicAnd) }

// terms takes a condition apart at an operator, through parentheses.
func terms(e ast.ExprNode, op opcode.Op) []ast.ExprNode {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.ParenthesesExpr:
		return terms(e.Expr, op)
	case *ast.BinaryOperationExpr:
		if e.Op == op {
			return append(terms(e.L, op), terms(e.R, op)...)
		}
	}
	return []ast.ExprNode{e}
}

// inner returns an expression without the parentheses around it.
func inner(e ast.ExprNode) ast.ExprNode {
	for {
		p, ok := e.(*ast.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// columnIn returns the column that an expression is.
func columnIn(e ast.ExprNode) (*ast.ColumnName, bool) {
	c, ok := inner(e).(*ast.ColumnNameExpr)
	if !ok {
		return nil, false
	}
	return c.Name, true
}

// names reports whether an expression names a column.
func names(n ast.Node, column string) bool { return n != nil && hasFold(columnsIn(n), column) }

// isConstant reports whether an expression is the same for every row.
func isConstant(e ast.ExprNode) bool {
	varies := false
	review.Walk(e, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ColumnNameExpr, *ast.SubqueryExpr:
			varies = true
		}
		return !varies
	})
	return !varies
}

// comparison is a condition on a bare column: =, <=>, <, >, IN or BETWEEN with
// constants.
type comparison struct {
	column *ast.ColumnName
	// values is how many values at most the column may have; 0 is not known.
	values int
}

// compares reads a term as a comparison that an index on the column can serve.
func compares(e ast.ExprNode) (comparison, bool) {
	switch e := inner(e).(type) {
	case *ast.BinaryOperationExpr:
		return comparesBinary(e)
	case *ast.PatternInExpr:
		if c, ok := columnIn(e.Expr); ok && !e.Not && e.Sel == nil {
			return comparison{c, len(e.List)}, true
		}
	case *ast.BetweenExpr:
		c, ok := columnIn(e.Expr)
		if !ok || e.Not || !isConstant(e.Left) || !isConstant(e.Right) {
			break
		}
		low, lowKnown := integer(e.Left)
		high, highKnown := integer(e.Right)
		if lowKnown && highKnown && high >= low {
			return comparison{c, int(min(high-low, mostRows)) + 1}, true
		}
		return comparison{c, 0}, true
	case *ast.IsNullExpr:
		if c, ok := columnIn(e.Expr); ok && !e.Not {
			return comparison{c, 0}, true
		}
	}
	return comparison{}, false
}

func comparesBinary(e *ast.BinaryOperationExpr) (comparison, bool) {
	column, isColumn := columnIn(e.L)
	other := e.R
	if !isColumn {
		column, isColumn = columnIn(e.R)
		other = e.L
	}
	if !isColumn || !isConstant(other) {
		return comparison{}, false
	}
	switch e.Op {
	case opcode.EQ, opcode.NullEQ:
		return comparison{column, 1}, true
	case opcode.LT, opcode.LE, opcode.GT, opcode.GE:
		return comparison{column, 0}, true
	}
	return comparison{}, false
}

// integer returns the value of a whole number that stands in a statement.
func integer(e ast.ExprNode) (int64, bool) {
	v, ok := inner(e).(ast.ValueExpr)
	if !ok {
		return 0, false
	}
	switch n := v.GetValue().(type) {
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= 1<<62
	}
	return 0, false
}

// atMost returns how many rows of a table a condition can match at most, from
// the values that it leaves to each column of a unique key, or from LIMIT; ok is
// false where it says nothing about that.
func (q query) atMost(t *review.Table) (rows int, ok bool) {
	if q.limit != nil && q.limit.Count != nil {
		if n, known := integer(q.limit.Count); known {
			return int(n), true
		}
	}
	fixed := map[string]int{}
	for _, term := range conjuncts(q.where) {
		if c, compared := compares(term); compared && c.values > 0 {
			fixed[c.column.Name.L] = c.values
		}
	}
	for _, x := range t.Indexes {
		if n := product(x.Columns, fixed); x.Unique && n > 0 && (!ok || n < rows) {
			rows, ok = n, true
		}
	}
	return rows, ok
}

// mostRows is as many as is counted to.
const mostRows = 1 << 30

// product returns how many combinations of values the columns may have; 0 is
// not known.
func product(columns []string, values map[string]int) int {
	n := 1
	for _, c := range columns {
		n *= values[strings.ToLower(c)]
		n = min(n, mostRows)
	}
	return n
}
