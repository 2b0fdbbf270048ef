package ddl

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// alter reads an ALTER TABLE clause by clause.
func (r *reader) alter(s *ast.AlterTableStmt) {
	if len(s.Specs) == 0 {
		r.refuse("say what to change", "it changes nothing")
	}
	for i, spec := range s.Specs {
		r.clause = i
		r.live(spec.IfExists || spec.IfNotExists)
		r.spec(spec)
	}
	r.pairPrimaryKey()
}

// pairPrimaryKey makes one operation of a primary key that is dropped and
// added in one statement, which costs less than dropping it.
func (r *reader) pairPrimaryKey() {
	ops := r.statement.operations
	is := func(k Kind) func(Operation) bool { return func(o Operation) bool { return o.Kind == k } }
	if !slices.ContainsFunc(ops, is(DropPrimaryKey)) || !slices.ContainsFunc(ops, is(AddPrimaryKey)) {
		return
	}
	ops = slices.DeleteFunc(ops, is(AddPrimaryKey))
	ops[slices.IndexFunc(ops, is(DropPrimaryKey))].Kind = ChangePrimaryKey
	r.statement.operations = ops
}

// simple are the clauses that say everything by their kind.
var simple = map[ast.AlterTableType]Kind{
	ast.AlterTableDropPrimaryKey:      DropPrimaryKey,
	ast.AlterTableForce:               Rebuild,
	ast.AlterTableOrderByColumns:      SortRows,
	ast.AlterTableDropPartition:       DropPartition,
	ast.AlterTableTruncatePartition:   TruncatePartition,
	ast.AlterTableReorganizePartition: ReorganizePartition,
	ast.AlterTableCoalescePartitions:  CoalescePartition,
	ast.AlterTableRebuildPartition:    RebuildPartition,
	ast.AlterTableExchangePartition:   ExchangePartition,
	ast.AlterTablePartition:           PartitionTable,
	ast.AlterTableRemovePartitioning:  RemovePartitioning,
	ast.AlterTableAddPartitions:       AddPartitions,
}

// spec reads one clause.
func (r *reader) spec(s *ast.AlterTableSpec) {
	switch s.Tp {
	case ast.AlterTableAddColumns:
		for _, c := range s.NewColumns {
			r.addColumn(c, s.Position)
		}
		for _, c := range s.NewConstraints {
			r.constraint(c)
		}
	case ast.AlterTableAddConstraint:
		r.constraint(s.Constraint)
	case ast.AlterTableDropColumn:
		r.add(Operation{Kind: DropColumn, Name: s.OldColumnName.Name.O})
	case ast.AlterTableDropIndex:
		r.dropIndex(s.Name)
	case ast.AlterTableDropForeignKey:
		r.add(Operation{Kind: DropForeignKey, Name: s.Name})
	case ast.AlterTableModifyColumn:
		r.modify(s.NewColumns[0], s.NewColumns[0].Name.Name.O, s.Position)
	case ast.AlterTableChangeColumn:
		r.modify(s.NewColumns[0], s.OldColumnName.Name.O, s.Position)
	case ast.AlterTableRenameColumn:
		r.add(Operation{Kind: RenameColumn, Name: s.OldColumnName.Name.O, To: s.NewColumnName.Name.O})
	case ast.AlterTableRenameTable:
		r.here(s.NewTable)
		r.add(Operation{Kind: RenameByAlter, Name: r.statement.Table(), To: s.NewTable.Name.O})
	case ast.AlterTableAlterColumn:
		r.alterColumn(s.NewColumns[0])
	case ast.AlterTableRenameIndex:
		r.add(Operation{Kind: RenameIndex, Name: s.FromKey.O, To: s.ToKey.O})
	case ast.AlterTableIndexInvisible:
		kind := HideIndex
		if r.marked(markIgnored) {
			kind = IgnoreIndex
		}
		r.add(Operation{Kind: kind, Name: s.IndexName.O})
	case ast.AlterTableDropCheck:
		r.add(Operation{Kind: DropConstraint, Name: s.Constraint.Name})
	case ast.AlterTableAlterCheck:
		kind := RelaxCheck
		if s.Constraint.Enforced {
			kind = EnforceCheck
		}
		r.add(Operation{Kind: kind, Name: s.Constraint.Name})
	case ast.AlterTableOption:
		r.options(s.Options)
	default:
		kind, ok := simple[s.Tp]
		if !ok {
			r.refuse("leave it out", "clause %d, %s, is not handled", r.clause+1, excerpt(restore(s)))
			return
		}
		o := Operation{Kind: kind}
		if len(s.PartitionNames) > 0 {
			o.Name = s.PartitionNames[0].O
		}
		r.add(o)
	}
}

