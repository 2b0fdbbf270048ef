package rules

import (
	"iter"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

// uniqueness is a unique index that a live table gets.
type uniqueness struct {
	indexDef
	// replaces is whether it takes the place of an index over the same columns
	// that was not unique.
	replaces bool
}

// uniques yields the unique indexes that may meet rows or code which do not fit.
// It leaves out one over columns that are unique already, and one with a column
// that is NULL in every row.
func uniques(p *review.Pass) iter.Seq[uniqueness] {
	return func(yield func(uniqueness) bool) {
		gone := map[inSet][]ddl.Index{}
		for s := range p.Statements() {
			added := uniquesOf(s)
			for _, index := range droppedOf(s) {
				at := within(s, s.Tables()[0])
				gone[at] = append(gone[at], index)
			}
			for _, u := range added {
				if s.New(u.table) || u.fits() {
					continue
				}
				u.replaces = slices.ContainsFunc(gone[within(s, u.table)], u.sameAs)
				if !yield(u) {
					return
				}
			}
		}
	}
}

// uniquesOf returns the unique indexes that a statement gives a table that is
// there.
func uniquesOf(s *review.Statement) []uniqueness {
	var out []uniqueness
	for _, x := range indexesOf(s) {
		if _, creates := s.Node.(*ast.CreateTableStmt); x.unique && !x.primary() && !creates {
			out = append(out, uniqueness{indexDef: x})
		}
	}
	return out
}

// constraintsOf returns the keys and constraints that a clause adds.
func constraintsOf(spec *ast.AlterTableSpec) []*ast.Constraint {
	switch spec.Tp {
	case ast.AlterTableAddConstraint:
		return []*ast.Constraint{spec.Constraint}
	case ast.AlterTableAddColumns:
		return spec.NewConstraints
	}
	return nil
}

// droppedOf returns the indexes that a statement drops, with their columns where
// the table is known.
func droppedOf(s *review.Statement) []ddl.Index {
	var out []ddl.Index
	for _, name := range droppedIndexes(s.Node) {
		index := ddl.Index{Name: name}
		for _, known := range s.Table(s.Tables()[0]).Indexes {
			if strings.EqualFold(known.Name, name) {
				index = known
			}
		}
		out = append(out, index)
	}
	return out
}

// sameAs reports whether an index has the columns of the unique one; where its
// columns are not known, whether it has its name.
func (u uniqueness) sameAs(index ddl.Index) bool {
	if index.Columns == nil {
		return strings.EqualFold(index.Name, u.name)
	}
	return !index.Unique && slices.EqualFunc(index.Columns, u.columns, strings.EqualFold)
}

// fits reports whether no row that is there can be in the way, and no row that
// running code writes.
func (u uniqueness) fits() bool {
	for _, column := range u.columns {
		if c, isNew := newColumn(u.s, u.table, column); isNew && (c.AutoIncrement || c.Nullable && !c.HasDefault) {
			return true
		}
	}
	for _, index := range u.s.Table(u.table).Indexes {
		within := index.Unique && !slices.ContainsFunc(index.Columns, func(c string) bool { return c == "" || !hasFold(u.columns, c) })
		if within {
			return true
		}
	}
	return false
}
