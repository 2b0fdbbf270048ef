package plan

import (
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// moved is a table and the one that takes its place, as found out on a scratch
// table.
type moved struct {
	old, new *table
	// key names the rows of both, by the old table's columns.
	key []string
	// names are the columns that get another name, old to new.
	names map[string]string
	// unseen are the unique keys of which it is not known whether rows are the
	// same by them.
	unseen []string
}

// newName returns the new table's name of a column.
func (m *moved) newName(old string) string {
	for from, to := range m.names {
		if strings.EqualFold(from, old) {
			return to
		}
	}
	return old
}

// newKey returns the key by the new table's columns.
func (m *moved) newKey() []string {
	out := make([]string, len(m.key))
	for i, k := range m.key {
		out[i] = m.newName(k)
	}
	return out
}

// origin returns the old table's column that a column of the new one comes from.
func (m *moved) origin(name string) (column, bool) {
	for _, c := range m.old.columns {
		if strings.EqualFold(m.newName(c.Name), name) {
			return c, true
		}
	}
	return column{}, false
}

// keeps refuses a new table in which a column of the old one is missing or
// another.
func (m *moved) keeps() *refusal {
	for _, was := range m.old.columns {
		is, ok := m.new.column(m.newName(was.Name))
		switch {
		case !ok:
			return refuse(CodeDDLForbidden, "write it as a statement of its own, before or after this one",
				"it drops column %s and moves the rows to a table of its own: those are two changes", was.Name)
		case was.generated != is.generated, was.AutoIncrement != is.AutoIncrement:
			return refuse(CodeDDLForbidden, "write it as a statement of its own", "it changes whether the server fills column %s", was.Name)
		}
	}
	return nil
}

// stored returns what the new table holds of each of its index's columns, over
// the old table's, and whether its values may be the same where the old ones
// were not.
func (m *moved) stored(i index) (values []string, changed bool) {
	var origins []string
	for _, name := range i.columns {
		was, there := m.origin(name)
		if !there || !i.usable {
			return nil, false
		}
		is, _ := m.new.column(name)
		changed = changed || described(was) != described(is)
		origins = append(origins, was.Name)
		values = append(values, is.fill(is.rule().stored, mysqlx.Quote(was.Name)))
	}
	return values, changed || !m.old.isKey(origins)
}

// create returns the CREATE TABLE of the new table under a name. The server
// hides from older ones what they do not know, partitions among them.
func (m *moved) create(name string) string {
	return plainComments(strings.ReplaceAll(m.new.create, m.new.name, name))
}

// unwritable refuses a table whose statement the parser would not understand,
// naming the columns by which it does not: types of one server, and columns that
// SELECT * does not show.
func (m *moved) unwritable() *refusal {
	_, r := parseOne(Scalar{Text: m.create(m.new.name)})
	if r == nil {
		return nil
	}
	var unknown []string
	made := &clause{table: m.new}
	for _, c := range m.new.columns {
		definition, r := made.definition(c.Name)
		if r != nil {
			return r
		}
		if _, r := parseOne(Scalar{Text: "CREATE TABLE t (" + plainComments(definition) + ")"}); r != nil {
			unknown = append(unknown, plainComments(definition))
		}
	}
	if len(unknown) == 0 {
		return refuse(r.code, r.remedy, "the table that takes the place of %s cannot be made: %s", m.old.name, r.reason)
	}
	return refuse(CodeDDLForbidden, "change these columns first (an invisible one can be made visible), or carry the statement out by hand at a quiet time",
		"the statement takes a table of its own in the place of %s, and what makes that is not understood on both servers: %s", m.old.name, strings.Join(unknown, "; "))
}

// isKey reports whether a unique index of the table has exactly these columns.
func (t *table) isKey(columns []string) bool {
	return slices.ContainsFunc(t.indexes, func(i index) bool {
		return i.unique && i.usable && slices.EqualFunc(i.columns, columns, strings.EqualFold)
	})
}

// spares reports whether the table has an index of this name that can be dropped:
// the column that the server numbers needs one.
func (t *table) spares(name string) bool {
	dropped, there := t.index(name)
	return there && !slices.ContainsFunc(t.columns, func(c column) bool {
		others := slices.ContainsFunc(t.indexes, func(i index) bool {
			return i.name != dropped.name && strings.EqualFold(i.columns[0], c.Name)
		})
		return c.AutoIncrement && !others
	})
}