// alterColumn reads ALTER COLUMN: a default set or dropped, or a visibility.
func (r *reader) alterColumn(c *ast.ColumnDef) {
	for _, m := range r.marks {
		if m.clause == r.clause && m.kind == markVisibility {
			r.add(Operation{Kind: SetVisibility, Name: c.Name.Name.O})
			return
		}
	}
	r.add(Operation{Kind: ChangeDefault, Name: c.Name.Name.O})
}

// addColumn reads a column that is added.
func (r *reader) addColumn(def *ast.ColumnDef, at *ast.ColumnPosition) {
	o := Operation{Kind: AddColumn, Name: def.Name.Name.O, Column: r.definition(def)}
	switch {
	case at == nil:
	case at.Tp == ast.ColumnPositionFirst:
		o.Kind, o.First = AddColumnFirst, true
	case at.Tp == ast.ColumnPositionAfter:
		o.Kind, o.After = AddColumnAfter, at.RelativeColumn.Name.O
	}
	checked := slices.ContainsFunc(def.Options, func(o *ast.ColumnOption) bool { return o.Tp == ast.ColumnOptionCheck })
	switch c := o.Column; {
	case c.AutoIncrement:
		o.Kind = AddAuto
	case c.Generation == Stored || r.marked(markStored):
		o.Kind = AddStored
	case c.Generation == Virtual:
		o.Kind = AddVirtual
	case c.Computed:
		o.Kind = AddComputed
	case checked:
		o.Kind = AddChecked
	case !c.Nullable && !c.HasDefault:
		o.Kind = AddRequired
	}
	r.add(o)
	r.columnKeys(def)
}

// columnKeys reads the keys in a column's definition.
func (r *reader) columnKeys(def *ast.ColumnDef) {
	for _, o := range def.Options {
		switch o.Tp {
		case ast.ColumnOptionPrimaryKey:
			r.add(Operation{Kind: AddPrimaryKey})
		case ast.ColumnOptionUniqKey:
			r.add(Operation{Kind: AddUnique, Name: def.Name.Name.O})
		}
	}
}

// marked reports whether the present clause has a mark of the kind.
func (r *reader) marked(kind markKind) bool {
	return slices.ContainsFunc(r.marks, func(m mark) bool { return m.clause == r.clause && m.kind == kind })
}

// modify reads a column that is modified.
func (r *reader) modify(def *ast.ColumnDef, name string, at *ast.ColumnPosition) {
	o := Operation{Kind: ModifyColumn, Name: name, Column: r.definition(def)}
	if r.marked(markStored) {
		o.Column.Generation = Stored
	}
	if at != nil {
		o.First = at.Tp == ast.ColumnPositionFirst
		if at.Tp == ast.ColumnPositionAfter {
			o.After = at.RelativeColumn.Name.O
		}
	}
	for _, opt := range def.Options {
		if opt.Tp == ast.ColumnOptionCheck {
			r.refuse("write ADD CHECK", "column %s is modified with a CHECK", name)
		}
	}
	r.add(o)
	r.columnKeys(def)
}

// constraint reads a key or constraint that is added.
func (r *reader) constraint(c *ast.Constraint) {
	r.live(c.IfNotExists)
	o := Operation{Name: c.Name}
	switch c.Tp {
	case ast.ConstraintPrimaryKey:
		o.Kind = AddPrimaryKey
	case ast.ConstraintKey, ast.ConstraintIndex:
		o.Kind = indexKind(ast.IndexKeyTypeNone, c.Keys)
		if r.marked(markSpatial) {
			o.Kind = AddSpatial
		}
	case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
		o.Kind = indexKind(ast.IndexKeyTypeUnique, c.Keys)
	case ast.ConstraintFulltext:
		o.Kind = AddFulltext
	case ast.ConstraintForeignKey:
		o.Kind = AddForeignKey
	case ast.ConstraintCheck:
		o.Kind = AddCheck
		if !c.Enforced {
			o.Kind = AddUnenforced
		}
	default:
		r.refuse("leave it out", "%s is not handled", excerpt(restore(c)))
		return
	}
	r.add(o)
}
