package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// modified returns operations in which a CHANGE COLUMN that keeps the name is
// the MODIFY COLUMN that it stands for.
func modified(specs []*ast.AlterTableSpec) []*ast.AlterTableSpec {
	out := make([]*ast.AlterTableSpec, len(specs))
	for i, spec := range specs {
		out[i] = spec
		if spec.Tp == ast.AlterTableChangeColumn && spec.OldColumnName.Name.L == spec.NewColumns[0].Name.Name.L {
			same := *spec
			same.Tp, same.OldColumnName = ast.AlterTableModifyColumn, nil
			out[i] = &same
		}
	}
	return out
}

// joined returns operations in which columns that are added one after the other
// and need nothing but to be added are one operation: the server does it at once,
// and it is planned at once, however many they are.
func joined(specs []*ast.AlterTableSpec) []*ast.AlterTableSpec {
	var out []*ast.AlterTableSpec
	for _, spec := range specs {
		if n := len(out); n > 0 && simpleAdd(out[n-1]) && simpleAdd(spec) {
			all := *out[n-1]
			all.NewColumns = slices.Concat(all.NewColumns, spec.NewColumns)
			all.Position = &ast.ColumnPosition{Tp: ast.ColumnPositionNone}
			out[n-1] = &all
			continue
		}
		out = append(out, spec)
	}
	return out
}

// simpleAdd reports whether an operation adds columns at the end that every
// INSERT may leave out, and whose value in the rows that are there is a constant.
func simpleAdd(spec *ast.AlterTableSpec) bool {
	if spec.Tp != ast.AlterTableAddColumns || spec.IfNotExists || len(spec.NewConstraints) > 0 ||
		spec.Position != nil && spec.Position.Tp != ast.ColumnPositionNone {
		return false
	}
	return !slices.ContainsFunc(spec.NewColumns, func(c *ast.ColumnDef) bool {
		return required(c) || slices.ContainsFunc(c.Options, func(o *ast.ColumnOption) bool { return !simpleOption(o) })
	})
}

// simpleOption reports whether an option is one of a column that is simply added.
func simpleOption(o *ast.ColumnOption) bool {
	if o.Tp == ast.ColumnOptionDefaultValue {
		_, constant := o.Expr.(ast.ValueExpr)
		return constant
	}
	return slices.Contains([]ast.ColumnOptionType{ast.ColumnOptionNull, ast.ColumnOptionNotNull, ast.ColumnOptionComment, ast.ColumnOptionCollate}, o.Tp)
}

// retype derives a column of the new type beside the old one, both kept in
// step. nil is: the operation is no change of the type, or one that the server
// does without touching rows.
func (d *deriver) retype(ctx context.Context, table string, spec *ast.AlterTableSpec, at Scalar) ([]Derivation, error) {
	t, changed, err := d.retyped(ctx, table, []*ast.AlterTableSpec{spec}, at)
	if len(changed) == 0 || err != nil {
		return nil, err
	}
	was := changed[0]
	to := d.into(t.name + "." + was.Name)
	renamed := *spec.NewColumns[0]
	renamed.Name = &ast.ColumnName{Name: ast.NewCIStr(to)}
	definition, err := restore(&renamed)
	if err != nil {
		return nil, err
	}
	out, err := d.replaced(ctx, replacement{what: "retype", table: table, from: was.Name, to: to, definition: definition}, at)
	if err != nil {
		return nil, err
	}
	out[0].Why += "; " + command("ALTER TABLE %s RENAME COLUMN %s TO %s", t.name, to, was.Name) + " gives the name back afterwards, if it matters"
	return out, nil
}

// retyped returns the table and those of its columns of which operations change
// the type. What the server has against the operations is no finding yet: they
// may stand on others.
func (d *deriver) retyped(ctx context.Context, name string, specs []*ast.AlterTableSpec, at Scalar) (t *table, changed []column, err error) {
	modifies := func(s *ast.AlterTableSpec) bool { return s.Tp == ast.AlterTableModifyColumn }
	if !slices.ContainsFunc(specs, modifies) {
		return nil, nil, nil
	}
	t, err = readWhole(ctx, d.db, name)
	if errors.Is(err, errNoTable) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	list, err := specList(specs)
	if err != nil {
		return nil, nil, err
	}
	after, r, err := d.tried(ctx, t, at, list)
	if r != nil || err != nil {
		return t, nil, err
	}
	for _, spec := range slices.DeleteFunc(slices.Clone(specs), func(s *ast.AlterTableSpec) bool { return !modifies(s) }) {
		was, there := t.column(spec.NewColumns[0].Name.Name.O)
		is, kept := after.column(was.Name)
		if there && kept && retyped(was, is) && was.AutoIncrement == is.AutoIncrement && was.generated == is.generated {
			changed = append(changed, was)
		}
	}
	return t, changed, nil
}

// tried returns what operations make of a table, found out on a scratch table,
// or what the server has against them.
func (d *deriver) tried(ctx context.Context, t *table, at Scalar, specs string) (after *table, r *refusal, err error) {
	_, database, err := readServer(ctx, d.db)
	if err != nil {
		return nil, nil, err
	}
	err = withScratch(ctx, d.db, database, d.mapping("probe", t.name, t.name, at), func(s *scratch) error {
		if err := s.copySource(ctx); err != nil {
			return fmt.Errorf("copy the shape of %s to a scratch table: %w", t.name, explain(err))
		}
		sql := "ALTER TABLE " + mysqlx.Quote(s.source) + " " + specs
		if err := s.exec(ctx, "/* underpin plan */ "+sql); err != nil {
			words, ok := rejected(err)
			if !ok {
				return fmt.Errorf("try %q on a scratch table: %w", sql, explain(err))
			}
			r = refuse(CodeDDLRejected, "correct the statement", "%s", s.unscratch(words))
			return nil
		}
		after, err = readWhole(ctx, s.conn, s.source)
		return err
	})
	return after, r, err
}
