package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// mapped derives changes with a mapping from an operation under which running
// code would break; nil is: the operation is none of these.
func (d *deriver) mapped(ctx context.Context, table string, spec *ast.AlterTableSpec, at Scalar) ([]Derivation, error) {
	switch spec.Tp {
	case ast.AlterTableRenameColumn:
		return d.replaced(ctx, replacement{what: "rename", table: table, from: spec.OldColumnName.Name.O, to: spec.NewColumnName.Name.O}, at)
	case ast.AlterTableChangeColumn:
		from, to := spec.OldColumnName.Name.O, spec.NewColumns[0].Name.Name.O
		text, err := restore(spec.NewColumns[0])
		if err != nil {
			return nil, err
		}
		return d.replaced(ctx, replacement{what: "rename", table: table, from: from, to: to, definition: text}, at)
	case ast.AlterTableModifyColumn:
		return d.retype(ctx, table, spec, at)
	case ast.AlterTableAddColumns:
		return d.requiredColumn(ctx, table, spec, at)
	}
	return nil, nil
}

// replacement is a column that takes the place of another.
type replacement struct {
	what, table, from, to string
	definition            string // of the new column; empty is: the old one's type
}

// replaced derives two columns kept in step under two names.
func (d *deriver) replaced(ctx context.Context, by replacement, at Scalar) ([]Derivation, error) {
	from, to, definition := by.from, by.to, by.definition
	t, err := readWhole(ctx, d.db, by.table)
	if errors.Is(err, errNoTable) {
		return nil, d.refusal(at, refuse(CodeSourceMissing, "correct the name", "there is no table %s", by.table))
	}
	if err != nil {
		return nil, err
	}
	c := &clause{at: at, table: t}
	was, r := c.replaceable(from, to)
	if r != nil {
		return nil, d.refusal(at, r)
	}
	if definition == "" {
		if definition, r = c.definedAs(was, to); r != nil {
			return nil, d.refusal(at, r)
		}
	}
	loose := nullable(definition)
	required := loose != definition
	if !strings.Contains(loose, " NULL") {
		loose += " NULL" // some servers take a TIMESTAMP for NOT NULL otherwise
	}
	f := d.mapping(d.name(by.what, t.name, was.Name, "to", to), t.name, t.name, at)
	f.Expand = []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " ADD COLUMN " + loose + " AFTER " + mysqlx.Quote(was.Name)}}
	creates, drops, r := c.indexesOf(was, to)
	if r != nil {
		return nil, d.refusal(at, r)
	}
	f.Expand = append(f.Expand, creates...)
	if was.required() {
		f.Expand = append(f.Expand, Scalar{Text: c.loosened(was)})
	}
	f.Forward = []Assign{{Column: Scalar{Text: to}, Value: Scalar{Text: mysqlx.Quote(was.Name), Position: at.Position}}}
	f.Backward = []Assign{{Column: Scalar{Text: was.Name}, Value: Scalar{Text: mysqlx.Quote(to), Position: at.Position}}}
	f.Contract = slices.Concat(drops, []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " DROP COLUMN " + mysqlx.Quote(was.Name)}})
	p, err := Build(ctx, d.db, f, d.opts)
	if err != nil {
		return nil, err
	}
	out := []Derivation{{File: f, Plan: p, Why: fmt.Sprintf("both columns are kept in step: a release with the library first, then one that knows %s only", to)}}
	if required {
		after := d.file(d.name("require", t.name, to), []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " MODIFY COLUMN " + definition}})
		out = append(out, Derivation{File: after, After: f.Change.Text, Why: fmt.Sprintf("%[1]s is to be NOT NULL, and can be so once every row has it and %[2]s is gone", to, was.Name)})
	}
	return out, nil
}

// replaceable returns a column that another one can take the place of in the
// same table, or why none can.
func (c *clause) replaceable(from, to string) (column, *refusal) {
	was, r := c.column(from)
	if r != nil {
		return was, r
	}
	_, there := c.table.column(to)
	switch {
	case there:
		return was, refuse(CodeBothSides, "choose another name", "table %s has a column %s already", c.table.name, to)
	case was.generated || was.AutoIncrement || containsFold(c.table.primaryKey(), was.Name):
		return was, refuse(CodeKeyChanged, "copy the rows to a table of its own: a change file with a target table", "column %s is part of the key, numbered or computed by the server", was.Name)
	}
	if was.onUpdate {
		return was, refuse(CodeNondeterministic, "copy the rows to a table of its own: a change file with a target table", "the server sets column %s anew on every UPDATE, that of a mirror among them", was.Name)
	}
	if _, _, r := c.indexesOf(was, to); r != nil {
		return was, r
	}
	return was, c.unreferenced(was)
}

// definedAs returns a column's definition for one of another name. A check that
// stands in it is left out: the server names it, so it cannot be added here.
func (c *clause) definedAs(was column, name string) (string, *refusal) {
	definition, r := c.definition(was.Name)
	if r != nil {
		return "", r
	}
	definition = strings.TrimPrefix(visible(definition), mysqlx.Quote(was.Name))
	if replaceOutsideQuotes(definition, " CHECK ", "") != definition {
		definition = " " + typeOf(was)
		if was.Null == migrate.NotNull {
			definition += " NOT NULL"
		}
	}
	return mysqlx.Quote(name) + plainComments(definition), nil
}

