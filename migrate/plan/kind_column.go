package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// addColumn adds columns that running code need not know: each takes NULL or
// has a default, so that an INSERT without it goes on working.
func addColumn(c *clause) (derived, *refusal) {
	if len(c.spec.NewConstraints) > 0 {
		return derived{}, refuse(CodeDDLForbidden, "write each ADD INDEX as an operation of its own", "it adds columns and indexes in one parenthesis")
	}
	d := derived{kind: "add column", course: migrate.Added}
	var effects, gone []Effect
	var drops []string
	for _, def := range c.spec.NewColumns {
		name := def.Name.Name.O
		is, ok := c.after.column(name)
		if !ok {
			return derived{}, refuse(CodeDDLForbidden, "correct the statement", "column %s is not there after the statement", name)
		}
		if is.required() {
			return derived{}, refuse(CodeSourceRequired, "give it a DEFAULT; or add it as NULL, have every release write it, and set it NOT NULL as a change of its own",
				"column %s is NOT NULL without a default: every INSERT of running code would fail", name)
		}
		effects = append(effects, c.effect(ColumnExists, name), c.effect(ColumnIs, name))
		drops = append(drops, "DROP COLUMN "+mysqlx.Quote(name))
		gone = append(gone, c.effect(ColumnAbsent, name))
		if is.generated {
			d.kind = "generated column"
		}
	}
	d.expand = []Statement{c.alter(c.text, effects...)}
	d.undo = []Statement{c.alter(strings.Join(drops, ", "), gone...)}
	d.code.After = "may use it; code that reads SELECT * by position, or INSERTs without naming columns, notices it at once"
	return d, nil
}

// dropColumn hides a column, holds it for a while, and drops it. A column that
// every INSERT has to name is loosened first, so that code that no longer knows
// it can run beside code that still does.
func dropColumn(c *clause) (derived, *refusal) {
	name := c.spec.OldColumnName.Name.O
	was, r := c.column(name)
	if r != nil {
		return derived{}, r
	}
	if r := c.unindexed(was); r != nil {
		return derived{}, r
	}
	shown, r := c.definition(was.Name)
	if r != nil {
		return derived{}, r
	}
	shown = visible(shown)
	if was.required() {
		shown = nullable(shown)
	}
	hide := c.alter("MODIFY COLUMN "+shown+" INVISIBLE", c.effect(ColumnIs, was.Name))
	show := c.alter("MODIFY COLUMN "+shown, c.effect(ColumnIs, was.Name))
	d := derived{
		kind: "drop column", course: migrate.Retired,
		contract: []Statement{c.alter("DROP COLUMN "+mysqlx.Quote(was.Name), c.effect(ColumnAbsent, was.Name))},
		code: Obligation{
			Before: "no longer reads or writes " + was.Name,
			After:  "SELECT * no longer shows the column once it is hidden; code that names it works until it is dropped",
		},
	}
	if !was.generated { // a generated column cannot be written by mistake; it is dropped as it is
		d.expand, d.undo = []Statement{hide}, []Statement{show}
	}
	return d, nil
}

// unindexed refuses to drop a column on which more stands than its own index.
func (c *clause) unindexed(was column) *refusal {
	for _, i := range c.table.indexes {
		for _, part := range i.columns {
			if strings.EqualFold(part, was.Name) && (len(i.columns) > 1 || i.unique) {
				return refuse(CodeDDLForbidden, "drop the index first, as a change of its own, or replace it",
					"index %s stands on column %s and would silently become another", i.name, was.Name)
			}
		}
	}
	return c.unreferenced(was)
}

// unreferenced refuses a column that a foreign key stands on.
func (c *clause) unreferenced(was column) *refusal {
	for _, f := range c.table.foreign {
		if f.names(c.table.name, was.Name) {
			return refuse(CodeReferenced, "drop the foreign key first, as a change of its own",
				"foreign key %s stands on column %s", f.name, was.Name)
		}
	}
	return nil
}

// definition returns a column's definition as SHOW CREATE TABLE has it, with its
// name.
func (c *clause) definition(name string) (string, *refusal) {
	prefix := mysqlx.Quote(name) + " "
	for _, line := range strings.Split(c.table.create, "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(strings.ToLower(line), strings.ToLower(prefix)) {
			return strings.TrimSuffix(line, ","), nil
		}
	}
	return "", refuse(CodeColumnUnknown, "report it with the output of SHOW CREATE TABLE",
		"the definition of column %s cannot be read from SHOW CREATE TABLE %s", name, c.table.name)
}

// visible removes from a definition that the column is invisible.
func visible(definition string) string {
	return replaceOutsideQuotes(replaceOutsideQuotes(definition, " /*!80023 INVISIBLE */", ""), " INVISIBLE", "")
}

// nullable returns a definition whose column takes NULL.
func nullable(definition string) string {
	return replaceOutsideQuotes(definition, " NOT NULL", " NULL")
}

