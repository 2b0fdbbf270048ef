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
	// Into names what takes the place of a column ("items.price") or a table
	// ("items") whose old name running code still needs while both are kept in
	// step. Defaults to the old name with _new behind it.
	Into map[string]string
}

// Derivation is one change that was derived.
type Derivation struct {
	// File is the change file; [Derivation.YAML] writes it.
	File *File
	// Plan is the plan of the file, as [Build] makes it; nil where the change can
	// only be planned After another.
	Plan *Plan
	// After is the change that has to be expanded before this one can be
	// planned; empty is none.
	After string
	// Why says what was derived and what the author should look at.
	Why string
	// Instead is the change file to write if the author meant something that DDL
	// cannot say; nil is none.
	Instead *File
}

// Derive makes change files of DDL: one for each run of operations that take
// the same course on the same table, and one with a mapping for each operation
// under which running code would break. Nothing is guessed: what has no safe
// derivation yields a [*RefusedError] with the place in the text. The same text
// on the same schema gives the same files.
func Derive(ctx context.Context, db *sql.DB, in DDL, opts Options) ([]Derivation, error) {
	d := &deriver{in: in, db: db, opts: opts.withDefaults(), names: map[string]int{}}
	if !namePattern.MatchString(in.Service) {
		return nil, Errors{{File: in.Name, Path: "service", Problem: fmt.Sprintf("%q is no name for it", in.Service), Hint: nameHint}}
	}
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
	// last is what was planned last.
	last struct {
		alter []Scalar
		plan  *Plan
	}
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
		r, at := unparsed(in.Text, err)
		if at.Line > 0 {
			whole.Line, whole.Column = at.Line, at.Column
		}
		return nil, d.refusal(whole, r)
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
	alter, ok := node.(*ast.AlterTableStmt)
	if !ok {
		return d.alone(ctx, table, []Scalar{at})
	}
	specs, r := specsOf(alter)
	if r != nil {
		return d.refusal(at, r)
	}
	specs = joined(unbundled(modified(specs)))
	if err := d.nameUnnamed(ctx, table, specs); err != nil {
		return err
	}
	rebuilds, err := d.rebuilds(ctx, table, specs, at)
	if err != nil {
		return err
	}
	if rebuilds {
		return d.rebuild(ctx, table, specs, at)
	}
	first := len(d.out)
	if err := d.groups(ctx, table, specs, at); err != nil {
		return err
	}
	return d.advise(ctx, table, specs, at, d.out[first:])
}

// groups derives a change of each run of operations that take the same course,
// and those with a mapping by themselves.
func (d *deriver) groups(ctx context.Context, table string, specs []*ast.AlterTableSpec, at Scalar) error {
	var group []string
	var course migrate.Course
	var begun operation // the group's first, if it is known
	first := len(d.out)
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		alter := []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(table) + " " + strings.Join(group, ", "), Position: at.Position}}
		group = nil
		err := d.alone(ctx, table, alter)
		if standsOnAnother(err) && begun.kind != "" && len(d.out) > first {
			d.later(table, alter, begun)
			return nil
		}
		return err
	}
	known, err := d.courses(ctx, table, specs, at)
	if err != nil {
		return err
	}
	for i, spec := range specs {
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
		next := known[i].course
		if next == "" {
			if next, err = d.courseOf(ctx, table, text, at, course); err != nil {
				return err
			}
		}
		if next != course {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(group) == 0 {
			begun = known[i]
		}
		course, group = next, append(group, text)
	}
	return flush()
}

// operation is what is known of one before it is planned.
type operation struct {
	course        migrate.Course
	kind, subject string
}

// standsOnAnother reports whether a plan was refused for want of something that
// another operation of the same statement makes.
func standsOnAnother(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused) && slices.Contains([]Code{CodeDDLRejected, CodeColumnUnknown}, refused.Findings[0].Code)
}

// later keeps a change of the schema alone that can be planned once the one before
// it has been carried out, on which it stands.
func (d *deriver) later(table string, alter []Scalar, o operation) {
	d.out = append(d.out, Derivation{
		File: d.file(d.name(o.kind, table, o.subject), alter), After: d.out[len(d.out)-1].File.Change.Text,
		Why: o.kind + ": " + whys[o.course],
	})
}

