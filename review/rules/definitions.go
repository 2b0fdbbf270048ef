package rules

import (
	"iter"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"

	"github.com/underpin-db/underpin/review"
)

// columnDef is a column that a statement defines: in CREATE TABLE, or added,
// modified or changed by ALTER TABLE.
type columnDef struct {
	s     *review.Statement
	table string
	def   *ast.ColumnDef
	// typ is the type in lower case, without the display width of integers.
	typ string
}

func (c columnDef) name() string { return c.def.Name.Name.O }

// object is what a finding about the column is about.
func (c columnDef) object() string { return c.table + "." + c.name() }

// base returns the type without arguments and attributes.
func (c columnDef) base() string { return baseOf(c.typ) }

func baseOf(typ string) string {
	base, _, _ := strings.Cut(typ, "(")
	base, _, _ = strings.Cut(base, " ")
	return base
}

// option returns the first option of a kind.
func (c columnDef) option(tp ast.ColumnOptionType) (*ast.ColumnOption, bool) {
	i := slices.IndexFunc(c.def.Options, func(o *ast.ColumnOption) bool { return o.Tp == tp })
	if i < 0 {
		return nil, false
	}
	return c.def.Options[i], true
}

// has reports whether the column has an option of one of the kinds.
func (c columnDef) has(types ...ast.ColumnOptionType) bool {
	return slices.ContainsFunc(types, func(tp ast.ColumnOptionType) bool {
		_, found := c.option(tp)
		return found
	})
}

// where returns the place of the definition: the name and the type behind it,
// else a name that follows what columns follow.
func (c columnDef) where() review.Span {
	whole := c.s.Span()
	for _, words := range [][]string{{c.name(), c.base()}, {"COLUMN", c.name()}, {"ADD", c.name()}, {",", c.name()}, {"(", c.name()}} {
		if at := c.s.Where(words...); at != whole {
			return at
		}
	}
	return whole
}

// columnsDefined yields the columns that statements under review define.
func columnsDefined(p *review.Pass) iter.Seq[columnDef] {
	return func(yield func(columnDef) bool) {
		for s := range p.Statements() {
			for _, c := range columnsOf(s) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// columnsOf returns the columns that one statement defines.
func columnsOf(s *review.Statement) []columnDef {
	var out []columnDef
	add := func(table *ast.TableName, defs []*ast.ColumnDef) {
		for _, d := range defs {
			if d.Tp != nil && d.Tp.GetType() != mysql.TypeUnspecified {
				out = append(out, columnDef{s, table.Name.O, d, typeOf(d)})
			}
		}
	}
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		if n.TemporaryKeyword == ast.TemporaryNone {
			add(n.Table, n.Cols)
		}
	case *ast.AlterTableStmt:
		for _, spec := range n.Specs {
			switch spec.Tp {
			case ast.AlterTableAddColumns, ast.AlterTableModifyColumn, ast.AlterTableChangeColumn:
				add(n.Table, spec.NewColumns)
			}
		}
	}
	return out
}

// integers are the types whose number in parentheses is only for display.
var integers = []string{"tinyint", "smallint", "mediumint", "int", "bigint"}

// typeOf returns the type of a definition, without display width.
func typeOf(d *ast.ColumnDef) string { return withoutWidth(review.TypeText(d.Tp)) }

// withoutWidth takes the display width out of an integer's type.
func withoutWidth(typ string) string {
	base, rest, found := strings.Cut(typ, "(")
	if !found || !slices.Contains(integers, base) {
		return typ
	}
	_, attributes, _ := strings.Cut(rest, ")")
	return base + attributes
}

// listed reports whether a list of types has one, in full or by its base.
func listed(list []string, typ string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		return strings.EqualFold(l, typ) || strings.EqualFold(l, baseOf(typ))
	})
}

// columnRule is a rule over single columns that are defined: it returns what is
// wrong with one, or nothing.
func columnRule(advice string, wrong func(*review.Pass, columnDef) string) func(*review.Pass) {
	return func(p *review.Pass) {
		for c := range columnsDefined(p) {
			if message := wrong(p, c); message != "" {
				p.Report(c.s, review.Finding{Object: c.object(), Span: c.where(), Message: message, Advice: advice})
			}
		}
	}
}
