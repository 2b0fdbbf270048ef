package plan

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// DDL is what changes are derived from.
type DDL struct {
	// Name is where the text comes from, for messages; Text is one or several
	// statements.
	Name, Text string
	// Service is the application. Required.
	Service string
	// Change names the change; where several are derived, it begins their names.
	// Defaults to a name made of what is done.
	Change string
}

// Derivation is one change that was derived.
type Derivation struct {
	// File is the change file; [Derivation.YAML] writes it.
	File *File
	// After is the change that has to be expanded before this one can be
	// planned; empty is none.
	After string
	// Why says what was derived and what the author should look at.
	Why string
}

// Derive makes change files of DDL: one for each run of operations that take
// the same course on the same table, and one with a mapping for each operation
// under which running code would break. Nothing is guessed: what has no safe
// derivation yields a [*RefusedError] with the place in the text. The same text
// on the same schema gives the same files.
func Derive(ctx context.Context, db *sql.DB, in DDL, opts Options) ([]Derivation, error) {
	d := &deriver{in: in, db: db, opts: opts.withDefaults(), names: map[string]int{}}
	statements, err := splitStatements(in)
	if err != nil {
		return nil, err
	}
	for _, s := range statements {
		if err := d.statement(ctx, s); err != nil {
			return nil, err
		}
	}
	return d.out, nil
}

// deriver collects what was derived.
type deriver struct {
	in    DDL
	db    *sql.DB
	opts  Options
	out   []Derivation
	names map[string]int
}

// refusal returns a refusal of the text as an error.
func (d *deriver) refusal(at Scalar, r *refusal) error {
	return &RefusedError{Change: cmp.Or(d.in.Change, d.in.Name), Findings: []Finding{{
		Code: r.code, Severity: Refusal, Object: oneLine(at.Text), Reason: r.reason, Remedy: r.remedy, Position: at.Position,
	}}}
}

// splitStatements cuts the text into statements, each with its place.
func splitStatements(in DDL) ([]Scalar, error) {
	d := &deriver{in: in}
	whole := Scalar{Text: in.Text, Position: Position{File: in.Name, Line: 1, Column: 1}}
	nodes, _, err := parser.New().Parse(in.Text, "", "")
	if err != nil {
		return nil, d.refusal(whole, refuse(CodeDDLSyntax, "correct the statement", "it does not parse: %s", oneLine(err.Error())))
	}
	if len(nodes) == 0 {
		return nil, d.refusal(whole, refuse(CodeDDLSyntax, "write a DDL statement", "there is no statement in it"))
	}
	var out []Scalar
	rest, offset := in.Text, 0
	for _, n := range nodes {
		i := strings.Index(rest, n.Text())
		if i < 0 {
			i = 0
		}
		text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(n.Text()), ";"))
		start := offset + i + strings.Index(n.Text(), text)
		line := 1 + strings.Count(in.Text[:start], "\n")
		column := start - strings.LastIndexByte(in.Text[:start], '\n')
		out = append(out, Scalar{Text: text, Position: Position{File: in.Name, Line: line, Column: column}})
		offset += i + len(n.Text())
		rest = in.Text[offset:]
	}
	return out, nil
}

// statement derives from one statement.
func (d *deriver) statement(ctx context.Context, at Scalar) error {
	node, table, r := parseAlter(at)
	if r != nil {
		return d.refusal(at, r)
	}
	specs, r := specsOf(node)
	alter, isAlter := node.(*ast.AlterTableStmt)
	if !isAlter {
		return d.alone(ctx, table, at.Text, at)
	}
	if r != nil {
		return d.refusal(at, r)
	}
	var group []string
	var course migrate.Course
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		text := "ALTER TABLE " + mysqlx.Quote(alter.Table.Name.O) + " " + strings.Join(group, ", ")
		group = nil
		return d.alone(ctx, table, text, at)
	}
	for _, spec := range specs {
		mapped, err := d.mapped(ctx, table, spec, at)
		if err != nil {
			return err
		}
		if mapped != nil {
			if err := flush(); err != nil {
				return err
			}
			d.out = append(d.out, mapped...)
			continue
		}
		text, err := specText(spec)
		if err != nil {
			return err
		}
		next, err := d.courseOf(ctx, table, text, at, course)
		if err != nil {
			return err
		}
		if next != course {
			if err := flush(); err != nil {
				return err
			}
		}
		course, group = next, append(group, text)
	}
	return flush()
}

