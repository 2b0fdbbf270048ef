package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// resolveKeys finds the keys of both shapes and checks that they name the same
// rows.
func (b *builder) resolveKeys(context.Context, *scratch) error {
	b.sourceKey = b.resolveKey(b.after, b.file.Source)
	if b.stopped() {
		return nil
	}
	for _, c := range b.sourceKey {
		if was, ok := b.before.column(c.Name); !ok || was != c {
			b.refuse(CodeKeyChanged, b.file.Source.Table.Text+"."+c.Name, b.file.Source.Table.Position,
				"expand adds or changes it, and it is part of the key", "leave key columns as they are")
		}
	}
	if b.columnChange() {
		b.targetKey = b.sourceKey
		return nil
	}
	b.targetKey = b.resolveKey(b.target, b.file.Target)
	if !b.stopped() {
		b.compareKeys()
	}
	if b.merges() && !b.stopped() {
		b.checkMergedKeys()
	}
	return nil
}

// resolveKey returns the columns of a table's key: the primary key, or the
// unique one that the file names.
func (b *builder) resolveKey(t *table, ref TableRef) []column {
	name, at := ref.Table.Text, ref.Table.Position
	want := make([]string, len(ref.Key))
	for i, k := range ref.Key {
		want[i], at = k.Text, ref.Key[0].Position
	}
	i := slices.IndexFunc(t.indexes, func(x index) bool {
		if len(want) == 0 {
			return x.name == "PRIMARY"
		}
		return x.unique && x.usable && slices.EqualFunc(x.columns, want, strings.EqualFold)
	})
	if i < 0 && len(want) > 0 {
		b.refuse(CodeNoKey, name, at, fmt.Sprintf("it has no unique index over exactly (%s), whole columns in this order", strings.Join(want, ", ")),
			"name the columns of a unique index, or leave key out for the primary key")
		return nil
	}
	if i < 0 {
		b.refuse(CodeNoKey, name, at, "it has no primary key, so its rows cannot be told apart",
			"add a primary key first, or name a unique index under key")
		return nil
	}
	if !t.indexes[i].usable {
		b.refuse(CodeNoKey, name, at, "its primary key indexes only the beginning of a column", "use a key over whole columns")
		return nil
	}
	var key []column
	for _, k := range t.indexes[i].columns {
		c, _ := t.column(k)
		b.checkKeyColumn(name, c, at)
		key = append(key, c)
	}
	return key
}

// checkKeyColumn refuses a key column by which rows cannot be named.
func (b *builder) checkKeyColumn(table string, c column, at Position) {
	object := table + "." + c.Name
	if c.Null == migrate.Nullable {
		b.refuse(CodeKeyNullable, object, at, "it is part of the key and takes NULL, and NULLs are not unique",
			"make it NOT NULL first, or use another key")
	}
	if !shape.SupportsKey(c.Column) {
		b.refuse(CodeKeyType, object, at, "it is part of the key, and its type "+c.ColumnType+" cannot be",
			"use a key of integers, decimals, strings with a length, times, UUIDs or addresses")
	}
	if c.generated {
		b.refuse(CodeKeyType, object, at, "it is part of the key and generated, so it cannot be written", "use a key of plain columns")
	}
}

// compareKeys refuses a target whose key could not hold the source's.
func (b *builder) compareKeys() {
	at := b.file.Target.Table.Position
	if len(b.sourceKey) != len(b.targetKey) {
		b.refuse(CodeKeyMismatch, b.file.Target.Table.Text, at,
			fmt.Sprintf("its key has %d columns and the source's has %d", len(b.targetKey), len(b.sourceKey)),
			"give both the same key, or name the matching one under key")
		return
	}
	for i, s := range b.sourceKey {
		t := b.targetKey[i]
		object := b.file.Target.Table.Text + "." + t.Name
		if !takesKey(t, s) {
			b.refuse(CodeKeyMismatch, object, at,
				fmt.Sprintf("it is %s and the source's %s is %s", described(t), s.Name, described(s)),
				"give both the same type and collation, or the target a longer one of the same kind")
		}
		if s.AutoIncrement && !t.AutoIncrement && !b.merges() {
			b.warn(CodeKeyNotNumbered, object, at, "the server numbers the source's "+s.Name+" and not this",
				"add AUTO_INCREMENT, unless releases that write the target number the rows themselves")
		}
	}
}

// widths order the integer types by how much they hold.
var widths = map[string]int{"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8}

// takesKey reports whether a target's key column holds every value of the
// source's and names the same rows by it: of the same type, or a longer one of
// those that the servers compare alike. What the source does not hold is refused
// when it is written, while the source is written as well.
func takesKey(target, source column) bool {
	if target.Charset != source.Charset || target.Collation != source.Collation {
		return false
	}
	if widths[target.DataType] > 0 && widths[source.DataType] > 0 {
		return target.unsigned() == source.unsigned() && widths[target.DataType] >= widths[source.DataType]
	}
	if varying(target) && target.DataType == source.DataType {
		return target.length >= source.length
	}
	return target.ColumnType == source.ColumnType
}
