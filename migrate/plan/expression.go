package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// side is the shape that an expression reads.
type side struct {
	// shape and table name it in messages.
	shape migrate.Shape
	table string
	// columns are the columns it may read, by lower-case name, as the live
	// schema spells them. denied are others with the reason.
	columns map[string]string
	denied  map[string]string
}

// resolved is an expression in marker form.
type resolved struct {
	value migrate.Expression
	// columns are the columns it reads, sorted. tested are those that it only
	// tests for NULL, so that their value does not matter.
	columns []string
	tested  map[string]bool
	// bare is the column, if the expression is nothing but one.
	bare string
}

// resolve parses an expression over the columns of one side, checks that it
// is a deterministic function of the row, and brings it into marker form.
func resolve(text string, over side) (resolved, *refusal) {
	for _, c := range executable {
		if strings.Contains(text, c) {
			return resolved{}, refuse(CodeExpressionForm, "write the expression without it", "it contains %s, which not every server executes", c)
		}
	}
	if strings.Contains(unquoted(text), "||") {
		return resolved{}, refuse(CodeExpressionForm, "write OR or CONCAT", "|| means OR or CONCAT, depending on the session's sql_mode")
	}
	node, r := parseExpression(text)
	if r != nil {
		return resolved{}, r
	}
	v := &resolver{over: over, seen: map[string]int{}, tests: map[string]int{}}
	out, _ := node.Accept(v)
	if v.refused != nil {
		return resolved{}, v.refused
	}
	sql, err := restore(out)
	if err != nil {
		return resolved{}, refuse(CodeExpressionForm, "write it in another way", "it cannot be written back: %v", err)
	}
	if !closed(out) {
		sql = "(" + sql + ")"
	}
	if strings.Count(sql, migrate.Row) != v.references {
		return resolved{}, refuse(CodeExpressionForm, "write the text in two pieces with CONCAT", "a literal in it contains %q, which marks columns", migrate.Row)
	}
	columns := make([]string, 0, len(v.seen))
	for c := range v.seen {
		columns = append(columns, c)
	}
	slices.Sort(columns)
	res := resolved{value: migrate.Expression(sql), columns: columns, tested: map[string]bool{}}
	if m, ok := out.(*marked); ok {
		res.bare = m.column
	}
	for c, uses := range v.seen {
		res.tested[c] = uses == v.tests[c]
	}
	return res, nil
}

// parseExpression parses text as one expression and nothing more.
func parseExpression(text string) (ast.ExprNode, *refusal) {
	// The line break keeps a comment at the end from swallowing what follows.
	nodes, _, err := parser.New().Parse("SELECT (\n"+text+"\n)", "", "")
	if err != nil {
		return nil, refuse(CodeExpressionSyntax, "correct the expression", "it does not parse: %s", oneLine(err.Error()))
	}
	notOne := refuse(CodeExpressionSyntax, "write one expression", "it is more than one expression")
	if len(nodes) != 1 {
		return nil, notOne
	}
	s, ok := nodes[0].(*ast.SelectStmt)
	if !ok || s.From != nil || s.Where != nil || s.OrderBy != nil || s.Limit != nil || s.GroupBy != nil ||
		s.Having != nil || s.LockInfo != nil || s.SelectIntoOpt != nil || s.With != nil ||
		len(s.Fields.Fields) != 1 || s.Fields.Fields[0].Expr == nil || s.Fields.Fields[0].AsName.O != "" {
		return nil, notOne
	}
	expr := s.Fields.Fields[0].Expr
	if row, isRow := expr.(*ast.RowExpr); isRow && len(row.Values) > 1 {
		return nil, notOne
	}
	for {
		p, ok := expr.(*ast.ParenthesesExpr)
		if !ok {
			return expr, nil
		}
		expr = p.Expr
	}
}

// unquoted returns text without what stands in quotes.
func unquoted(text string) string {
	var b strings.Builder
	eachByte(text, func(quote, ch byte) {
		if quote == 0 {
			b.WriteByte(ch)
		}
	})
	return b.String()
}

// eachByte passes on the bytes of SQL, each with the quote that it stands in, or
// 0, and without the quotes and backslashes themselves. Quotes are doubled or
// escaped by a backslash inside; an unterminated one takes the rest.
func eachByte(text string, visit func(quote, ch byte)) {
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"' || c == '`'):
			quote = c
		default:
			visit(quote, c)
		}
	}
}

// closed reports whether an expression can stand inside another as it is.
func closed(n ast.Node) bool {
	switch x := n.(type) {
	case *ast.FuncCastExpr:
		return x.FunctionType != ast.CastBinaryOperator
	case *marked, *ast.FuncCallExpr, *ast.ParenthesesExpr, *driver.ValueExpr, *ast.CaseExpr, *ast.BinaryOperationExpr:
		return true
	}
	return false
}

// marked is a column reference that is written in marker form.
type marked struct {
	*ast.ColumnNameExpr
	column string
}

// Restore implements ast.Node.
func (m *marked) Restore(ctx *format.RestoreCtx) error {
	ctx.WritePlain(migrate.Row + mysqlx.Quote(m.column))
	return nil
}

