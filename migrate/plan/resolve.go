package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// resolveMapping resolves forward, backward and where over the columns that
// each may read, and checks what they say together.
func (b *builder) resolveMapping(context.Context, *scratch) error {
	source, target := b.sides()
	b.forward = b.resolveSide("forward", b.file.Forward, source, b.target, b.targetKey)
	b.backward = b.resolveSide("backward", b.file.Backward, target, b.after, b.sourceKey)
	if text := b.file.Where; text.Text != "" {
		var r *refusal
		if b.where, r = resolve(text.Text, source); r != nil {
			b.refuse(r.code, "where: "+text.Text, text.Position, r.reason, r.remedy)
		} else {
			b.checkRead(b.where, b.after, "where: "+text.Text, text.Position)
			b.checkTimes(assignment{resolved: b.where, line: Assign{Value: text}}, b.after, "where")
		}
	}
	if !b.stopped() {
		b.checkMapping()
	}
	return nil
}

// sides returns what forward and backward may read.
//
// In a column change forward reads the columns that were there before expand
// and that it does not itself assign; backward reads those that are there
// afterwards, that it does not assign, and that forward fills if they are new.
// In a table change forward reads the source, and backward the target's key
// and what forward fills.
func (b *builder) sides() (source, target side) {
	source = side{shape: migrate.SourceShape, table: b.file.Source.Table.Text, columns: map[string]string{}, denied: map[string]string{}}
	target = side{shape: migrate.TargetShape, table: b.file.Target.Table.Text, columns: map[string]string{}, denied: map[string]string{}}
	forward, backward := assignedSet(b.file.Forward), assignedSet(b.file.Backward)
	for _, c := range b.before.columns {
		source.columns[strings.ToLower(c.Name)] = c.Name
	}
	for _, c := range b.after.columns {
		name := strings.ToLower(c.Name)
		switch _, old := source.columns[name]; {
		case b.columnChange() && forward[name]:
			source.denied[name] = "is one that forward assigns; it cannot be read as well"
		case !old:
			source.denied[name] = "is there only after expand"
		}
	}
	for _, c := range b.target.columns {
		name := strings.ToLower(c.Name)
		target.columns[name] = c.Name
		_, old := b.before.column(c.Name)
		isKey := slices.ContainsFunc(b.targetKey, func(k column) bool { return k.Name == c.Name })
		switch {
		case b.columnChange() && backward[name]:
			target.denied[name] = "is one that backward assigns; it cannot be read as well"
		case forward[name] || isKey || b.columnChange() && old:
		default:
			target.denied[name] = "is not filled by forward"
		}
	}
	return source, target
}

// assignedSet returns the columns on the left of assignments, in lower case.
func assignedSet(list []Assign) map[string]bool {
	set := map[string]bool{}
	for _, a := range list {
		set[strings.ToLower(a.Column.Text)] = true
	}
	return set
}

// resolveSide resolves the lines of forward or backward, which assign columns
// of table to. The result is in the order of the columns' names, so that it
// does not depend on the file's.
func (b *builder) resolveSide(path string, lines []Assign, over side, to *table, key []column) []assignment {
	var out []assignment
	for _, line := range lines {
		object := path + "." + line.Column.Text
		c, ok := to.column(line.Column.Text)
		if !ok {
			b.refuse(CodeColumnUnknown, object, line.Column.Position, "the table has no such column once expand is done",
				"correct the name, or add the column under expand")
			continue
		}
		b.checkAssigned(object, c, key, line.Column.Position)
		value, r := resolve(line.Value.Text, over)
		if r != nil {
			b.refuse(r.code, object+": "+line.Value.Text, line.Value.Position, r.reason, r.remedy)
			continue
		}
		a := assignment{resolved: value, to: c, line: line}
		from := b.after
		if path == "backward" {
			from = b.target
		}
		b.checkRead(value, from, object+": "+line.Value.Text, line.Value.Position)
		b.checkTypes(a, from, object)
		b.checkTimes(a, from, object)
		a.value = guarded(a, from)
		out = append(out, a)
	}
	slices.SortFunc(out, func(x, y assignment) int { return strings.Compare(x.to.Name, y.to.Name) })
	return out
}

// guarded returns the expression of an assignment so that what is stored is the
// value and nothing else, and a value that does not fit is an error everywhere.
// A column of the same type needs no guard.
func guarded(a assignment, from *table) migrate.Expression {
	is, bare := from.column(a.bare)
	long := strings.HasSuffix(a.to.DataType, "text") || strings.HasSuffix(a.to.DataType, "blob")
	switch {
	case bare && is.ColumnType == a.to.ColumnType && is.Charset == a.to.Charset:
	case a.to.DataType == "bit": // a text would be stored by its bytes
		return "CAST(" + a.value + " AS UNSIGNED)"
	case listed(a.to): // a number would be stored as that of a member
		return "CONCAT(" + a.value + ")"
	case long && bare:
		// MariaDB 10.11 stores a string column that is assigned as it is to a
		// shorter TEXT or BLOB cut to its length modulo 256, or 65536, without an
		// error even in strict mode; over a function it refuses.
		return "CONCAT(" + a.value + ")"
	}
	return a.value
}

