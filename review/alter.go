package review

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// alter carries out one clause of an ALTER TABLE. The table is the caller's to
// change. What is not known here, such as a column of a table whose columns are
// not known, changes nothing.
func (t *Table) alter(s *ast.AlterTableSpec, set int, defaults charsets) {
	switch s.Tp {
	case ast.AlterTableAddColumns:
		for _, c := range s.NewColumns {
			t.addColumn(c, s.Position, set)
		}
		for _, c := range s.NewConstraints {
			t.addConstraint(c)
		}
	case ast.AlterTableAddConstraint:
		t.addConstraint(s.Constraint)
	case ast.AlterTableDropColumn:
		t.dropColumn(s.OldColumnName.Name.O)
	case ast.AlterTableModifyColumn:
		t.modify(s.NewColumns[0].Name.Name.O, s.NewColumns[0], s.Position)
	case ast.AlterTableChangeColumn:
		t.modify(s.OldColumnName.Name.O, s.NewColumns[0], s.Position)
	case ast.AlterTableRenameColumn:
		t.renameColumn(s.OldColumnName.Name.O, s.NewColumnName.Name.O)
	case ast.AlterTableAlterColumn:
		t.setDefault(s.NewColumns[0])
	case ast.AlterTableDropIndex:
		t.dropIndex(s.Name)
	case ast.AlterTableDropPrimaryKey:
		t.dropIndex("PRIMARY")
	case ast.AlterTableRenameIndex:
		for i := range t.Indexes {
			if strings.EqualFold(t.Indexes[i].Name, s.FromKey.O) {
				t.Indexes[i].Name = s.ToKey.O
			}
		}
	case ast.AlterTableDropForeignKey:
		t.ForeignKeys = without(t.ForeignKeys, s.Name)
	case ast.AlterTableDropCheck:
		t.Checks = without(t.Checks, s.Constraint.Name)
		t.ForeignKeys = without(t.ForeignKeys, s.Constraint.Name)
		t.dropIndex(s.Constraint.Name)
	case ast.AlterTableOption:
		t.options(s.Options)
	case ast.AlterTablePartition:
		if s.Partition != nil {
			t.Partitioning = strings.ToUpper(s.Partition.Tp.String())
		}
	case ast.AlterTableRemovePartitioning:
		t.Partitioning = ""
	}
	if t.Charset == "" {
		t.Charset = defaults.charset
	}
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

func (t *Table) column(name string) int {
	return slices.IndexFunc(t.Columns, func(c ddl.Column) bool { return strings.EqualFold(c.Name, name) })
}

// place puts a column where a clause says, and numbers the columns.
func (t *Table) place(c ddl.Column, at *ast.ColumnPosition, otherwise int) {
	i := otherwise
	if at != nil && at.Tp == ast.ColumnPositionFirst {
		i = 0
	}
	if at != nil && at.Tp == ast.ColumnPositionAfter {
		if j := t.column(at.RelativeColumn.Name.O); j >= 0 {
			i = j + 1
		}
	}
	t.Columns = slices.Insert(t.Columns, min(i, len(t.Columns)), c)
	t.number()
}

// number gives the columns their positions.
func (t *Table) number() {
	for i := range t.Columns {
		t.Columns[i].Position = i + 1
	}
}

func (t *Table) addColumn(def *ast.ColumnDef, at *ast.ColumnPosition, set int) {
	if t.column(def.Name.Name.O) >= 0 {
		return
	}
	t.place(columnOf(def, &t.Table), at, len(t.Columns))
	if t.added == nil {
		t.added = map[string]int{}
	}
	t.added[def.Name.Name.L] = set
	t.keysOf(def)
}

// keysOf adds the keys that stand in a column's definition.
func (t *Table) keysOf(def *ast.ColumnDef) {
	name := def.Name.Name.O
	for _, o := range def.Options {
		switch o.Tp {
		case ast.ColumnOptionPrimaryKey:
			t.addIndexOf("PRIMARY", true, []string{name})
		case ast.ColumnOptionUniqKey:
			t.addIndexOf(name, true, []string{name})
		}
	}
}

func (t *Table) dropColumn(name string) {
	if i := t.column(name); i >= 0 {
		t.Columns = slices.Delete(t.Columns, i, i+1)
		t.number()
	}
	delete(t.added, fold(name))
	var kept []ddl.Index
	for _, x := range t.Indexes {
		x.Columns = without(slices.Clone(x.Columns), name)
		if len(x.Columns) > 0 {
			kept = append(kept, x)
		}
	}
	t.Indexes = kept
}

func (t *Table) modify(name string, def *ast.ColumnDef, at *ast.ColumnPosition) {
	i := t.column(name)
	if i < 0 {
		if !t.Complete {
			t.place(columnOf(def, &t.Table), at, len(t.Columns))
		}
		return
	}
	c := columnOf(def, &t.Table)
	if old := t.Columns[i]; old.Charset != "" && c.Charset == "" {
		c.Charset, c.Collation = old.Charset, old.Collation
	}
	t.Columns = slices.Delete(t.Columns, i, i+1)
	t.place(c, at, i)
	if !strings.EqualFold(name, c.Name) {
		t.renameUses(name, c.Name)
	}
	t.keysOf(def)
}

func (t *Table) renameColumn(from, to string) {
	if i := t.column(from); i >= 0 {
		t.Columns[i].Name = to
	}
	t.renameUses(from, to)
}

// renameUses follows a column's new name where it is used.
func (t *Table) renameUses(from, to string) {
	for i := range t.Indexes {
		t.Indexes[i].Columns = slices.Clone(t.Indexes[i].Columns)
		for j, c := range t.Indexes[i].Columns {
			if strings.EqualFold(c, from) {
				t.Indexes[i].Columns[j] = to
			}
		}
	}
	if set, ok := t.added[fold(from)]; ok {
		delete(t.added, fold(from))
		t.added[fold(to)] = set
	}
}

func (t *Table) setDefault(def *ast.ColumnDef) {
	i := t.column(def.Name.Name.O)
	if i < 0 {
		return
	}
	c := &t.Columns[i]
	c.HasDefault, c.Default = false, ""
	for _, o := range def.Options { // the parser does not say that it is a default
		columnOptions[ast.ColumnOptionDefaultValue](c, o)
	}
}

func (t *Table) addConstraint(c *ast.Constraint) {
	switch c.Tp {
	case ast.ConstraintPrimaryKey:
		t.addIndex("PRIMARY", true, c.Keys)
	case ast.ConstraintKey, ast.ConstraintIndex:
		t.addIndex(c.Name, false, c.Keys)
	case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
		t.addIndex(c.Name, true, c.Keys)
	case ast.ConstraintFulltext:
		t.addIndex(c.Name, false, c.Keys)
		t.Indexes[len(t.Indexes)-1].Kind = ddl.Fulltext
	case ast.ConstraintForeignKey:
		t.ForeignKeys = append(t.ForeignKeys, c.Name)
		t.indexForeignKey(c)
		if c.Refer != nil && c.Refer.Table != nil {
			t.ForeignTables = append(t.ForeignTables, c.Refer.Table.Name.O)
		}
	case ast.ConstraintCheck:
		t.Checks = append(t.Checks, c.Name)
	}
}

// indexForeignKey adds the index that the servers make for a foreign key, unless
// there is one that begins with its columns. It stays when the key is dropped.
func (t *Table) indexForeignKey(c *ast.Constraint) {
	for _, x := range t.Indexes {
		if len(x.Columns) >= len(c.Keys) && !slices.ContainsFunc(c.Keys, func(k *ast.IndexPartSpecification) bool {
			return k.Column != nil && !slices.ContainsFunc(x.Columns[:len(c.Keys)], func(n string) bool { return strings.EqualFold(n, k.Column.Name.O) })
		}) {
			return
		}
	}
	t.addIndex(c.Name, false, c.Keys)
}

func (t *Table) addIndex(name string, unique bool, parts []*ast.IndexPartSpecification) {
	columns := make([]string, len(parts))
	for i, p := range parts {
		if p.Column != nil {
			columns[i] = p.Column.Name.O
		}
	}
	t.addIndexOf(name, unique, columns)
}

func (t *Table) addIndexOf(name string, unique bool, columns []string) {
	if name == "" && len(columns) > 0 { // as the servers name one
		name = columns[0]
	}
	t.Indexes = append(t.Indexes, ddl.Index{Name: name, Kind: ddl.BTree, Unique: unique, Columns: columns})
	if name != "PRIMARY" {
		return
	}
	for _, c := range columns {
		if i := t.column(c); i >= 0 {
			t.Columns[i].Nullable = false
		}
	}
}

func (t *Table) dropIndex(name string) {
	t.Indexes = slices.DeleteFunc(t.Indexes, func(x ddl.Index) bool { return strings.EqualFold(x.Name, name) })
}

// options heeds the table options that costs and definitions hang on.
func (t *Table) options(list []*ast.TableOption) {
	converts := false
	for _, o := range list {
		switch o.Tp {
		case ast.TableOptionEngine:
			t.Engine = strings.ToLower(o.StrValue)
		case ast.TableOptionCharset:
			t.Charset, t.Collation = charsetName(o.StrValue), t.DefaultCollations[charsetName(o.StrValue)]
			converts = converts || o.UintValue == ast.TableOptionCharsetWithConvertTo
		case ast.TableOptionCollate:
			t.Collation = collationName(o.StrValue)
			t.Charset, _, _ = strings.Cut(t.Collation, "_")
		case ast.TableOptionRowFormat:
			t.RowFormat = rowFormats[o.UintValue]
		}
	}
	if converts { // to the collation as well, which stands behind the character set
		t.convert()
	}
}

// convert gives every text the table's character set.
func (t *Table) convert() {
	for i, c := range t.Columns {
		if c.Charset != "" {
			t.Columns[i].Charset, t.Columns[i].Collation = t.Charset, t.Collation
		}
	}
}

var rowFormats = map[uint64]string{
	ast.RowFormatDynamic: "dynamic", ast.RowFormatCompact: "compact",
	ast.RowFormatCompressed: "compressed", ast.RowFormatRedundant: "redundant", ast.RowFormatDefault: "dynamic",
}
