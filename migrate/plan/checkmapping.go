package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// checkMapping checks that rows written in one shape can be written in the
// other, and that nothing is lost without being said.
func (b *builder) checkMapping() {
	if len(b.backward) == 0 {
		b.refuse(CodeBackwardMissing, "backward", b.file.Source.Table.Position,
			"it assigns no column: releases that write the target shape run beside older ones that read the source, and it is the way back",
			"write an expression over target columns for each source column")
		return
	}
	b.checkBothSides()
	dropped := b.checkDropped()
	switch {
	case b.columnChange():
		b.checkColumnWriters(dropped)
	case b.merges():
		b.checkMerged(dropped)
	default:
		b.checkTableWriters(dropped)
	}
}

// checkBothSides refuses a column that both directions assign.
func (b *builder) checkBothSides() {
	if !b.columnChange() {
		return
	}
	for _, f := range b.forward {
		if assigns(b.backward, f.to.Name) {
			b.refuse(CodeBothSides, f.to.Name, f.line.Column.Position, "forward and backward both assign it",
				"a column belongs to one shape: add a new column for the target")
		}
	}
}

// assigns reports whether one of the assignments is to the column.
func assigns(list []assignment, name string) bool {
	return slices.ContainsFunc(list, func(a assignment) bool { return strings.EqualFold(a.to.Name, name) })
}

// checkDropped returns the columns that contract drops, in lower case, and
// refuses a contract that drops what the target shape needs.
func (b *builder) checkDropped() map[string]bool {
	dropped := map[string]bool{}
	for _, d := range b.contract {
		for _, e := range d.Effects {
			if e.Kind != ColumnAbsent {
				continue
			}
			dropped[strings.ToLower(e.Name)] = true
			object := d.Table + "." + e.Name
			switch {
			case slices.ContainsFunc(b.sourceKey, func(c column) bool { return strings.EqualFold(c.Name, e.Name) }):
				b.refuse(CodeContractDrops, object, d.at.Position, "it drops a column of the key", "leave it out")
			case b.columnChange() && assigns(b.forward, e.Name):
				b.refuse(CodeContractDrops, object, d.at.Position, "it drops a column that forward assigns", "leave it out")
			case b.columnChange() && b.readsBackward(e.Name):
				b.refuse(CodeContractDrops, object, d.at.Position, "it drops a column that backward reads", "leave it out")
			case !assigns(b.backward, e.Name):
				b.missingBackward(e.Name, "contract drops it")
			}
		}
		if d.Kind == DropTable {
			for _, c := range b.before.columns {
				dropped[strings.ToLower(c.Name)] = true
			}
		}
	}
	b.checkDroppedIndexes(dropped)
	return dropped
}

// checkDroppedIndexes refuses a contract that drops an index over columns that
// stay.
func (b *builder) checkDroppedIndexes(dropped map[string]bool) {
	for _, d := range b.contract {
		for _, e := range d.Effects {
			if e.Kind != IndexAbsent {
				continue
			}
			i, ok := b.after.index(e.Name)
			if !ok || !slices.ContainsFunc(i.columns, func(c string) bool { return dropped[strings.ToLower(c)] }) {
				b.refuse(CodeContractDrops, d.Table+"."+e.Name, d.at.Position, "it drops an index over columns that contract does not drop",
					"drop it as a change of its own")
			}
		}
	}
}

// readsBackward reports whether backward reads a column.
func (b *builder) readsBackward(name string) bool {
	return slices.ContainsFunc(b.backward, func(a assignment) bool { return readsFold(a.resolved, name) })
}

// readsFold reports whether an expression reads a column.
func readsFold(r resolved, name string) bool {
	return slices.ContainsFunc(r.columns, func(c string) bool { return strings.EqualFold(c, name) })
}

// missingBackward refuses a source column without a way back.
func (b *builder) missingBackward(name, why string) {
	b.refuse(CodeBackwardMissing, b.file.Source.Table.Text+"."+name, b.file.Source.Table.Position,
		why+", and backward does not assign it, so rows of releases that write the target shape would lack it on the way back",
		fmt.Sprintf("add `%s: <expression over target columns>` to backward", name))
}

// checkColumnWriters checks that an INSERT of either shape leaves out the
// other's columns without failing.
func (b *builder) checkColumnWriters(dropped map[string]bool) {
	table := b.file.Source.Table.Text
	for _, c := range b.after.columns {
		if c.onUpdate && (assigns(b.forward, c.Name) || assigns(b.backward, c.Name)) {
			b.refuse(CodeNondeterministic, table+"."+c.Name, b.file.Source.Table.Position,
				"the server sets it anew on every UPDATE of the row, and that of a mirror which assigns the other column is one",
				"make the target a table of its own, or take ON UPDATE away first, as a change of its own")
		}
		if !c.required() {
			continue
		}
		_, old := b.before.column(c.Name)
		switch {
		case !old || assigns(b.forward, c.Name):
			b.refuse(CodeTargetRequired, table+"."+c.Name, b.positionOfTable(table),
				"it is NOT NULL without a default, so an INSERT of a release that writes the source shape fails",
				"let it take NULL, or give it a default, in expand")
		case assigns(b.backward, c.Name) || dropped[strings.ToLower(c.Name)]:
			b.refuse(CodeSourceRequired, table+"."+c.Name, b.file.Source.Table.Position,
				"it is NOT NULL without a default, so an INSERT of a release that writes the target shape fails",
				"add to expand: "+loosen(table, c))
		}
	}
}

