package ddl

import (
	"fmt"
	"strings"
)

// Resolve takes apart the operations that only the present table can tell
// apart: it leaves no [ModifyColumn], [DropConstraint], [ConvertCharset],
// [SetEngine] or [AddPartitions]. A column or constraint that is not there is
// an error, and so is a nil table where it is needed: [ErrNoFacts].
func Resolve(table *Table, ops []Operation) ([]Operation, error) {
	var out []Operation
	for _, op := range ops {
		if !changesPresent(op) {
			out = append(out, op)
			continue
		}
		if table == nil {
			return nil, fmt.Errorf("%s: %w", op, ErrNoFacts)
		}
		if table.Versioning == SystemVersioned {
			return nil, fmt.Errorf("%w: table %s is system-versioned; %s", ErrUnsupported, table.Name, hintVersioned)
		}
		if !strings.EqualFold(table.Engine, "innodb") {
			return nil, fmt.Errorf("%w: the engine of table %s is %s, not InnoDB", ErrUnsupported, table.Name, table.Engine)
		}
		parts, err := resolve(table, op)
		if err != nil {
			return nil, err
		}
		out = append(out, parts...)
	}
	return out, nil
}

// changesPresent reports whether an operation works on a table that is there.
func changesPresent(op Operation) bool {
	switch op.Kind {
	case CreateTableOp, DropTableOp, RenameTableOp, TruncateOp, CreateViewOp, DropViewOp:
		return false
	}
	return true
}

func resolve(t *Table, op Operation) ([]Operation, error) {
	switch op.Kind {
	case ModifyColumn:
		return resolveModify(t, op)
	case DropColumn:
		present, found := t.Column(op.Name)
		if !found {
			return nil, missing(t, "column", op.Name)
		}
		if present.Generation == Virtual {
			op.Kind = DropVirtual
		}
	case RenameColumn, ChangeDefault, SetVisibility:
		if _, found := t.Column(op.Name); !found {
			return nil, missing(t, "column", op.Name)
		}
	case DropConstraint:
		switch {
		case contains(t.Checks, op.Name):
			op.Kind = DropCheck
		case contains(t.ForeignKeys, op.Name):
			op.Kind = DropForeignKey
		case strings.EqualFold(op.Name, "PRIMARY"):
			op.Kind = DropPrimaryKey
		case t.indexNamed(op.Name):
			op.Kind = DropAnyIndex
		default:
			return nil, missing(t, "constraint", op.Name)
		}
	case ConvertCharset:
		return resolveConvert(t, op)
	case SetEngine:
		op.Kind = ChangeEngine
		if strings.EqualFold(op.Engine, t.Engine) {
			op.Kind = Rebuild
		}
	case AddPartitions:
		op.Kind = AddHashPartition
		if strings.HasPrefix(t.Partitioning, "RANGE") || strings.HasPrefix(t.Partitioning, "LIST") {
			op.Kind = AddPartition
		}
	}
	return []Operation{op}, nil
}

func missing(t *Table, what, name string) error {
	return fmt.Errorf("table %s has no %s %s: correct the statement, or see whether it has run already", t.Name, what, name)
}

// resolveConvert takes a CONVERT TO CHARACTER SET apart, column by column.
func resolveConvert(t *Table, op Operation) ([]Operation, error) {
	out := []Operation{{Kind: DefaultCharset, Charset: op.Charset, Collation: op.Collation}}
	for _, c := range t.Columns {
		if c.Charset == "" {
			continue
		}
		to := c
		to.Charset, to.Collation = op.Charset, op.Collation
		inherit(t, c, &to)
		for _, kind := range modified(c, to) {
			out = append(out, Operation{Kind: kind, Name: c.Name})
		}
	}
	return out, nil
}

// resolveModify compares a column with its new definition.
func resolveModify(t *Table, op Operation) ([]Operation, error) {
	present, found := t.Column(op.Name)
	if !found {
		return nil, missing(t, "column", op.Name)
	}
	to := *op.Column
	inherit(t, present, &to)
	kinds := modified(present, to)
	if t.moves(present, op) {
		kinds = append(kinds, map[Generation]Kind{Plain: MoveColumn, Virtual: MoveVirtual, Stored: MoveStored}[to.Generation])
	}
	var out []Operation
	for _, k := range kinds {
		out = append(out, Operation{Kind: k, Name: present.Name, Column: &to, First: op.First, After: op.After})
	}
	if !strings.EqualFold(present.Name, to.Name) {
		out = append(out, Operation{Kind: RenameColumn, Name: present.Name, To: to.Name})
	}
	if len(out) == 0 {
		out = append(out, Operation{Kind: ChangeDefault, Name: present.Name})
	}
	return out, nil
}

// inherit fills in what a definition leaves to the table.
func inherit(t *Table, present Column, to *Column) {
	if present.Charset == "" || !isText(to.Type) {
		to.Charset, to.Collation = "", ""
		return
	}
	if to.Charset == "" && to.Collation != "" {
		to.Charset, _, _ = strings.Cut(to.Collation, "_")
	}
	if to.Charset == "" {
		to.Charset, to.Collation = t.Charset, t.Collation
	}
	if to.Collation == "" {
		to.Collation = t.DefaultCollations[to.Charset]
	}
}

// modified returns what differs between a column and its new definition.
func modified(from, to Column) []Kind {
	var out []Kind
	switch {
	case from.Generation != to.Generation:
		return []Kind{ChangeType}
	case from.Generation == Virtual && from.Expression != to.Expression:
		out = append(out, ChangeVirtual)
	case from.Generation == Stored && from.Expression != to.Expression:
		out = append(out, ChangeStored)
	}
	out = append(out, textKinds(from, to)...)
	if kind, changed := typeKind(from, to); changed {
		out = append(out, kind)
	}
	if from.Nullable && !to.Nullable {
		out = append(out, SetNotNull)
	}
	if !from.Nullable && to.Nullable {
		out = append(out, DropNotNull)
	}
	if from.AutoIncrement != to.AutoIncrement {
		out = append(out, MakeAuto)
	}
	if from.Comment != to.Comment {
		out = append(out, CommentColumn)
	}
	if from.Invisible != to.Invisible {
		out = append(out, HideColumn)
	}
	return out
}

// moves reports whether an operation changes a column's place.
func (t *Table) moves(c Column, op Operation) bool {
	if op.First {
		return c.Position != 1
	}
	if op.After == "" {
		return false
	}
	before, found := t.Column(op.After)
	return !found || before.Position != c.Position-1
}

func (t *Table) indexNamed(name string) bool {
	for _, i := range t.Indexes {
		if strings.EqualFold(i.Name, name) {
			return true
		}
	}
	return false
}