// courses finds out the course of each operation of a statement by its place, on
// one scratch table for all, each after those before it. Planning each by itself
// would take many times as long. What takes no course there is left out: what is
// to be said of it is said where it is planned alone.
func (d *deriver) courses(ctx context.Context, table string, specs []*ast.AlterTableSpec, at Scalar) (map[int]operation, error) {
	if len(specs) < 2 {
		return nil, nil
	}
	b := &builder{db: d.db, file: d.file("probe", []Scalar{at}), opts: d.opts}
	a := &alteration{builder: b, table: table, at: b.file.Alter, statements: []ast.StmtNode{&ast.AlterTableStmt{Specs: specs}}}
	if err := a.read(ctx); err != nil || a.stopped() {
		return nil, err
	}
	out := map[int]operation{}
	err := a.onCopy(ctx, func(s *scratch) error {
		for i, spec := range specs {
			a.parts, a.findings = nil, nil
			if err := a.deriveSpec(ctx, s, spec, at); err != nil {
				return err
			}
			if len(a.parts) > 0 {
				out[i] = operation{a.parts[0].course, a.parts[0].kind, subjectOf(a.parts[0].contract, a.parts[0].expand)}
			}
		}
		return nil
	})
	return out, err
}

// courseOf returns the course of one operation, by planning it alone. An
// operation that stands on the one before it in the statement, as an index on a
// column that is only being added, cannot be planned alone: it is put with that
// one, and planning both decides.
func (d *deriver) courseOf(ctx context.Context, table, text string, at Scalar, before migrate.Course) (migrate.Course, error) {
	p, err := d.probe(ctx, []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(table) + " " + text, Position: at.Position}})
	if before != "" && standsOnAnother(err) {
		return before, nil
	}
	if err != nil {
		return "", err
	}
	return p.Change.Course, nil
}

// probe plans a change of the schema alone before it has a name. What was
// planned last is kept: most statements have one operation, which is planned to
// learn its course and then again to be derived.
func (d *deriver) probe(ctx context.Context, alter []Scalar) (*Plan, error) {
	if d.last.plan != nil && slices.Equal(d.last.alter, alter) {
		return d.last.plan, nil
	}
	p, err := Build(ctx, d.db, d.file("probe", alter), d.opts)
	d.last.plan, d.last.alter = p, alter
	return p, err
}

// whys say what the courses of a change of the schema alone mean.
var whys = map[migrate.Course]string{
	migrate.Added:     "running code does not notice: one step",
	migrate.Tightened: "the server will refuse what it took before: rows and code have to be ready",
	migrate.Retired:   "hidden first, held, and dropped when somebody asks for it",
}

// why says what was derived. A table that is renamed hides nothing.
func (s *Schema) why(course migrate.Course) string {
	if slices.Contains(s.Kinds, kindRename) {
		return "a view has the new name first; the table takes it when somebody asks for it"
	}
	return cmp.Or(s.ownWords().why, whys[course])
}

// alone keeps a change of the schema alone.
func (d *deriver) alone(ctx context.Context, table string, alter []Scalar) error {
	p, err := d.probe(ctx, alter)
	if err != nil {
		return err
	}
	d.last.plan = nil // it gets a name now
	p.Change.Name = d.name(p.Schema.Kinds[0], table, p.subject())
	d.out = append(d.out, Derivation{
		File: d.file(p.Change.Name, alter), Plan: p,
		Why: strings.Join(p.Schema.Kinds, ", ") + ": " + p.Schema.why(p.Change.Course),
	})
	return nil
}

// into is what takes the place of a column or a table.
func (d *deriver) into(old string) string {
	name, ok := d.in.Into[old]
	if !ok {
		name = old[strings.LastIndexByte(old, '.')+1:] + "_new"
	}
	return name
}

// subject is the first thing that the plan changes in its table; empty where it
// is the table itself.
func (p *Plan) subject() string { return subjectOf(p.Contract, p.Expand) }

// subjectOf is the first thing that any of the statements changes.
func subjectOf(lists ...[]Statement) string {
	for _, list := range lists {
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

// command is what to type into a shell to have DDL planned. Names are quoted,
// and the shell kept from reading the quotes, only where they have to be.
func command(format string, names ...string) string {
	fill := func(name func(string) string) string {
		args := make([]any, len(names))
		for i, n := range names {
			args[i] = name(n)
		}
		return fmt.Sprintf(format, args...)
	}
	bare := fill(func(n string) string { return n })
	if _, _, err := parser.New().Parse(bare, "", ""); err == nil && !strings.ContainsAny(bare, "`$\"\\!") {
		return `underpin plan "` + bare + `"`
	}
	return "underpin plan '" + strings.ReplaceAll(fill(mysqlx.Quote), "'", `'\''`) + "'"
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