// checkAssigned refuses a column that a mapping cannot assign.
func (b *builder) checkAssigned(object string, c column, key []column, at Position) {
	if slices.ContainsFunc(key, func(k column) bool { return k.Name == c.Name }) {
		b.refuse(CodeKeyAssigned, object, at, "it is part of the key, which both shapes share", "leave it out")
		return
	}
	if c.generated {
		b.refuse(CodeGenerated, object, at, "the server generates it, so it cannot be written", "leave it out, or make it a plain column")
	}
	if shape.ColumnUse(c.Column) == shape.Refused {
		b.refuseType(object, c, at)
	}
}

// checkRead refuses an expression over columns of types of which none can be
// made. Whether such a column is NULL may be asked of any.
func (b *builder) checkRead(value resolved, from *table, object string, at Position) {
	for _, name := range value.columns {
		c, ok := from.column(name)
		if !ok || value.tested[name] {
			continue
		}
		switch use := shape.ColumnUse(c.Column); {
		case use == shape.Refused:
			b.refuseType(object, c, at)
		case use == shape.Carried && value.bare == "":
			b.refuse(CodeColumnType, object, at, fmt.Sprintf("column %s: a value of type %s can be carried as it is, and no expression made of it", c.Name, c.DataType),
				"assign it to a column of the same type")
		}
	}
}

func (b *builder) refuseType(object string, c column, at Position) {
	b.refuse(CodeColumnType, object, at, fmt.Sprintf("column %s: no comparison of type %s is known that tells all its values apart", c.Name, c.DataType),
		"map columns of other types")
}

// checkTypes refuses an assignment between two types of which one does not hold
// the other's values as they are.
func (b *builder) checkTypes(a assignment, from *table, object string) {
	is, bare := from.column(a.bare)
	refuse := func(remedy, reason string, args ...any) {
		b.refuse(CodeColumnType, object+": "+a.line.Value.Text, a.line.Value.Position, fmt.Sprintf(reason, args...), remedy)
	}
	switch carried := shape.ColumnUse(a.to.Column) == shape.Carried || bare && shape.ColumnUse(is.Column) == shape.Carried; {
	case carried && !bare:
		refuse("assign it a column of type "+a.to.ColumnType, "column %s: a value of type %s can only be carried, from a column of the same type", a.to.Name, a.to.DataType)
	case carried && is.ColumnType != a.to.ColumnType:
		refuse("make both columns "+is.ColumnType, "column %s is %s and %s is %s: such values are carried between columns of the same type alone",
			is.Name, is.ColumnType, a.to.Name, a.to.ColumnType)
	case bare && is.DataType == "set" && a.to.DataType == "set" && !inOrder(members(is), members(a.to)):
		refuse("give both the same order; new members go to the end", "column %s lists members that %s has in another order, and the server would write their names in that order", a.to.Name, is.Name)
	}
}

// inOrder reports whether those members that both lists have stand in the same
// order.
func inOrder(one, other []string) bool {
	both := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(m string) bool { return !slices.Contains(b, m) })
	}
	return slices.Equal(both(one, other), both(other, one))
}

// checkTimes refuses conversions whose result depends on the session's time
// zone (between timestamp and anything else) or on today's date (from time to
// a date).
func (b *builder) checkTimes(a assignment, from *table, object string) {
	const zone = "the result depends on the session's time_zone"
	refuse := func(reason, remedy string) {
		b.refuse(CodeNondeterministic, object+": "+a.line.Value.Text, a.line.Value.Position, reason, remedy)
	}
	bare, _ := from.column(a.bare)
	if a.to.DataType == "timestamp" && bare.DataType != "timestamp" {
		refuse("it converts to a timestamp, and "+zone, "make both columns timestamp, or both datetime")
		return
	}
	for _, name := range a.columns {
		c, _ := from.column(name)
		switch {
		case a.tested[name] || a.bare != "" && a.to.DataType == c.DataType:
		case c.DataType == "timestamp":
			refuse("it uses the value of timestamp "+name+", and "+zone, "make both columns timestamp, or only test it for NULL")
		case c.DataType == "time" && slices.Contains([]string{"date", "datetime", "year"}, a.to.DataType):
			refuse("it turns time "+name+" into a date, which takes today's", "combine it with a date column, with TIMESTAMP(date, time)")
		}
	}
}
