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
	classify "github.com/underpin-db/underpin/migrate/ddl"
)

// Schema is what a plan of a change of the schema alone has in place of a
// mapping.
type Schema struct {
	// Alter is the DDL as its author wrote it.
	Alter []string `json:"alter"`
	// Kinds are the kinds of operation, in order.
	Kinds []string `json:"kinds"`
	// Fits find rows that the server would refuse.
	Fits []Fit `json:"fits,omitempty"`
	// Hold is how long what is to be dropped stays hidden first.
	Hold Duration `json:"hold,omitempty"`
	// Code is what the application's code has to do.
	Code Obligation `json:"code"`
	// Before is the table as it was planned for; empty where there was none.
	// Back is the table after a way back, where something stays loosened.
	Before string `json:"before,omitempty"`
	Back   string `json:"back,omitempty"`
	// Table is the one table that is changed.
	Table string `json:"table"`
}

// Says reports whether a change file is the one that the plan of a change of
// the schema alone was made of. Once the change is under way its plan cannot be
// made again to be compared: what it asks for is there by then.
func (p *Plan) Says(f *File) bool {
	if p.Schema == nil || p.Change.Name != f.Change.Text || p.Change.Service != f.Service.Text {
		return false
	}
	return slices.Equal(p.Schema.Alter, scalarTexts(f.Alter)) && slices.Equal(p.Change.Releases, f.Releases) &&
		(p.Change.Course != migrate.Retired || p.Schema.Hold == f.Hold)
}

// alteration builds the plan of a change of the schema alone.
type alteration struct {
	*builder
	statements []ast.StmtNode
	at         []Scalar
	table      string
	whole      *table // nil where the table is created
	parts      []derived
	back       string // the table's fingerprint after a way back
}

// buildAlter makes the plan of a file with alter.
func buildAlter(ctx context.Context, b *builder) (*Plan, error) {
	a := &alteration{builder: b}
	for _, stage := range []func(context.Context) error{
		a.parse, a.read, a.derive, a.tryParts, a.lookForUnfit, a.checkTriggers,
	} {
		if err := stage(ctx); err != nil {
			return nil, err
		}
		if err := b.refused(); err != nil {
			return nil, err
		}
	}
	return a.assemble(), nil
}

// checkTriggers warns if the table may have triggers that the user does not see.
func (a *alteration) checkTriggers(ctx context.Context) error {
	if a.whole == nil {
		return nil
	}
	return a.checkSight(ctx, Scalar{Text: a.table, Position: a.at[0].Position})
}

// read reads the server and the table.
func (a *alteration) read(ctx context.Context) (err error) {
	if a.server, a.database, err = readServer(ctx, a.db); err != nil {
		return err
	}
	a.whole, err = readWhole(ctx, a.db, a.table)
	_, creates := a.statements[0].(*ast.CreateTableStmt)
	switch {
	case errors.Is(err, errNoTable) && creates:
		a.whole = nil
		return nil
	case errors.Is(err, errNoTable):
		a.refuse(CodeSourceMissing, a.table, a.at[0].Position,
			fmt.Sprintf("there is no table %s in database %s that the user may see", a.table, a.database), "correct the name, or grant SELECT on it")
		return nil
	case err != nil:
		return err
	case creates:
		a.refuse(CodeTargetExists, a.table, a.at[0].Position, "the table is there already", "choose another name")
		return nil
	}
	a.checkKind(a.whole, Scalar{Text: a.table, Position: a.at[0].Position})
	return nil
}

// shadow is the file as the scratch wants it.
func (a *alteration) shadow() *File {
	f := *a.file
	f.Source.Table, f.Target.Table = Scalar{Text: a.table}, Scalar{Text: a.table}
	return &f
}

// derive turns every operation into a part of the change. What an operation
// makes of the table is found out on a scratch table.
func (a *alteration) derive(ctx context.Context) error {
	if a.whole == nil {
		d, r := createTable(a.at[0], a.statements[0].(*ast.CreateTableStmt))
		a.keep(d, r, a.at[0])
		if a.stopped() {
			return nil
		}
		return a.tryCreate(ctx)
	}
	return a.onCopy(ctx, func(s *scratch) error {
		for i, node := range a.statements {
			if err := a.deriveStatement(ctx, s, node, a.at[i]); err != nil || a.stopped() {
				return err
			}
		}
		return nil
	})
}

// onCopy calls fn with an empty copy of the table.
func (a *alteration) onCopy(ctx context.Context, fn func(*scratch) error) error {
	return withScratch(ctx, a.db, a.database, a.shadow(), func(s *scratch) error {
		if err := s.copySource(ctx); err != nil {
			return fmt.Errorf("copy the shape of %s to a scratch table: %w", a.table, explain(err))
		}
		return fn(s)
	})
}

