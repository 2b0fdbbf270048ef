package rules

import (
	"iter"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// indexDef is an index that a statement defines: in CREATE TABLE, ALTER TABLE or
// CREATE INDEX.
type indexDef struct {
	s     *review.Statement
	table string
	// name is PRIMARY for the primary key; an index without a name has that
	// of its first column, as the servers name it.
	name          string
	unique, words bool // words: FULLTEXT
	columns       []string
	parts         []*ast.IndexPartSpecification
	structure     string // what USING says, in upper case; empty where it says nothing
}

func (x indexDef) primary() bool { return x.name == "PRIMARY" }

func (x indexDef) object() string { return x.table + "." + x.name }

// where returns the place of the definition.
func (x indexDef) where() review.Span {
	whole := x.s.Span()
	tries := [][]string{{"KEY", x.name}, {"INDEX", x.name}, {"CONSTRAINT", x.name}, {"PRIMARY", "KEY"}}
	if len(x.columns) > 0 {
		tries = append(tries, []string{"KEY", "(", x.columns[0]}, []string{"INDEX", "(", x.columns[0]}, []string{x.columns[0]})
	}
	for _, words := range tries {
		if words[0] == "PRIMARY" && !x.primary() {
			continue
		}
		if at := x.s.Where(words...); at != whole {
			return at
		}
	}
	return whole
}

// indexesDefined yields the indexes that statements under review define.
func indexesDefined(p *review.Pass) iter.Seq[indexDef] {
	return func(yield func(indexDef) bool) {
		for s := range p.Statements() {
			for _, x := range indexesOf(s) {
				if !yield(x) {
					return
				}
			}
		}
	}
}

// indexesOf returns the indexes that one statement defines.
func indexesOf(s *review.Statement) []indexDef {
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		if n.TemporaryKeyword != ast.TemporaryNone {
			return nil
		}
		return append(inlineIndexes(s, n.Table.Name.O, n.Cols), constraintIndexes(s, n.Table.Name.O, n.Constraints)...)
	case *ast.AlterTableStmt:
		var out []indexDef
		for _, spec := range n.Specs {
			switch spec.Tp {
			case ast.AlterTableAddColumns, ast.AlterTableModifyColumn, ast.AlterTableChangeColumn:
				out = append(out, inlineIndexes(s, n.Table.Name.O, spec.NewColumns)...)
				out = append(out, constraintIndexes(s, n.Table.Name.O, spec.NewConstraints)...)
			case ast.AlterTableAddConstraint:
				out = append(out, constraintIndexes(s, n.Table.Name.O, []*ast.Constraint{spec.Constraint})...)
			}
		}
		return out
	case *ast.CreateIndexStmt:
		x := indexDef{
			s: s, table: n.Table.Name.O, name: n.IndexName, parts: n.IndexPartSpecifications,
			unique: n.KeyType == ast.IndexKeyTypeUnique, words: n.KeyType == ast.IndexKeyTypeFulltext,
		}
		return []indexDef{x.with(n.IndexOption)}
	}
	return nil
}

// inlineIndexes returns the keys that stand in the definitions of columns.
func inlineIndexes(s *review.Statement, table string, defs []*ast.ColumnDef) []indexDef {
	var out []indexDef
	for _, d := range defs {
		for _, o := range d.Options {
			x := indexDef{s: s, table: table, name: d.Name.Name.O, unique: true, columns: []string{d.Name.Name.O}}
			switch o.Tp {
			case ast.ColumnOptionPrimaryKey:
				x.name = "PRIMARY"
				out = append(out, x)
			case ast.ColumnOptionUniqKey:
				out = append(out, x)
			}
		}
	}
	return out
}

// constraintIndexes returns the indexes among constraints.
func constraintIndexes(s *review.Statement, table string, list []*ast.Constraint) []indexDef {
	var out []indexDef
	for _, c := range list {
		x := indexDef{s: s, table: table, name: c.Name, parts: c.Keys}
		switch c.Tp {
		case ast.ConstraintPrimaryKey:
			x.name, x.unique = "PRIMARY", true
		case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
			x.unique = true
		case ast.ConstraintFulltext:
			x.words = true
		case ast.ConstraintKey, ast.ConstraintIndex:
		default:
			continue
		}
		out = append(out, x.with(c.Option))
	}
	return out
}

// with fills in the columns and what the index's options say.
func (x indexDef) with(o *ast.IndexOption) indexDef {
	for _, part := range x.parts {
		name := ""
		if part.Column != nil {
			name = part.Column.Name.O
		}
		x.columns = append(x.columns, name)
	}
	if x.name == "" && len(x.columns) > 0 {
		x.name = x.columns[0]
	}
	if o != nil {
		x.structure = strings.ToUpper(o.Tp.String())
	}
	return x
}

// indexRule is a rule over single indexes that are defined: it returns what is
// wrong with one, or nothing.
func indexRule(advice string, wrong func(*review.Pass, indexDef) string) func(*review.Pass) {
	return func(p *review.Pass) {
		for x := range indexesDefined(p) {
			if message := wrong(p, x); message != "" {
				p.Report(x.s, review.Finding{Object: x.object(), Span: x.where(), Message: message, Advice: advice})
			}
		}
	}
}

// columnType returns the type of a column of the table as the statement leaves
// it; empty where it is not known.
func columnType(s *review.Statement, table, column string) string {
	for _, c := range columnsOf(s) {
		if strings.EqualFold(c.name(), column) && strings.EqualFold(c.table, table) {
			return c.typ
		}
	}
	c, _ := s.Table(table).Column(column)
	return withoutWidth(c.Type)
}

// begins reports whether a list of columns begins with another.
func begins(columns, prefix []string) bool {
	if len(prefix) > len(columns) {
		return false
	}
	for i, c := range prefix {
		if c == "" || !strings.EqualFold(c, columns[i]) {
			return false
		}
	}
	return true
}
