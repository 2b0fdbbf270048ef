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
	if b.columnChange() {
		b.checkColumnWriters(dropped)
		return
	}
	b.checkTableWriters(dropped)
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
	return dropped
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

// loosen returns the ALTER that lets an INSERT leave a column out.
func loosen(table string, c column) string {
	alter := "ALTER TABLE " + mysqlx.Quote(table)
	switch rule := supportedTypes[c.DataType]; {
	case strings.HasSuffix(c.DataType, "text") || strings.HasSuffix(c.DataType, "blob") || c.DataType == "json":
		return alter + " MODIFY COLUMN " + mysqlx.Quote(c.Name) + " " + c.ColumnType + " NULL (with the column's other attributes)"
	case rule.fits != "" && (c.Charset != "" || strings.HasSuffix(c.DataType, "binary")):
		return alter + " ALTER COLUMN " + mysqlx.Quote(c.Name) + " SET DEFAULT ''"
	case slices.Contains([]string{"date", "datetime", "timestamp"}, c.DataType):
		return alter + " ALTER COLUMN " + mysqlx.Quote(c.Name) + " SET DEFAULT '2000-01-01'"
	}
	return alter + " ALTER COLUMN " + mysqlx.Quote(c.Name) + " SET DEFAULT 0"
}

// checkTableWriters checks that a row of either table can be mirrored to the
// other, and says what of the source goes nowhere.
func (b *builder) checkTableWriters(dropped map[string]bool) {
	source, target := b.file.Source.Table, b.file.Target.Table
	isKey := func(key []column, name string) bool {
		return slices.ContainsFunc(key, func(c column) bool { return c.Name == name })
	}
	for _, c := range b.target.columns {
		if c.required() && !isKey(b.targetKey, c.Name) && !assigns(b.forward, c.Name) {
			b.refuse(CodeForwardMissing, target.Text+"."+c.Name, target.Position,
				"it is NOT NULL without a default, and forward does not assign it", "add it to forward, let it take NULL, or give it a default")
		}
	}
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
		Source: source, Target: target,
		Forward: assignments(b.forward), Backward: assignments(b.backward), Where: b.where.value,
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
