package rules

import (
	"iter"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// The kinds of names that a statement gives.
const (
	kindTable  = "table"
	kindColumn = "column"
	kindIndex  = "index"
)

// givenName is a name that a statement gives to something.
type givenName struct {
	s          *review.Statement
	kind, name string
}

// namesGiven yields the names that statements under review give.
func namesGiven(p *review.Pass) iter.Seq[givenName] {
	return func(yield func(givenName) bool) {
		for s := range p.Statements() {
			for _, n := range namesOf(s) {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// namesOf returns the names that one statement gives: those of new tables, of
// columns that are added or renamed, and of indexes that say their own.
func namesOf(s *review.Statement) []givenName {
	var out []givenName
	add := func(kind, name string) {
		if name != "" && name != "PRIMARY" {
			out = append(out, givenName{s, kind, name})
		}
	}
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		add(kindTable, n.Table.Name.O)
		for _, c := range n.Cols {
			add(kindColumn, c.Name.Name.O)
		}
		for _, c := range n.Constraints {
			add(kindIndex, c.Name)
		}
	case *ast.CreateIndexStmt:
		add(kindIndex, n.IndexName)
	case *ast.RenameTableStmt:
		for _, t := range n.TableToTables {
			add(kindTable, t.NewTable.Name.O)
		}
	case *ast.AlterTableStmt:
		for _, spec := range n.Specs {
			addAltered(spec, add)
		}
	}
	return out
}

// addAltered adds the names that a clause of ALTER TABLE gives.
func addAltered(spec *ast.AlterTableSpec, add func(kind, name string)) {
	switch spec.Tp {
	case ast.AlterTableAddColumns:
		for _, c := range spec.NewColumns {
			add(kindColumn, c.Name.Name.O)
		}
		for _, c := range spec.NewConstraints {
			add(kindIndex, c.Name)
		}
	case ast.AlterTableChangeColumn:
		if c := spec.NewColumns[0].Name.Name; c.L != spec.OldColumnName.Name.L {
			add(kindColumn, c.O)
		}
	case ast.AlterTableRenameColumn:
		add(kindColumn, spec.NewColumnName.Name.O)
	case ast.AlterTableRenameTable:
		add(kindTable, spec.NewTable.Name.O)
	case ast.AlterTableRenameIndex:
		add(kindIndex, spec.ToKey.O)
	case ast.AlterTableAddConstraint:
		add(kindIndex, spec.Constraint.Name)
	}
}
