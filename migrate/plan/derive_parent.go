package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// whyNoParent says why the rows that other tables refer to cannot move while those
// foreign keys stand, and whyNotItself why those of a table that refers to itself
// cannot.
const (
	whyNoParent = "the server checks a foreign key at every statement, and the row of the other table comes with the mirror at the end of the unit: " +
		"whichever of the two tables the key pointed at, a unit of one release that writes a row and rows that refer to it would fail while both releases run"
	whyNotItself = "rows are mirrored in the order of their keys, and a child could come before its parent"
)

// referred refuses to move the rows of a table that foreign keys point at, and says
// how to do it around the change.
func (d *deriver) referred(ctx context.Context, m *moved) (*refusal, error) {
	var others, drops, adds []string
	why := whyNoParent
	for _, f := range m.old.foreign {
		if !strings.EqualFold(f.parent, m.old.name) {
			continue
		}
		keys, err := readOutgoing(ctx, d.db, f.table)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(keys, func(k foreignKey) bool { return k.name == f.name }); i >= 0 {
			f = keys[i] // with its rules
		}
		if strings.EqualFold(f.table, m.old.name) {
			why = whyNotItself
			others = append(others, "its own foreign key "+f.name)
		} else {
			others = append(others, "foreign key "+f.name+" of "+f.table)
		}
		drops = append(drops, command("ALTER TABLE %s DROP FOREIGN KEY %s", f.table, f.name))
		adds = append(adds, d.readding(m, f))
	}
	if len(others) > 0 {
		return refuse(CodeReferenced,
			fmt.Sprintf("go around it: first %s; then this change; and once it is closed %s, which lists rows without a parent first; meanwhile the code alone keeps the tables together",
				strings.Join(drops, " and "), strings.Join(adds, " and ")),
			"the rows of %s move to a table of its own, and %s refers to it: %s", m.old.name, strings.Join(others, ", and "), why), nil
	}
	elsewhere, err := readNames(ctx, d.db, queryReferences, m.old.name)
	if err != nil || len(elsewhere) == 0 {
		return nil, err
	}
	return refuse(CodeReferenced, "drop it first, and add it to the new table once this change is closed",
		"the rows of %s move to a table of its own, and foreign key %s refers to it: %s", m.old.name, elsewhere[0], whyNoParent), nil
}

// readding is the command that adds a foreign key again once the rows that it
// points at have moved.
func (d *deriver) readding(m *moved, f foreignKey) string {
	to, child := d.into(m.old.name), f.table
	if strings.EqualFold(child, m.old.name) {
		child = to
	}
	columns, refers := slices.Clone(f.columns), slices.Clone(f.refers)
	for i := range refers {
		refers[i] = m.newName(refers[i])
		if child == to {
			columns[i] = m.newName(columns[i])
		}
	}
	names := slices.Concat([]string{child, f.name}, columns, []string{to}, refers)
	places := strings.TrimSuffix(strings.Repeat("%s, ", len(f.columns)), ", ")
	text := "ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (" + places + ") REFERENCES %s (" + places + ")"
	if f.onDelete != "" {
		text += " ON DELETE " + string(f.onDelete)
	}
	if f.onUpdate != "" {
		text += " ON UPDATE " + string(f.onUpdate)
	}
	return command(text, names...)
}