// courseOf returns the course of one operation, by planning it alone. An
// operation that stands on the one before it in the statement, as an index on a
// column that is only being added, cannot be planned alone: it is put with that
// one, and planning both decides.
func (d *deriver) courseOf(ctx context.Context, table, text string, at Scalar, before migrate.Course) (migrate.Course, error) {
	file := d.file("probe", []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(table) + " " + text, Position: at.Position}})
	p, err := Build(ctx, d.db, file, d.opts)
	var refused *RefusedError
	if errors.As(err, &refused) && before != "" && slices.Contains([]Code{CodeDDLRejected, CodeColumnUnknown}, refused.Findings[0].Code) {
		return before, nil
	}
	if err != nil {
		return "", err
	}
	return p.Change.Course, nil
}

// alone keeps a change of the schema alone.
func (d *deriver) alone(ctx context.Context, table, text string, at Scalar) error {
	alter := []Scalar{{Text: text, Position: at.Position}}
	p, err := Build(ctx, d.db, d.file("probe", alter), d.opts)
	if err != nil {
		return err
	}
	name := d.name(p.Schema.Kinds[0], table, p.subject())
	why := map[migrate.Course]string{
		migrate.Added:     "running code does not notice: one step",
		migrate.Tightened: "the server will refuse what it took before: rows and code have to be ready",
		migrate.Retired:   "hidden first, held, and dropped when somebody asks for it",
	}[p.Change.Course]
	d.out = append(d.out, Derivation{File: d.file(name, alter), Why: strings.Join(p.Schema.Kinds, ", ") + ": " + why})
	return nil
}

// subject is the first thing that the plan changes in its table; empty where it
// is the table itself.
func (p *Plan) subject() string {
	for _, list := range [][]Statement{p.Contract, p.Expand} {
		for _, s := range list {
			for _, e := range s.Effects {
				if e.Name != "" {
					return e.Name
				}
			}
		}
	}
	return ""
}

// file is a change file of the schema alone, with every default.
func (d *deriver) file(change string, alter []Scalar) *File {
	f := newFile(d.in.Name)
	f.Change, f.Service, f.Alter = Scalar{Text: change}, Scalar{Text: d.in.Service}, alter
	return f
}

var unfitForName = regexp.MustCompile(`[^a-z0-9]+`)

