package review

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
)

// SchemaFile is a file of a folder that holds the schema as it is to be: CREATE
// TABLE statements.
type SchemaFile struct{ Path, Text string }

// SchemaChange returns what leads from one state of a schema folder to another,
// as migrations: the files as they were, of the past, and for each file that
// changes something one whose statements are the DDL that it means. A column that
// is gone and one that is new are a drop and an addition: a folder cannot say
// that one was renamed. What is not understood is among the statements, so that
// the review says so.
func SchemaChange(before, after []SchemaFile) []*Migration {
	p := parser.New()
	from, to := readSchema(p, before), readSchema(p, after)
	var out []*Migration
	for _, f := range before {
		out = append(out, &Migration{Path: f.Path, Text: f.Text, Standing: Past, Sections: []Section{{Direction: Up, To: len(f.Text)}}})
	}
	made := map[string]*Migration{}
	migration := func(f SchemaFile) *Migration {
		if made[f.Path] == nil {
			made[f.Path] = &Migration{Path: f.Path, Text: f.Text, Origin: OfSchema}
			out = append(out, made[f.Path])
		}
		return made[f.Path]
	}
	for _, f := range after {
		for _, sec := range unread(p, f) { // else it would be passed over
			migration(f).Sections = append(migration(f).Sections, sec)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(to)) {
		t := to[name]
		sec := Section{Direction: Up, From: t.from, To: t.to, Single: OneWhole}
		if old, was := from[name]; was {
			if sec.Text = alterBetween(old.node, t.node); sec.Text == "" {
				continue
			}
		}
		migration(t.file).Sections = append(migration(t.file).Sections, sec)
	}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if _, stays := to[name]; !stays {
			t := from[name]
			m := migration(SchemaFile{Path: t.file.Path, Text: textOf(after, t.file.Path)})
			m.Sections = append(m.Sections, Section{Direction: Up, Text: "DROP TABLE " + mysqlx.Quote(t.node.Table.Name.O)})
		}
	}
	return out
}

// unread returns the statements of a file that were not understood.
func unread(p *parser.Parser, f SchemaFile) []Section {
	var out []Section
	m := &Migration{Path: f.Path, Text: f.Text, Sections: []Section{{Direction: Up, To: len(f.Text)}}}
	m.parse(p, ddl.Server{})
	for _, s := range m.Statements {
		if s.fault != nil {
			out = append(out, Section{Direction: Up, From: s.offset, To: s.offset + len(s.Text), Single: OneWhole})
		}
	}
	if len(m.faults) > 0 {
		out = append(out, Section{Direction: Up, From: m.faults[0].offset, To: len(f.Text), Single: Delimited})
	}
	return out
}

func textOf(files []SchemaFile, path string) string {
	i := slices.IndexFunc(files, func(f SchemaFile) bool { return f.Path == path })
	if i < 0 {
		return ""
	}
	return files[i].Text
}

// schemaTable is a table of a schema folder and where it stands.
type schemaTable struct {
	file     SchemaFile
	from, to int
	node     *ast.CreateTableStmt
}

// readSchema reads the tables that files create, by lower-case name.
func readSchema(p *parser.Parser, files []SchemaFile) map[string]schemaTable {
	out := map[string]schemaTable{}
	for _, f := range files {
		m := &Migration{Path: f.Path, Text: f.Text, Sections: []Section{{Direction: Up, To: len(f.Text)}}}
		m.parse(p, ddl.Server{})
		for _, s := range m.Statements {
			if n, ok := s.Node.(*ast.CreateTableStmt); ok {
				out[n.Table.Name.L] = schemaTable{f, s.offset, s.offset + len(s.Text), n}
			}
		}
	}
	return out
}

// alterBetween returns the ALTER TABLE that makes one table of another; empty
// where they are the same.
func alterBetween(from, to *ast.CreateTableStmt) string {
	clauses := slices.Concat(columnClauses(from, to), keyClauses(from, to), optionClauses(from, to))
	if len(clauses) == 0 {
		return ""
	}
	return "ALTER TABLE " + mysqlx.Quote(to.Table.Name.O) + "\n  " + strings.Join(clauses, ",\n  ")
}

// columnClauses compares columns.
func columnClauses(from, to *ast.CreateTableStmt) []string {
	var out []string
	old := map[string]string{}
	for _, c := range from.Cols {
		old[c.Name.Name.L] = Restore(c)
		if !slices.ContainsFunc(to.Cols, func(d *ast.ColumnDef) bool { return d.Name.Name.L == c.Name.Name.L }) {
			out = append(out, "DROP COLUMN "+mysqlx.Quote(c.Name.Name.O))
		}
	}
	place := "FIRST"
	for i, c := range to.Cols {
		text := Restore(c)
		switch was, known := old[c.Name.Name.L]; {
		case !known && i == len(to.Cols)-1:
			out = append(out, "ADD COLUMN "+text)
		case !known:
			out = append(out, "ADD COLUMN "+text+" "+place)
		case was != text:
			out = append(out, "MODIFY COLUMN "+text)
		}
		place = "AFTER " + mysqlx.Quote(c.Name.Name.O)
	}
	return out
}

// keyClauses compares keys and constraints, by what they say.
func keyClauses(from, to *ast.CreateTableStmt) []string {
	old, wanted := keysOf(from), keysOf(to)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(old)) {
		if _, stays := wanted[k]; !stays {
			out = append(out, dropKey(old[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		if _, was := old[k]; !was {
			out = append(out, "ADD "+k)
		}
	}
	return out
}

func keysOf(t *ast.CreateTableStmt) map[string]*ast.Constraint {
	out := map[string]*ast.Constraint{}
	for _, c := range t.Constraints {
		out[Restore(c)] = c
	}
	return out
}

// dropKey is the clause that drops a key or a constraint. One without a name has
// that of its first column, as the servers name it.
func dropKey(c *ast.Constraint) string {
	name := c.Name
	if name == "" && len(c.Keys) > 0 && c.Keys[0].Column != nil {
		name = c.Keys[0].Column.Name.O
	}
	switch c.Tp {
	case ast.ConstraintPrimaryKey:
		return "DROP PRIMARY KEY"
	case ast.ConstraintForeignKey:
		return "DROP FOREIGN KEY " + mysqlx.Quote(cmp.Or(name, "unnamed"))
	case ast.ConstraintCheck:
		return "DROP CHECK " + mysqlx.Quote(cmp.Or(name, "unnamed"))
	}
	return "DROP INDEX " + mysqlx.Quote(name)
}

// optionClauses compares table options; one that is gone changes nothing.
func optionClauses(from, to *ast.CreateTableStmt) []string {
	var out []string
	for _, o := range to.Options {
		text := Restore(o)
		if o.Tp != ast.TableOptionAutoIncrement && !slices.ContainsFunc(from.Options, func(p *ast.TableOption) bool { return Restore(p) == text }) {
			out = append(out, text)
		}
	}
	return out
}
