package ddl

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// restoreFlags make the text of an expression the same however it is spelt.
const restoreFlags = format.RestoreStringSingleQuotes |
	format.RestoreKeyWordLowercase |
	format.RestoreNameLowercase |
	format.RestoreNameBackQuotes |
	format.RestoreStringWithoutDefaultCharset

// restore writes a node back as text, for comparing and for messages only:
// what is executed is the author's text.
func restore(n ast.Node) string {
	var b strings.Builder
	if err := n.Restore(format.NewRestoreCtx(restoreFlags, &b)); err != nil {
		return fmt.Sprintf("%T", n)
	}
	return b.String()
}

// definition reads a column's definition. Keys in it are left to the caller.
func (r *reader) definition(def *ast.ColumnDef) *Column {
	c := &Column{
		Name: def.Name.Name.O, Type: typeText(def.Tp), Nullable: true,
		Charset: normalCharset(def.Tp.GetCharset()), Collation: normalCollation(def.Tp.GetCollate()),
	}
	for _, m := range r.marks {
		if m.clause != r.clause || !strings.EqualFold(m.column, c.Name) {
			continue
		}
		switch m.kind {
		case markType:
			c.Type = strings.ToLower(m.word)
		case markVisibility:
			c.Invisible = m.word == "INVISIBLE"
		}
	}
	for _, o := range def.Options {
		r.option(c, o)
	}
	return c
}

// typeText returns a type in full, without character set.
func typeText(ft *types.FieldType) string {
	text := ft.CompactStr()
	if mysql.HasUnsignedFlag(ft.GetFlag()) {
		text += " unsigned"
	}
	if mysql.HasZerofillFlag(ft.GetFlag()) {
		text += " zerofill"
	}
	return text
}

// option reads one option of a column's definition.
func (r *reader) option(c *Column, o *ast.ColumnOption) {
	switch o.Tp {
	case ast.ColumnOptionNotNull:
		c.Nullable = false
	case ast.ColumnOptionPrimaryKey:
		c.Nullable = false
	case ast.ColumnOptionNull:
		c.Nullable = true
	case ast.ColumnOptionAutoIncrement:
		c.AutoIncrement = true
		c.Nullable = false
	case ast.ColumnOptionDefaultValue:
		c.Default, c.Computed = defaultOf(o.Expr)
		c.HasDefault = c.Default != "null"
	case ast.ColumnOptionOnUpdate:
		c.OnUpdate = true
	case ast.ColumnOptionComment:
		c.Comment = constant(o.Expr)
	case ast.ColumnOptionCollate:
		c.Collation = normalCollation(o.StrValue)
	case ast.ColumnOptionGenerated:
		c.Generation, c.Expression = Virtual, plainExpression(restore(o.Expr))
		if o.Stored {
			c.Generation = Stored
		}
	case ast.ColumnOptionUniqKey, ast.ColumnOptionCheck:
	case ast.ColumnOptionReference:
		r.refuse("write ADD FOREIGN KEY", "column %s has REFERENCES, which some servers skip without a word", c.Name)
	default:
		r.refuse("leave it out", "column %s has an option that is not handled", c.Name)
	}
}

// constant returns the text of a constant without its quotes.
func constant(e ast.ExprNode) string {
	if v, ok := e.(ast.ValueExpr); ok {
		return v.GetString()
	}
	return restore(e)
}

// defaultOf returns the text of a default and whether an expression has to be
// evaluated for it: CURRENT_TIMESTAMP is the same for every row.
func defaultOf(e ast.ExprNode) (text string, computed bool) {
	text = strings.ToLower(restore(e))
	switch e := e.(type) {
	case ast.ValueExpr:
		return text, false
	case *ast.UnaryOperationExpr: // a negative number
		_, constant := e.V.(ast.ValueExpr)
		return text, !constant
	case *ast.FuncCallExpr:
		return text, e.FnName.L != "current_timestamp" && e.FnName.L != "now"
	}
	return text, true
}
