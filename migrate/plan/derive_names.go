package plan

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/types"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// nameUnnamed gives indexes and constraints that have no name the one that the
// server would, or one as MySQL makes them: an index is called as its first column,
// a foreign key table_ibfk_1 and a check table_chk_1, each with the next number that
// is free. So a change file says what is going to be there, and every look at the
// server finds it.
func (d *deriver) nameUnnamed(ctx context.Context, name string, specs []*ast.AlterTableSpec) error {
	n := namer{given: map[string]bool{}}
	for _, spec := range specs {
		k := spec.Constraint
		if spec.Tp != ast.AlterTableAddConstraint || k.Name != "" || k.Tp == ast.ConstraintPrimaryKey {
			continue
		}
		if n.table == nil {
			var err error
			if n.table, err = readWhole(ctx, d.db, name); err != nil && !errors.Is(err, errNoTable) {
				return err
			}
			if n.table == nil { // an earlier statement makes it, or it is missing
				n.table = &table{name: name}
			}
		}
		k.Name = n.nameOf(k)
		n.given[strings.ToLower(k.Name)] = true
	}
	return nil
}

// namer gives names that the table does not have yet.
type namer struct {
	table *table
	given map[string]bool // in lower case
}

func (n namer) nameOf(k *ast.Constraint) string {
	switch k.Tp {
	case ast.ConstraintForeignKey:
		return n.numbered(n.table.name+"_ibfk_", 1, func(name string) bool { _, there := n.table.foreignKey(name); return there })
	case ast.ConstraintCheck:
		create := strings.ToLower(n.table.create)
		return n.numbered(n.table.name+"_chk_", 1, func(name string) bool {
			return strings.Contains(create, "constraint "+strings.ToLower(mysqlx.Quote(name)))
		})
	}
	first := "functional_index"
	if len(k.Keys) > 0 && k.Keys[0].Column != nil {
		first = k.Keys[0].Column.Name.O
	}
	taken := func(name string) bool { _, there := n.table.index(name); return there }
	if !taken(first) && !n.given[strings.ToLower(first)] && !strings.EqualFold(first, "PRIMARY") {
		return first
	}
	return n.numbered(first+"_", 2, taken)
}

// numbered returns the first free name with a number behind the prefix.
func (n namer) numbered(prefix string, from int, taken func(string) bool) string {
	for i := from; ; i++ {
		number := strconv.Itoa(i)
		stem := []rune(prefix)
		name := string(stem[:min(len(stem), 64-len(number))]) + number
		if !taken(name) && !n.given[strings.ToLower(name)] {
			return name
		}
	}
}

// unbundled takes UNIQUE and CHECK out of the definitions of columns that are added,
// as operations of their own: the column is nothing to running code, and they are.
func unbundled(specs []*ast.AlterTableSpec) []*ast.AlterTableSpec {
	var out []*ast.AlterTableSpec
	for _, spec := range specs {
		out = append(out, spec)
		if spec.Tp != ast.AlterTableAddColumns {
			continue
		}
		own := *spec
		own.NewColumns = slices.Clone(spec.NewColumns)
		out[len(out)-1] = &own
		for i, c := range own.NewColumns {
			column := *c
			column.Options = nil
			own.NewColumns[i] = &column
			for _, o := range c.Options {
				if k := constraintOf(c, o); k != nil {
					out = append(out, &ast.AlterTableSpec{Tp: ast.AlterTableAddConstraint, Constraint: k})
				} else {
					column.Options = append(column.Options, o)
				}
			}
		}
	}
	return out
}

// constraintOf returns the constraint of the table that an option of a column
// stands for; nil for any other option.
func constraintOf(c *ast.ColumnDef, o *ast.ColumnOption) *ast.Constraint {
	switch o.Tp {
	case ast.ColumnOptionUniqKey:
		return &ast.Constraint{Tp: ast.ConstraintUniq, Keys: []*ast.IndexPartSpecification{{Column: c.Name, Length: types.UnspecifiedLength}}}
	case ast.ColumnOptionCheck:
		return &ast.Constraint{Tp: ast.ConstraintCheck, Name: o.ConstraintName, Expr: o.Expr, Enforced: o.Enforced}
	}
	return nil
}
