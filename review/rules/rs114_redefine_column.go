package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func redefineColumn() review.Rule {
	return review.Rule{
		Code: "RS114", Name: "redefine-column", Category: review.Breaks, Severity: review.Warning,
		Summary: "a column loses attributes that a MODIFY or CHANGE does not repeat",
		Check:   checkRedefineColumn,
	}
}

func checkRedefineColumn(p *review.Pass) {
	for r := range redefinitions(p) {
		lost := r.lost()
		if len(lost) == 0 {
			continue
		}
		f := review.Finding{
			Object:  r.object(),
			Span:    r.at(),
			Message: fmt.Sprintf("column %s is defined anew without %s, which it has now", r.object(), strings.Join(lost, ", ")),
			Advice:  "repeat every attribute that is to stay, as SHOW CREATE TABLE has it; say NULL or DEFAULT NULL where one is to go",
		}
		if alter := r.Node.(*ast.AlterTableStmt); len(alter.Specs) == 1 && (r.spec.Position == nil || r.spec.Position.Tp == ast.ColumnPositionNone) { //nolint:forcetypeassert // its clause is what r is
			f.Fixes = []review.Fix{{
				Description: "repeat them",
				Edits:       []review.Edit{r.Insert(r.Span().End, " "+strings.Join(lost, " "))},
			}}
		}
		p.Report(r.Statement, f)
	}
}

// lost returns the attributes that the column has and its new definition does
// not mention, as they are to be written.
func (r redefinition) lost() []string {
	var out []string
	if r.was.Generation != ddl.Plain {
		return nil // another expression, or none, is a change that was meant
	}
	if _, said := r.option(ast.ColumnOptionNull); !said && !r.was.Nullable && r.nullable() {
		out = append(out, "NOT NULL")
	}
	if _, said := r.option(ast.ColumnOptionDefaultValue); !said && r.was.HasDefault {
		out = append(out, "DEFAULT "+defaultSQL(r.was))
	}
	for _, a := range attributes {
		if _, said := r.option(a.option); !said && a.has(r.was) {
			out = append(out, a.text(r.was))
		}
	}
	table := r.Table(r.table)
	if r.was.Collation != "" && table.Collation != "" && r.was.Collation != table.Collation && r.def.Tp.GetCharset() == "" &&
		r.def.Tp.GetCollate() == "" && !hasOption(r.def, ast.ColumnOptionCollate) {
		out = append(out, "COLLATE "+r.was.Collation)
	}
	return out
}

// attributes are those that a column has or has not.
var attributes = []struct {
	option ast.ColumnOptionType
	has    func(ddl.Column) bool
	text   func(ddl.Column) string
}{
	{ast.ColumnOptionAutoIncrement, func(c ddl.Column) bool { return c.AutoIncrement }, func(ddl.Column) string { return "AUTO_INCREMENT" }},
	{ast.ColumnOptionOnUpdate, func(c ddl.Column) bool { return c.OnUpdate }, func(ddl.Column) string { return "ON UPDATE CURRENT_TIMESTAMP" }},
	{ast.ColumnOptionComment, func(c ddl.Column) bool { return c.Comment != "" }, func(c ddl.Column) string { return "COMMENT " + quoteText(c.Comment) }},
}

// defaultSQL is a default as it is written: MySQL says what it is without
// quotes.
func defaultSQL(c ddl.Column) string {
	text := c.Default
	if strings.HasPrefix(text, "'") || strings.Contains(text, "(") || defaultText(text) == "current_timestamp" || isNumber(text) {
		return text
	}
	return quoteText(text)
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "-.0123456789") == ""
}