func (a *alteration) deriveStatement(ctx context.Context, s *scratch, node ast.StmtNode, at Scalar) error {
	switch n := node.(type) {
	case *ast.DropTableStmt:
		d, r := dropTable(a.whole)
		a.keep(d, r, at)
		return nil
	case *ast.RenameTableStmt:
		a.keep(renameTable(a.whole, n.TableToTables[0].NewTable.Name.O), nil, at)
		return nil
	case *ast.CreateTableStmt:
		a.refuse(CodeTargetExists, a.table, at.Position, "the table is there already", "choose another name")
		return nil
	}
	specs, r := specsOf(node)
	if r != nil {
		a.keep(derived{}, r, at)
		return nil
	}
	for _, spec := range specs {
		if err := a.deriveSpec(ctx, s, spec, at); err != nil || a.stopped() {
			return err
		}
	}
	return nil
}

// deriveSpec tries an operation on the scratch and derives its part.
func (a *alteration) deriveSpec(ctx context.Context, s *scratch, spec *ast.AlterTableSpec, at Scalar) error {
	text, err := specText(spec)
	if err != nil {
		return err
	}
	c := &clause{at: at, table: a.whole, flavour: a.server.Flavour, spec: spec, text: text}
	if r := c.refused(); r != nil {
		a.keep(derived{}, r, at)
		return nil
	}
	if !untried(spec) {
		sql := "ALTER TABLE " + mysqlx.Quote(s.source) + " " + text
		err := s.exec(ctx, "/* underpin plan */ "+sql)
		if _, refused := classify.ClauseRefused(err); refused { // MySQL does not go on to the next way by itself
			err = s.exec(ctx, "/* underpin plan */ "+sql+", ALGORITHM=INPLACE")
		}
		if ok, err := a.accepted(s, err, sql, at); err != nil || !ok {
			return err
		}
		if c.after, err = readWhole(ctx, s.conn, s.source); err != nil {
			return err
		}
	}
	d, r := c.derive()
	a.keep(d, r, at)
	if r == nil && spec.Constraint != nil && spec.Constraint.Tp == ast.ConstraintForeignKey {
		return a.tryKey(ctx, s, spec.Constraint, at)
	}
	return nil
}

// The errors of MySQL and MariaDB for a name that is taken.
const (
	duplicateColumn = 1060
	duplicateIndex  = 1061
)

// accepted makes a finding of what the server has against a statement.
func (a *alteration) accepted(s *scratch, err error, sql string, at Scalar) (ok bool, _ error) {
	if err == nil {
		return true, nil
	}
	words, ok := rejected(err)
	if !ok {
		return false, fmt.Errorf("try %q on a scratch table: %w", sql, explain(err))
	}
	remedy := "correct the statement"
	if n := mysqlx.Number(err); n == duplicateColumn || n == duplicateIndex {
		remedy = "choose another name; if it is there because this change was carried out, nothing is left to plan: see underpin status"
	}
	a.refuse(CodeDDLRejected, oneLine(at.Text), at.Position, s.unscratch(words), remedy)
	return false, nil
}

// keep takes a part into the change, or the reason why there is none.
func (a *alteration) keep(d derived, r *refusal, at Scalar) {
	if r == nil && len(a.parts) > 0 && a.parts[0].course != d.course {
		r = refuse(CodeDDLForbidden, "write a change file for each; underpin plan \"DDL\" does so",
			"%s takes the course %s and %s the course %s, which wait for different things", a.parts[0].kind, a.parts[0].course, d.kind, d.course)
	}
	if r != nil {
		a.refuse(r.code, oneLine(at.Text), at.Position, r.reason, r.remedy)
		return
	}
	a.parts = append(a.parts, d)
}

// tryParts carries out on a fresh scratch what the engine is going to do: on,
// back, on again and to the end. On the way it reads what each column becomes,
// by which the engine will know that a statement has been executed.
func (a *alteration) tryParts(ctx context.Context) error {
	if a.whole == nil {
		return nil
	}
	return a.onCopy(ctx, func(s *scratch) error {
		expand, undo, contract := a.statementsOf()
		if err := a.tryAll(ctx, s, slices.Concat(expand, undo)); err != nil || a.stopped() {
			return err
		}
		back, err := readWhole(ctx, s.conn, s.source)
		if err != nil {
			return err
		}
		a.back = back.fingerprint()
		return a.tryAll(ctx, s, slices.Concat(expand, contract))
	})
}

func (a *alteration) tryAll(ctx context.Context, s *scratch, list []*Statement) error {
	for _, st := range list {
		if err := a.tryPart(ctx, s, st); err != nil || a.stopped() {
			return err
		}
	}
	return nil
}