// indexesOf returns the statements that create each plain index over a column
// anew with another column in its place, and those that drop the old ones: left
// to the server, an index of several columns would become another one, and
// dropping the column would take longer.
func (c *clause) indexesOf(was column, to string) (creates, drops []Scalar, r *refusal) {
	old, table := mysqlx.Quote(was.Name), mysqlx.Quote(c.table.name)
	for _, i := range c.table.indexes {
		kind, rest := c.table.indexText(i.name)
		parts := replaceOutsideQuotes(rest, old, mysqlx.Quote(to))
		switch {
		case parts == rest:
			continue
		case kind != "KEY":
			return nil, nil, refuse(CodeDDLForbidden, "drop the index first, as a change of its own, or replace it",
				"index %s, a %s, stands on column %s", i.name, kind, was.Name)
		}
		creates = append(creates, Scalar{Text: "CREATE INDEX " + mysqlx.Quote(shortened(i.name+"_"+to)) + " ON " + table + " " + parts})
		drops = append(drops, Scalar{Text: "ALTER TABLE " + table + " DROP INDEX " + mysqlx.Quote(i.name)})
	}
	return creates, drops, nil
}

// indexText returns what SHOW CREATE TABLE says of an index: what kind of key it
// is, and its parts with what follows them.
func (t *table) indexText(name string) (kind, rest string) {
	if name == "PRIMARY" {
		name = ""
	} else {
		name = mysqlx.Quote(name) + " "
	}
	for line := range strings.Lines(t.create) {
		kind, rest, ok := strings.Cut(strings.TrimSpace(line), "KEY "+name+"(")
		if ok && (kind == "" || slices.Contains(keyKinds, strings.TrimSpace(kind))) {
			return kind + "KEY", plainComments(strings.TrimSuffix("("+rest, ","))
		}
	}
	return "", ""
}

// keyKinds are what may stand before KEY.
var keyKinds = []string{"PRIMARY", "UNIQUE", "FULLTEXT", "SPATIAL"}

// mapping is a change file with a mapping, with every default and nothing
// assigned yet.
func (d *deriver) mapping(change, source, target string, at Scalar) *File {
	f := newFile(d.in.Name)
	f.Change, f.Service = Scalar{Text: change}, Scalar{Text: d.in.Service}
	f.Source.Table, f.Target.Table = Scalar{Text: source, Position: at.Position}, Scalar{Text: target, Position: at.Position}
	return f
}

// loosened returns the ALTER that lets an INSERT leave a column out, so that
// code which no longer knows the column can write rows.
func (c *clause) loosened(was column) string {
	definition, r := c.definition(was.Name)
	if _, ok := defaults[was.DataType]; r == nil && !ok {
		return c.alter("MODIFY COLUMN " + nullable(definition)).SQL
	}
	return loosen(c.table.name, was)
}

// shortened is a name that is not too long for the servers.
func shortened(name string) string {
	if r := []rune(name); len(r) > 64 {
		return string(r[:64])
	}
	return name
}

// typeOf is a column's type as DDL.
func typeOf(c column) string {
	if c.Collation == "" {
		return c.ColumnType
	}
	return c.ColumnType + " CHARACTER SET " + c.Charset + " COLLATE " + c.Collation
}

// requiredColumn derives two changes from a column that every INSERT would have
// to name: one that adds it, and one that requires it when code and rows are
// ready. nil is: the column is not of that kind.
func (d *deriver) requiredColumn(ctx context.Context, table string, spec *ast.AlterTableSpec, at Scalar) ([]Derivation, error) {
	if len(spec.NewColumns) != 1 || !required(spec.NewColumns[0]) {
		return nil, nil
	}
	col := spec.NewColumns[0]
	full, err := restore(col)
	if err != nil {
		return nil, err
	}
	loose := *spec
	loose.NewColumns = []*ast.ColumnDef{withoutNotNull(col)}
	text, err := specText(&loose)
	if err != nil {
		return nil, err
	}
	add := Scalar{Text: "ALTER TABLE " + mysqlx.Quote(table) + " " + text, Position: at.Position}
	p, err := d.probe(ctx, []Scalar{add})
	if err != nil {
		return nil, err
	}
	d.last.plan = nil
	name := d.name("add", table, col.Name.Name.O)
	p.Change.Name = name
	require := Scalar{Text: "ALTER TABLE " + mysqlx.Quote(table) + " MODIFY COLUMN " + full}
	return []Derivation{
		{File: d.file(name, []Scalar{add}), Plan: p, Why: "every INSERT of running code would fail on a NOT NULL column without a default, so it is added as NULL first"},
		{File: d.file(d.name("require", table, col.Name.Name.O), []Scalar{require}), After: name, Why: "required once every release writes it and no row lacks it"},
	}, nil
}

// withoutNotNull is a column's definition without NOT NULL.
func withoutNotNull(c *ast.ColumnDef) *ast.ColumnDef {
	out := *c
	out.Options = slices.DeleteFunc(slices.Clone(c.Options), func(o *ast.ColumnOption) bool { return o.Tp == ast.ColumnOptionNotNull })
	return &out
}

// required reports whether a definition makes an INSERT without the column fail.
func required(c *ast.ColumnDef) bool {
	notNull := false
	for _, o := range c.Options {
		switch o.Tp {
		case ast.ColumnOptionNotNull:
			notNull = true
		case ast.ColumnOptionDefaultValue, ast.ColumnOptionAutoIncrement, ast.ColumnOptionGenerated, ast.ColumnOptionPrimaryKey:
			return false
		}
	}
	return notNull
}
