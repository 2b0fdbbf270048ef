package rules

import (
	"iter"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

// What the rules about running code (RS1xx) have in common.

// liveSpecs yields the clauses of the given types that alter a table which
// running code may know.
func liveSpecs(p *review.Pass, types ...ast.AlterTableType) iter.Seq2[*review.Statement, *ast.AlterTableSpec] {
	return func(yield func(*review.Statement, *ast.AlterTableSpec) bool) {
		for s, spec := range p.Specs(types...) {
			if !s.New(s.Tables()[0]) && !yield(s, spec) {
				return
			}
		}
	}
}

// inSet is a name within one set of changes, in lower case.
type inSet struct {
	set  int
	name string
}

func within(s *review.Statement, name string) inSet {
	return inSet{s.Migration.Set, strings.ToLower(name)}
}

// dot names a column of a table.
func dot(table, column string) string { return table + "." + column }

// place returns where a name stands behind one of the phrases, the first that
// is there; else where the name stands; else the whole statement.
func place(s *review.Statement, name string, phrases ...string) review.Span {
	for _, phrase := range append(phrases, "") {
		if at, found := s.Find(append(strings.Fields(phrase), name)...); found {
			return at
		}
	}
	return s.Span()
}

// planned returns the fix that carries a clause through the phases of a change
// instead.
func planned(p *review.Pass, object, table string, spec *ast.AlterTableSpec) review.Fix {
	return p.PlanDDL(object, "ALTER TABLE "+mysqlx.Quote(table)+" "+review.Restore(spec))
}

// bySize is the severity of what fails or waits the longer the larger the table
// is, and is never less than a warning.
func bySize(p *review.Pass, s *review.Statement) review.Severity {
	if v := p.BySize(p.Size(s, s.Tables()[0])); v != review.Note {
		return v
	}
	return review.Warning
}

// costOf returns what a statement costs; nil where that is not known.
func costOf(p *review.Pass, s *review.Statement) *review.Cost {
	cost, err := p.Cost(s)
	if err != nil {
		return nil
	}
	return cost
}

// hasOption reports whether a column's definition has an option.
func hasOption(def *ast.ColumnDef, types ...ast.ColumnOptionType) bool {
	return slices.ContainsFunc(def.Options, func(o *ast.ColumnOption) bool { return slices.Contains(types, o.Tp) })
}

// addedColumns returns the definitions of the columns that an ALTER TABLE adds.
func addedColumns(n ast.StmtNode) []*ast.ColumnDef {
	alter, ok := n.(*ast.AlterTableStmt)
	if !ok {
		return nil
	}
	var out []*ast.ColumnDef
	for _, spec := range alter.Specs {
		if spec.Tp == ast.AlterTableAddColumns {
			out = append(out, spec.NewColumns...)
		}
	}
	return out
}

// specsOf returns the clauses of an ALTER TABLE of the given types.
func specsOf(n ast.StmtNode, types ...ast.AlterTableType) []*ast.AlterTableSpec {
	alter, ok := n.(*ast.AlterTableStmt)
	if !ok {
		return nil
	}
	var out []*ast.AlterTableSpec
	for _, spec := range alter.Specs {
		if slices.Contains(types, spec.Tp) {
			out = append(out, spec)
		}
	}
	return out
}

// newColumn is a column that running code does not know: its definition, where
// the same statement adds it, or what is known of it.
func newColumn(s *review.Statement, table, name string) (c ddl.Column, ok bool) {
	for _, def := range addedColumns(s.Node) {
		if strings.EqualFold(def.Name.Name.O, name) {
			return ddl.Column{
				Name: name, Type: review.TypeText(def.Tp),
				Nullable:      !hasOption(def, ast.ColumnOptionNotNull, ast.ColumnOptionPrimaryKey, ast.ColumnOptionAutoIncrement),
				HasDefault:    hasOption(def, ast.ColumnOptionDefaultValue),
				AutoIncrement: hasOption(def, ast.ColumnOptionAutoIncrement),
			}, true
		}
	}
	if s.NewColumn(table, name) {
		return s.Table(table).Column(name)
	}
	return c, false
}

// allNew reports whether columns are NULL in every row, and in every one that
// running code writes: they are new and have no default.
func allNew(s *review.Statement, table string, columns []string) bool {
	return len(columns) > 0 && !slices.ContainsFunc(columns, func(name string) bool {
		c, isNew := newColumn(s, table, name)
		return !isNew || !c.Nullable || c.HasDefault
	})
}

// partNames returns the columns of an index's definition; an expression is
// an empty name.
func partNames(parts []*ast.IndexPartSpecification) []string {
	out := make([]string, len(parts))
	for i, part := range parts {
		if part.Column != nil {
			out[i] = part.Column.Name.O
		}
	}
	return out
}

// hasFold reports whether a list holds a name, in any case.
func hasFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// columnsIn returns the columns that an expression names.
func columnsIn(n ast.Node) []string {
	var out []string
	review.Walk(n, func(n ast.Node) bool {
		if c, ok := n.(*ast.ColumnName); ok && !hasFold(out, c.Name.O) {
			out = append(out, c.Name.O)
		}
		return true
	})
	return out
}

// quoteText writes a text as a string of SQL.
func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(text) + "'"
}