// tryPart carries one statement out on the scratch and completes its effects.
func (a *alteration) tryPart(ctx context.Context, s *scratch, st *Statement) error {
	c, ok, err := a.judge(ctx, s, *st, a.at[0].Position)
	if err != nil || !ok {
		return err
	}
	rest, ok := strings.CutPrefix(st.SQL, "ALTER TABLE "+mysqlx.Quote(a.whole.name)+" ")
	if !ok || st.aboutConstraint(ConstraintExists, ConstraintAbsent) {
		a.keepCost(c)
		return nil // about other names, which a scratch table does not have
	}
	sql := "ALTER TABLE " + mysqlx.Quote(s.source) + " " + rest
	if ok, err := a.accepted(s, a.carryOut(ctx, s, c, sql, a.at[0].Position), sql, a.at[0]); err != nil || !ok {
		return err
	}
	texts, err := readTexts(ctx, s.conn, s.source)
	if err != nil {
		return err
	}
	for i, e := range st.Effects {
		if e.Kind == ColumnIs {
			st.Effects[i].Want = texts[e.Name]
		}
	}
	return nil
}

// aboutConstraint reports whether an effect is of one of the kinds.
func (s *Statement) aboutConstraint(kinds ...EffectKind) bool {
	return slices.ContainsFunc(s.Effects, func(e Effect) bool { return slices.Contains(kinds, e.Kind) })
}

// statementsOf returns the statements of all parts in the order of their
// execution; undo goes backwards.
func (a *alteration) statementsOf() (expand, undo, contract []*Statement) {
	for i := range a.parts {
		p, back := &a.parts[i], &a.parts[len(a.parts)-1-i]
		expand, contract, undo = append(expand, pointers(p.expand)...), append(contract, pointers(p.contract)...), append(undo, pointers(back.undo)...)
	}
	return expand, undo, contract
}

func pointers(list []Statement) []*Statement {
	out := make([]*Statement, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// lookForUnfit looks for rows that the server would refuse.
func (a *alteration) lookForUnfit(ctx context.Context) error {
	for _, p := range a.parts {
		for _, f := range p.fits {
			bounded := f
			bounded.Query = limited(f.Query, a.server.Flavour, a.opts.StatementLimit)
			rows, err := Unfit(ctx, a.db, bounded)
			words, rejected := rejected(err)
			switch {
			case mysqlx.Classify(err) == mysqlx.ClassKilled:
				a.warn(CodeSampleFailed, a.table, a.at[0].Position,
					fmt.Sprintf("looking for rows where %s took longer than %s", f.What, a.opts.StatementLimit), "apply will look again, without a limit")
			case rejected:
				a.refuse(CodeDDLRejected, a.table, a.at[0].Position, words, "correct the statement")
			case err != nil:
				return err
			case len(rows) > 0:
				a.warn(CodeRowsUnfit, a.table, a.at[0].Position,
					fmt.Sprintf("the server would refuse rows that are there: %s, for example %s", f.What, strings.Join(rows[:min(3, len(rows))], "; ")),
					"mend them before apply, which waits for it")
			}
		}
	}
	return nil
}

// assemble puts the plan together.
func (a *alteration) assemble() *Plan {
	p := &Plan{
		Change: migrate.Change{Name: a.file.Change.Text, Service: a.file.Service.Text, Course: a.parts[0].course, Releases: a.file.Releases},
		Schema: &Schema{Table: a.table, Hold: a.file.Hold, Alter: scalarTexts(a.file.Alter)},
		Expand: []Statement{}, Undo: []Statement{}, Contract: []Statement{},
		Facts: Facts{Server: a.server}, Sample: Sample{Coverage: Complete},
		Connections: a.file.Connections,
	}
	if p.Change.Course != migrate.Retired {
		p.Schema.Hold = 0
	}
	if a.whole != nil {
		p.Facts.Source = a.whole.facts
		p.Schema.Before = a.whole.fingerprint()
		if a.back != p.Schema.Before {
			p.Schema.Back = a.back
		}
	}
	expand, undo, contract := a.statementsOf()
	for into, list := range map[*[]Statement][]*Statement{&p.Expand: expand, &p.Undo: undo, &p.Contract: contract} {
		for _, st := range list {
			*into = append(*into, *st)
		}
	}
	for _, part := range a.parts {
		p.Schema.Kinds = append(p.Schema.Kinds, part.kind)
		p.Schema.Fits = append(p.Schema.Fits, part.fits...)
		p.Schema.Code = p.Schema.Code.and(part.code)
	}
	p.Facts.Costs = a.coster.costs
	if a.whole != nil {
		a.checkCosts(slices.Concat(p.Expand, p.Contract), a.at[0].Position, a.whole.facts)
	}
	a.sortFindings()
	p.Findings = a.findings
	p.Steps = steps(p)
	return p
}
