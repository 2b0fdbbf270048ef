package review

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Plan returns the fix for an operation under which running code would break:
// the command that derives the change which Underpin carries through expand
// and contract, and the change file as far as it can be written without a
// database. What the command would find out beyond it is said in the file; where
// a database is at hand, [Run] puts in its place what [Input.Derive] makes.
func (p *Pass) Plan(s *Statement, op ddl.Operation) Fix {
	table := s.Tables()[0]
	sql := strings.Join(strings.Fields(s.Text), " ")
	var file *plan.Derivation
	switch op.Kind {
	case ddl.RenameColumn:
		sql = "ALTER TABLE " + mysqlx.Quote(table) + " RENAME COLUMN " + mysqlx.Quote(op.Name) + " TO " + mysqlx.Quote(op.To)
		file = p.renamed(s.Table(table), op)
	case ddl.DropColumn, ddl.DropVirtual:
		sql = "ALTER TABLE " + mysqlx.Quote(table) + " DROP COLUMN " + mysqlx.Quote(op.Name)
		file = p.altered("drop "+table+" "+op.Name, sql, "hidden first, held, and dropped when no release uses it")
	}
	return p.withFile(CommandFix(sql), file)
}

// withFile adds the change file of a derivation to a fix; the command alone will
// do where there is none.
func (p *Pass) withFile(fix Fix, d *plan.Derivation) Fix {
	if d == nil {
		return fix
	}
	if file, err := p.Config.changeFile(*d); err == nil {
		fix.NewFiles = []NewFile{file}
	}
	return fix
}

// noService is the application's name where the configuration has none.
const noService = "app"

func (c Config) service() string { return cmp.Or(c.Service, noService) }

// changeFile is the change file of a derivation. Whose change it is has to be
// put in where the configuration does not say.
func (c Config) changeFile(d plan.Derivation) (NewFile, error) {
	if c.Service == "" {
		d.Why += ". Put the application's name in the place of " + noService
	}
	text, err := d.YAML()
	return NewFile{path.Join(cmp.Or(c.Changes, "changes"), d.File.Change.Text, "change.yaml"), text}, err
}

// renamed is the change by which a column gets another name: a second column
// beside it, kept in step. Nil where the column is not known.
func (p *Pass) renamed(t *Table, op ddl.Operation) *plan.Derivation {
	c, known := t.Column(op.Name)
	if !known || c.Generation != ddl.Plain || c.AutoIncrement {
		return nil
	}
	missing := []string{"sampled rows"}
	if !c.Nullable || c.HasDefault {
		missing = append(missing, "NOT NULL and the default of "+c.Name)
	}
	if slices.ContainsFunc(t.Indexes, func(i ddl.Index) bool { return slices.Contains(i.Columns, c.Name) }) {
		missing = append(missing, "the indexes over "+c.Name)
	}
	d := p.altered("rename "+t.Name+" "+c.Name, "", "written without the database. What underpin plan adds with it: "+strings.Join(missing, "; "))
	f := d.File
	f.Alter = nil
	f.Source.Table.Text, f.Target.Table.Text = t.Name, t.Name
	f.Expand = scalars("ALTER TABLE " + mysqlx.Quote(t.Name) + " ADD COLUMN " + mysqlx.Quote(op.To) + " " + definition(c) + " NULL")
	f.Forward = []plan.Assign{{Column: plan.Scalar{Text: op.To}, Value: plan.Scalar{Text: mysqlx.Quote(c.Name)}}}
	f.Backward = []plan.Assign{{Column: plan.Scalar{Text: c.Name}, Value: plan.Scalar{Text: mysqlx.Quote(op.To)}}}
	f.Contract = scalars("ALTER TABLE " + mysqlx.Quote(t.Name) + " DROP COLUMN " + mysqlx.Quote(c.Name))
	return d
}

// altered is a change of the schema alone.
func (p *Pass) altered(name, sql, why string) *plan.Derivation {
	return &plan.Derivation{Why: why, File: &plan.File{
		Change: plan.Scalar{Text: changeName(name)}, Service: plan.Scalar{Text: p.Config.service()}, Alter: scalars(sql),
	}}
}

func scalars(text string) []plan.Scalar { return []plan.Scalar{{Text: text}} }

// definition is a column's type with its character set.
func definition(c ddl.Column) string {
	text := c.Type
	if c.Charset != "" {
		text += " CHARACTER SET " + c.Charset
	}
	if c.Collation != "" {
		text += " COLLATE " + c.Collation
	}
	return text
}

var unfitForName = regexp.MustCompile(`[^a-z0-9]+`)

// changeName makes a name for a change, as package plan does.
func changeName(text string) string {
	const most = 56
	text = strings.Trim(unfitForName.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return strings.Trim(text[:min(len(text), most)], "-")
}