// name makes a name for a change: what is done to what.
func (d *deriver) name(parts ...string) string {
	text := cmp.Or(d.in.Change, strings.Join(parts, " "))
	text = strings.Trim(unfitForName.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if len(text) > 56 {
		text = strings.Trim(text[:56], "-")
	}
	text = cmp.Or(text, "change")
	d.names[text]++
	if n := d.names[text]; n > 1 {
		return fmt.Sprintf("%s-%d", text, n)
	}
	return text
}

// mapped derives changes with a mapping from an operation under which running
// code would break; nil is: the operation is none of these.
func (d *deriver) mapped(ctx context.Context, table string, spec *ast.AlterTableSpec, at Scalar) ([]Derivation, error) {
	switch spec.Tp {
	case ast.AlterTableRenameColumn:
		return d.renameColumn(ctx, table, spec.OldColumnName.Name.O, spec.NewColumnName.Name.O, "", at)
	case ast.AlterTableChangeColumn:
		from, to := spec.OldColumnName.Name.O, spec.NewColumns[0].Name.Name.O
		if strings.EqualFold(from, to) {
			return nil, d.refusal(at, refuse(CodeDDLForbidden, "write MODIFY COLUMN, or give the new column a name of its own", "it changes column %s and keeps its name", from))
		}
		text, err := restore(spec.NewColumns[0])
		if err != nil {
			return nil, err
		}
		return d.renameColumn(ctx, table, from, to, text, at)
	case ast.AlterTableAddColumns:
		return d.requiredColumn(ctx, table, spec, at)
	}
	return nil, nil
}

// renameColumn derives two columns kept in step under two names: definition is
// the new column's, or empty for the old one's type.
func (d *deriver) renameColumn(ctx context.Context, tableName, from, to, definition string, at Scalar) ([]Derivation, error) {
	t, err := readWhole(ctx, d.db, tableName)
	if errors.Is(err, errNoTable) {
		return nil, d.refusal(at, refuse(CodeSourceMissing, "correct the name", "there is no table %s", tableName))
	}
	if err != nil {
		return nil, err
	}
	c := &clause{at: at, table: t}
	was, r := c.column(from)
	if r == nil {
		_, there := t.column(to)
		switch {
		case there:
			r = refuse(CodeBothSides, "choose another name", "table %s has a column %s already", t.name, to)
		case was.generated || was.AutoIncrement || containsFold(t.primaryKey(), was.Name):
			r = refuse(CodeKeyChanged, "copy the rows to a table of its own: a change file with a target table", "column %s is part of the key, numbered or computed by the server", was.Name)
		default:
			r = c.unindexed(was)
		}
	}
	if r != nil {
		return nil, d.refusal(at, r)
	}
	if definition == "" {
		definition = mysqlx.Quote(to) + " " + typeOf(was) + " NULL"
	} else {
		definition = nullable(definition)
		if !strings.Contains(definition, " NULL") {
			definition += " NULL"
		}
	}
	f := newFile(d.in.Name)
	name := d.name("rename", t.name, was.Name, "to", to)
	f.Change, f.Service = Scalar{Text: name}, Scalar{Text: d.in.Service}
	f.Source.Table, f.Target.Table = Scalar{Text: t.name}, Scalar{Text: t.name}
	f.Expand = []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " ADD COLUMN " + definition + " AFTER " + mysqlx.Quote(was.Name)}}
	for _, i := range t.indexes {
		if len(i.columns) == 1 && strings.EqualFold(i.columns[0], was.Name) && i.usable {
			f.Expand = append(f.Expand, Scalar{Text: "CREATE INDEX " + mysqlx.Quote(shortened(i.name+"_"+to)) + " ON " + mysqlx.Quote(t.name) + " (" + mysqlx.Quote(to) + ")"})
		}
	}
	if was.required() {
		f.Expand = append(f.Expand, Scalar{Text: c.loosened(was)})
	}
	f.Forward = []Assign{{Column: Scalar{Text: to}, Value: Scalar{Text: mysqlx.Quote(was.Name)}}}
	f.Backward = []Assign{{Column: Scalar{Text: was.Name}, Value: Scalar{Text: mysqlx.Quote(to)}}}
	f.Contract = []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " DROP COLUMN " + mysqlx.Quote(was.Name)}}
	out := []Derivation{{File: f, Why: fmt.Sprintf("both columns are kept in step: a release with the library first, then one that knows %s only", to)}}
	if was.Null == migrate.NotNull {
		after := d.file(d.name("require", t.name, to), []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " MODIFY COLUMN " + strings.TrimSuffix(definition, " NULL") + " NOT NULL"}})
		out = append(out, Derivation{File: after, After: name, Why: fmt.Sprintf("%s is NOT NULL; %s can be so once every row has it and %s is gone", was.Name, to, was.Name)})
	}
	return out, nil
}

// loosened returns the ALTER that lets an INSERT leave a column out, so that
// code which no longer knows the column can write rows.
func (c *clause) loosened(was column) string {
	definition, r := c.definition(was.Name)
	if r == nil && (listed(was) || was.DataType == "json" || strings.HasSuffix(was.DataType, "text") || strings.HasSuffix(was.DataType, "blob")) {
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
	bare := *col
	bare.Options = slices.DeleteFunc(slices.Clone(col.Options), func(o *ast.ColumnOption) bool { return o.Tp == ast.ColumnOptionNotNull })
	loose.NewColumns = []*ast.ColumnDef{&bare}
	text, err := specText(&loose)
	if err != nil {
		return nil, err
	}
	add := Scalar{Text: "ALTER TABLE " + mysqlx.Quote(table) + " " + text, Position: at.Position}
	if _, err := Build(ctx, d.db, d.file("probe", []Scalar{add}), d.opts); err != nil {
		return nil, err
	}
	name := d.name("add", table, col.Name.Name.O)
	require := Scalar{Text: "ALTER TABLE " + mysqlx.Quote(table) + " MODIFY COLUMN " + full}
	return []Derivation{
		{File: d.file(name, []Scalar{add}), Why: "every INSERT of running code would fail on a NOT NULL column without a default, so it is added as NULL first"},
		{File: d.file(d.name("require", table, col.Name.Name.O), []Scalar{require}), After: name, Why: "required once every release writes it and no row lacks it"},
	}, nil
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
