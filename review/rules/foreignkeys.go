package rules

import (
	"iter"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// foreignKeyDef is a foreign key that a statement defines.
type foreignKeyDef struct {
	s                      *review.Statement
	table, parent          string
	columns, parentColumns []string
}

// where returns the place of the reference.
func (k foreignKeyDef) where() review.Span { return k.s.Where("REFERENCES", k.parent) }

// foreignKeysDefined yields the foreign keys that statements under review
// define.
func foreignKeysDefined(p *review.Pass) iter.Seq[foreignKeyDef] {
	return func(yield func(foreignKeyDef) bool) {
		for s := range p.Statements() {
			for _, k := range foreignKeysOf(s) {
				if !yield(k) {
					return
				}
			}
		}
	}
}

// foreignKeysOf returns the foreign keys that one statement defines.
func foreignKeysOf(s *review.Statement) []foreignKeyDef {
	var out []foreignKeyDef
	add := func(table string, list ...*ast.Constraint) {
		for _, c := range list {
			if c.Tp == ast.ConstraintForeignKey && c.Refer != nil && c.Refer.Table != nil {
				out = append(out, foreignKeyDef{
					s: s, table: table, parent: c.Refer.Table.Name.O,
					columns: partNames(c.Keys), parentColumns: partNames(c.Refer.IndexPartSpecifications),
				})
			}
		}
	}
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		add(n.Table.Name.O, n.Constraints...)
	case *ast.AlterTableStmt:
		for _, spec := range n.Specs {
			switch spec.Tp {
			case ast.AlterTableAddConstraint:
				add(n.Table.Name.O, spec.Constraint)
			case ast.AlterTableAddColumns:
				add(n.Table.Name.O, spec.NewConstraints...)
			}
		}
	}
	return out
}

// parentKey returns the table that a column named TABLE_id refers to by its
// name, in the singular or the plural, and the type of that table's key of one
// column. Both are empty where no such table is known.
func parentKey(p *review.Pass, column string) (table, keyType string) {
	stem, found := strings.CutSuffix(strings.ToLower(column), "_id")
	if !found || stem == "" {
		return "", ""
	}
	for _, name := range []string{stem, stem + "s", stem + "es"} {
		t := p.After(name)
		for _, x := range t.Indexes {
			if x.Name == "PRIMARY" && len(x.Columns) == 1 {
				key, _ := t.Column(x.Columns[0])
				return t.Name, withoutWidth(key.Type)
			}
		}
	}
	return "", ""
}