// defaults are values that a column of a type takes as its default; other types
// take none that both servers know, and are made to take NULL instead.
var defaults = map[string]string{
	"date": "'2000-01-01'", "datetime": "'2000-01-01'", "timestamp": "'2000-01-01'",
	"char": "''", "varchar": "''", "binary": "''", "varbinary": "''",
	"bit": "0", "decimal": "0", "double": "0", "float": "0", "time": "0", "year": "0",
	"tinyint": "0", "smallint": "0", "mediumint": "0", "int": "0", "bigint": "0",
	"uuid": "'00000000-0000-0000-0000-000000000000'", "inet4": "'0.0.0.0'", "inet6": "'::'",
}

// loosen returns the ALTER that lets an INSERT leave a column out.
func loosen(table string, c column) string {
	value, ok := defaults[c.DataType]
	if listed(c) {
		value, ok = members(c)[0], true
	}
	if !ok {
		return "ALTER TABLE " + mysqlx.Quote(table) + " MODIFY COLUMN " + mysqlx.Quote(c.Name) + " " + c.ColumnType + " NULL (with the column's other attributes)"
	}
	return "ALTER TABLE " + mysqlx.Quote(table) + " ALTER COLUMN " + mysqlx.Quote(c.Name) + " SET DEFAULT " + value
}

// checkTableWriters checks that a row of either table can be mirrored to the
// other, and says what of the source goes nowhere.
func (b *builder) checkTableWriters(dropped map[string]bool) {
	source, target := b.file.Source.Table, b.file.Target.Table
	if len(b.contract) > 0 && !slices.ContainsFunc(b.contract, func(d *ddl) bool { return d.Kind == DropTable }) {
		b.warn(CodeUnmapped, source.Text, source.Position,
			"contract keeps the table, and a row of it without one of "+target.Text+" is taken for deleted while both shapes are kept in step",
			"have releases that write the target shape write a row of both tables in one transaction")
	}
	for _, c := range b.target.columns {
		if c.required() && !isKey(b.targetKey, c.Name) && !assigns(b.forward, c.Name) {
			b.refuse(CodeForwardMissing, target.Text+"."+c.Name, target.Position,
				"it is NOT NULL without a default, and forward does not assign it", "add it to forward, let it take NULL, or give it a default")
		}
	}
	b.checkSourceRows(dropped)
}

// isKey reports whether a column is one of a key's.
func isKey(key []column, name string) bool {
	return slices.ContainsFunc(key, func(c column) bool { return c.Name == name })
}

// checkSourceRows checks that a row of a source table can be written anew from
// the target, and says what of it goes nowhere.
func (b *builder) checkSourceRows(dropped map[string]bool) {
	source := b.file.Source.Table
	for _, c := range b.after.columns {
		name := c.Name
		if isKey(b.sourceKey, name) || assigns(b.backward, name) || c.generated {
			continue
		}
		read := slices.ContainsFunc(b.forward, func(a assignment) bool { return readsFold(a.resolved, name) })
		switch {
		case c.required():
			b.missingBackward(name, "it is NOT NULL without a default")
		case readsFold(b.where, name):
			b.missingBackward(name, "where chooses rows by it")
		case read:
			b.missingBackward(name, "forward reads it")
		case dropped[strings.ToLower(name)]:
			b.warn(CodeUnmapped, source.Text+"."+name, source.Position, "contract drops it, and nothing in the target holds its values",
				"map it, unless it is meant to go")
		}
	}
}

// mapping returns the mapping as the control table stores it.
func (b *builder) mapping() migrate.Mapping {
	source := b.shape(b.after, b.sourceKey, b.backward, b.forward)
	if b.where.value != "" {
		source.Columns = merge(source.Columns, b.after, slices.DeleteFunc(slices.Clone(b.where.columns), func(n string) bool {
			return slices.ContainsFunc(b.sourceKey, func(k column) bool { return k.Name == n })
		}))
	}
	source.Name = b.file.Source.Table.Text
	target := b.shape(b.target, b.targetKey, b.forward, b.backward)
	target.Name = b.file.Target.Table.Text
	return migrate.Mapping{
		Source: source, Target: b.withDefaults(target),
		Forward: assignments(b.forward), Backward: assignments(b.backward), Where: b.where.value, Merge: b.merge(),
	}
}

// shape returns one side of the mapping: the key, and the columns that are
// written in it or read from it, by name.
func (b *builder) shape(t *table, key []column, written, reading []assignment) migrate.Table {
	var out migrate.Table
	var names []string
	for _, k := range key {
		out.Key = append(out.Key, k.Column)
	}
	for _, a := range written {
		names = append(names, a.to.Name)
	}
	for _, a := range reading {
		names = append(names, a.columns...)
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return slices.ContainsFunc(key, func(k column) bool { return k.Name == n })
	})
	out.Columns = merge(nil, t, names)
	for _, c := range t.columns {
		if c.onUpdate && !assigns(written, c.Name) {
			out.Preserve = append(out.Preserve, c.Name)
		}
	}
	slices.Sort(out.Preserve)
	return out
}

// merge adds columns of a table by name, each once, and sorts by name.
func merge(have []migrate.Column, t *table, names []string) []migrate.Column {
	for _, name := range names {
		c, ok := t.column(name)
		if ok && !slices.Contains(have, c.Column) {
			have = append(have, c.Column)
		}
	}
	slices.SortFunc(have, func(x, y migrate.Column) int { return strings.Compare(x.Name, y.Name) })
	return have
}

// assignments returns the assignments of one direction.
func assignments(list []assignment) []migrate.Assignment {
	out := make([]migrate.Assignment, len(list))
	for i, a := range list {
		out[i] = migrate.Assignment{Column: a.to.Name, Value: a.value}
	}
	return out
}