// replaceOutsideQuotes replaces text that does not stand in a string or a name.
func replaceOutsideQuotes(text, old, with string) string {
	return editOutsideQuotes(text, func(rest string) (string, int) {
		if strings.HasPrefix(rest, old) {
			return with, len(old)
		}
		return "", 0
	})
}

// plainComments takes out the comments by which a server hides words from older
// ones, and keeps the words.
func plainComments(text string) string {
	inside := false
	return editOutsideQuotes(text, func(rest string) (string, int) {
		if open := versionComment.FindString(rest); open != "" {
			inside = true
			return "", len(open)
		}
		if inside && strings.HasPrefix(rest, "*/") {
			inside = false
			return "", len("*/")
		}
		return "", 0
	})
}

// versionComment begins a comment that newer servers execute.
var versionComment = regexp.MustCompile(`^/\*M?![0-9]* ?`)

// editOutsideQuotes passes on text and asks, wherever it is not in a string or a
// name, what the next so many bytes are to be replaced by; none are kept.
func editOutsideQuotes(text string, edit func(rest string) (with string, length int)) string {
	var out strings.Builder
	var quote byte
	for i := 0; i < len(text); {
		if quote == 0 {
			if with, length := edit(text[i:]); length > 0 {
				out.WriteString(with)
				i += length
				continue
			}
		}
		ch := text[i]
		switch {
		case quote != 0 && ch == '\\' && quote != '`' && i+1 < len(text):
			out.WriteByte(ch)
			i++
			ch = text[i]
		case quote != 0 && ch == quote:
			quote = 0
		case quote == 0 && (ch == '\'' || ch == '"' || ch == '`'):
			quote = ch
		}
		out.WriteByte(ch)
		i++
	}
	return out.String()
}

// modifyColumn is a MODIFY: what it does follows from the column before and
// after, see facets.
func modifyColumn(c *clause) (derived, *refusal) {
	return c.redefined(c.spec.NewColumns[0].Name.Name.O)
}

// changeDefault is an ALTER COLUMN … SET DEFAULT or DROP DEFAULT.
func changeDefault(c *clause) (derived, *refusal) {
	return c.redefined(c.spec.NewColumns[0].Name.Name.O)
}

// redefined derives from what an operation made of a column.
func (c *clause) redefined(name string) (derived, *refusal) {
	was, r := c.column(name)
	if r != nil {
		return derived{}, r
	}
	is, ok := c.after.column(name)
	if !ok {
		return derived{}, refuse(CodeColumnUnknown, "correct the name", "table %s has no column %s after the statement", c.table.name, name)
	}
	before, r := c.definition(was.Name)
	if r != nil {
		return derived{}, r
	}
	d := derived{course: migrate.Added}
	var names []string
	for _, f := range facets {
		if !f.found(was, is) {
			continue
		}
		if f.remedy != "" {
			return derived{}, refuse(CodeColumnType, fmt.Sprintf(f.remedy, c.table.name, was.Name), "column %s: %s", was.Name, f.words(was, is))
		}
		names = append(names, f.name)
		if f.course == migrate.Tightened {
			d.course = migrate.Tightened
		}
		if f.fit != nil {
			d.fits = append(d.fits, f.fit(c.table, was, is)...)
		}
		d.code = d.code.and(f.code)
		if f.back {
			d.undo = []Statement{c.alter("MODIFY COLUMN "+before, c.effect(ColumnIs, was.Name))}
		}
	}
	switch {
	case len(names) > 0:
	case c.table.texts[was.Name] != c.after.texts[is.Name]:
		// Nothing but its comment or its visibility.
		names = []string{"describe column"}
		d.undo = []Statement{c.alter("MODIFY COLUMN "+before, c.effect(ColumnIs, was.Name))}
	case !slices.Equal(shared(c.table, c.after), shared(c.after, c.table)):
		return derived{}, refuse(CodeDDLForbidden, "leave it out: name the columns in SELECT and INSERT, in the order that you want; or carry it out by hand at a quiet time",
			"it changes nothing of column %s but its place among the others: the server would rewrite the table for it, and running code that counts columns would meet others", was.Name)
	default:
		return derived{}, refuse(CodeDDLForbidden, "leave it out", "it changes nothing of column %s", was.Name)
	}
	d.kind = strings.Join(names, ", ")
	d.expand = []Statement{c.alter(c.text, c.effect(ColumnIs, was.Name))}
	return d, nil
}

// shared are the columns of a table, in their order, that another one has as well.
func shared(t, other *table) (names []string) {
	for _, c := range t.columns {
		if _, ok := other.column(c.Name); ok {
			names = append(names, strings.ToLower(c.Name))
		}
	}
	return names
}

// and joins what two facets ask of the code.
func (o Obligation) and(more Obligation) Obligation {
	join := func(a, b string) string {
		if a == "" || b == "" {
			return a + b
		}
		return a + "; " + b
	}
	return Obligation{Before: join(o.Before, more.Before), After: join(o.After, more.After)}
}