// Accept implements ast.Node; a marked column has no children.
func (m *marked) Accept(ast.Visitor) (ast.Node, bool) { return m, true }

// resolver walks an expression, replaces its column references and stops at
// the first thing that may not be in it.
type resolver struct {
	over side
	// seen counts the references to each column, tests those that only test
	// it for NULL.
	seen, tests map[string]int
	references  int
	refused     *refusal
}

// Enter implements ast.Visitor.
func (v *resolver) Enter(n ast.Node) (ast.Node, bool) {
	if v.refused == nil {
		v.refused = checkNode(n)
	}
	return n, v.refused != nil
}

// Leave implements ast.Visitor.
func (v *resolver) Leave(n ast.Node) (ast.Node, bool) {
	if test, ok := n.(*ast.IsNullExpr); ok {
		if m, ok := test.Expr.(*marked); ok {
			v.tests[m.column]++
		}
	}
	if call, ok := n.(*ast.FuncCallExpr); ok && call.FnName.L == "insert_func" {
		call.FnName = ast.NewCIStr("INSERT") // the parser's name for it is its own
	}
	ref, ok := n.(*ast.ColumnNameExpr)
	if !ok || v.refused != nil {
		return n, v.refused == nil
	}
	name := ref.Name.Name.O
	column, r := v.column(ref.Name)
	if r != nil {
		v.refused = r
		return n, false
	}
	if strings.Contains(column, migrate.Row) {
		v.refused = refuse(CodeExpressionColumn, "rename the column first", "column %s has %q in its name, which marks columns", name, migrate.Row)
		return n, false
	}
	v.seen[column]++
	v.references++
	return &marked{ref, column}, true
}

// column returns the live spelling of a column reference.
func (v *resolver) column(n *ast.ColumnName) (string, *refusal) {
	if n.Schema.O != "" || n.Table.O != "" && !strings.EqualFold(n.Table.O, v.over.table) {
		return "", refuse(CodeExpressionColumn, "name columns of "+v.over.table+" only, without a table",
			"it names %s, a column of another table", n.OrigColName())
	}
	if why, bad := v.over.denied[n.Name.L]; bad {
		return "", refuse(CodeExpressionColumn, "name columns of the "+string(v.over.shape)+" shape only", "column %s %s", n.Name.O, why)
	}
	column, ok := v.over.columns[n.Name.L]
	if !ok {
		return "", refuse(CodeExpressionColumn, "its columns are "+strings.Join(sortedValues(v.over.columns), ", "),
			"there is no column %s in the %s shape, table %s", n.Name.O, v.over.shape, v.over.table)
	}
	return column, nil
}

// checkNode refuses what is no function of the row.
func checkNode(n ast.Node) *refusal {
	const onlyRow = "use columns of the row, literals and deterministic functions only"
	switch x := n.(type) {
	case *ast.FuncCallExpr:
		return checkFunction(x)
	case *driver.ValueExpr:
		return checkLiteral(x)
	case *ast.FuncCastExpr, *ast.ColumnName, *ast.ColumnNameExpr, *ast.BetweenExpr, *ast.BinaryOperationExpr,
		*ast.CaseExpr, *ast.WhenClause, *ast.PatternInExpr, *ast.IsNullExpr, *ast.IsTruthExpr,
		*ast.PatternLikeOrIlikeExpr, *ast.ParenthesesExpr, *ast.PatternRegexpExpr, *ast.RowExpr,
		*ast.UnaryOperationExpr, *ast.SetCollationExpr, *ast.TimeUnitExpr, *ast.TrimDirectionExpr,
		*ast.GetFormatSelectorExpr:
		return nil
	case *ast.AggregateFuncExpr, *ast.WindowFuncExpr:
		return refuse(CodeExpressionForm, onlyRow, "it has an aggregate or window function")
	case *ast.SubqueryExpr, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr:
		return refuse(CodeExpressionForm, onlyRow, "it has a subquery")
	case *ast.VariableExpr:
		return refuse(CodeExpressionForm, onlyRow, "it has the variable %s", x.Name)
	case *driver.ParamMarkerExpr:
		return refuse(CodeExpressionForm, onlyRow, "it has a parameter")
	}
	return refuse(CodeExpressionForm, onlyRow, "it has a part that an expression of a mapping may not have")
}

// checkLiteral refuses literals whose value depends on the session.
func checkLiteral(x *driver.ValueExpr) *refusal {
	s := ""
	if x.Kind() == driver.KindString {
		s = x.GetString()
	}
	if strings.Contains(s, migrate.Row) {
		return refuse(CodeExpressionForm, "write the text in two pieces with CONCAT", "a literal in it contains %q, which marks columns", migrate.Row)
	}
	if strings.Contains(s, `\`) {
		return refuse(CodeExpressionForm, "write CONVERT(x'5c' USING utf8mb4) for a backslash",
			"a literal in it contains a backslash, which means another text under sql_mode NO_BACKSLASH_ESCAPES")
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			return refuse(CodeExpressionForm, fmt.Sprintf("write CONVERT(x'%x' USING utf8mb4) for it", s),
				"the literal %q is not ASCII, and means another text on a connection with another character set", s)
		}
	}
	return nil
}
