package review

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/types"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// columnOf returns a column as CREATE TABLE defines it, in the terms of
// package ddl. Character sets that it leaves open are those of the table.
func columnOf(def *ast.ColumnDef, t *ddl.Table) ddl.Column {
	c := ddl.Column{
		Name: def.Name.Name.O, Type: TypeText(def.Tp), Nullable: true,
		Charset: charsetName(def.Tp.GetCharset()), Collation: collationName(def.Tp.GetCollate()),
	}
	for _, o := range def.Options {
		option := columnOptions[o.Tp]
		if option != nil {
			option(&c, o)
		}
	}
	switch {
	case def.Tp.EvalType() != types.ETString || c.Charset == "binary":
		c.Charset, c.Collation = "", ""
		return c
	case c.Charset == "" && c.Collation != "":
		c.Charset, _, _ = strings.Cut(c.Collation, "_")
	case c.Charset == "":
		c.Charset, c.Collation = t.Charset, t.Collation
	}
	if c.Collation == "" {
		c.Collation = t.DefaultCollations[c.Charset]
	}
	return c
}

// columnOptions are the options of a column that a table remembers.
var columnOptions = map[ast.ColumnOptionType]func(*ddl.Column, *ast.ColumnOption){
	ast.ColumnOptionNotNull:    func(c *ddl.Column, _ *ast.ColumnOption) { c.Nullable = false },
	ast.ColumnOptionPrimaryKey: func(c *ddl.Column, _ *ast.ColumnOption) { c.Nullable = false },
	ast.ColumnOptionNull:       func(c *ddl.Column, _ *ast.ColumnOption) { c.Nullable = true },
	ast.ColumnOptionAutoIncrement: func(c *ddl.Column, _ *ast.ColumnOption) {
		c.AutoIncrement, c.Nullable = true, false
	},
	ast.ColumnOptionDefaultValue: func(c *ddl.Column, o *ast.ColumnOption) {
		c.Default = Restore(o.Expr)
		c.HasDefault = !strings.EqualFold(c.Default, "null")
	},
	ast.ColumnOptionOnUpdate: func(c *ddl.Column, _ *ast.ColumnOption) { c.OnUpdate = true },
	ast.ColumnOptionComment:  func(c *ddl.Column, o *ast.ColumnOption) { c.Comment = stringOf(o.Expr) },
	ast.ColumnOptionCollate:  func(c *ddl.Column, o *ast.ColumnOption) { c.Collation = collationName(o.StrValue) },
	ast.ColumnOptionGenerated: func(c *ddl.Column, o *ast.ColumnOption) {
		c.Generation, c.Expression = ddl.Virtual, Restore(o.Expr)
		if o.Stored {
			c.Generation = ddl.Stored
		}
	},
}

// stringOf returns a string literal's text, else the expression's.
func stringOf(e ast.ExprNode) string {
	if v, ok := e.(ast.ValueExpr); ok {
		return v.GetString()
	}
	return Restore(e)
}

// TypeText returns a type as package ddl spells it, in lower case and without
// character set: varchar(20), int(10) unsigned. An integer that names no width
// has the one that it has by default.
func TypeText(ft *types.FieldType) string {
	text := ft.CompactStr()
	if mysql.HasUnsignedFlag(ft.GetFlag()) {
		text += " unsigned"
	}
	if mysql.HasZerofillFlag(ft.GetFlag()) {
		text += " zerofill"
	}
	return text
}

// Restore writes a node of the parser's back as text, for messages and for
// comparing. What an author wrote is in [Statement.Text].
func Restore(n ast.Node) string {
	const flags = format.RestoreStringSingleQuotes | format.RestoreKeyWordUppercase |
		format.RestoreNameBackQuotes | format.RestoreStringEscapeBackslash | format.RestoreStringWithoutDefaultCharset
	var b strings.Builder
	if err := n.Restore(format.NewRestoreCtx(flags, &b)); err != nil {
		return ""
	}
	return b.String()
}

// charsetName and collationName give the one name of what has two.
func charsetName(name string) string {
	if name = strings.ToLower(name); name == "utf8" {
		return "utf8mb3"
	}
	return name
}

func collationName(name string) string {
	name = strings.ToLower(name)
	if rest, found := strings.CutPrefix(name, "utf8_"); found {
		return "utf8mb3_" + rest
	}
	return name
}
