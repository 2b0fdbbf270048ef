package plan

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/migrate"
)

// Defaults of [Options].
const (
	// DefaultSampleRows is how many rows are read at most.
	DefaultSampleRows = 10_000
	// DefaultStatementLimit bounds each statement that reads rows.
	DefaultStatementLimit = 10 * time.Second
)

// Options says how a plan is made. The zero value is right.
type Options struct {
	// SampleRows bounds how many rows go through the mapping. Defaults to
	// DefaultSampleRows.
	SampleRows int
	// StatementLimit bounds each statement that reads rows; the server ends it.
	// Defaults to DefaultStatementLimit.
	StatementLimit time.Duration
}

// withDefaults returns the options with the zero fields filled.
func (o Options) withDefaults() Options {
	o.SampleRows = cmp.Or(o.SampleRows, DefaultSampleRows)
	o.StatementLimit = cmp.Or(o.StatementLimit, DefaultStatementLimit)
	return o
}

// ErrMoved says that a table was altered while it was being planned for.
var ErrMoved = errors.New("the table was altered meanwhile: plan again")

// Build makes the plan of a change against the database of db, which has to be
// opened by mysqlx.Open. It touches no user table: DDL is tried on empty
// scratch tables, and rows are read with plain SELECTs. A change that may not be
// carried out yields a [*RefusedError]; any other error is about the server or
// the connection.
func Build(ctx context.Context, db *sql.DB, file *File, opts Options) (*Plan, error) {
	b := &builder{db: db, file: file, opts: opts.withDefaults()}
	if len(file.Alter) > 0 {
		return buildAlter(ctx, b)
	}
	for _, stage := range []func(context.Context) error{
		b.parseStatements, b.readLive, b.checkTables, b.tryOut, b.warnOfCosts, b.takeSample, b.checkStrays, b.checkUnmoved,
	} {
		if err := stage(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
				err = fmt.Errorf("%w: %w", cause, err) // the server's word for a kill
			}
			return nil, err
		}
		if err := b.refused(); err != nil {
			return nil, err
		}
	}
	return b.assemble(), nil
}

// builder holds what is known so far about the change that is being planned.
type builder struct {
	db       *sql.DB
	file     *File
	opts     Options
	findings []Finding

	server   Server
	database string

	expand, contract []*ddl
	// live are the tables as they are now; target is nil where it is not there.
	live struct{ source, target *table }
	// before and after are the source without and with what expand adds;
	// target is the target's table after expand: after itself, in a column change.
	before, after, target *table
	// targetBefore is the target's table before expand, in a merge.
	targetBefore *table

	sourceKey, targetKey []column
	forward, backward    []assignment
	where                resolved
	sample               Sample
	deferred             *Deferred
	foreign              *Foreign
	coster               coster
}

// assignment is a resolved line of forward or backward.
type assignment struct {
	resolved
	to column
	// as written, for messages.
	line Assign
}

// columnChange reports whether both shapes are columns of one table.
func (b *builder) columnChange() bool { return b.file.Source.Table.Text == b.file.Target.Table.Text }

// add records a finding.
func (b *builder) add(s Severity, c Code, object string, at Position, reason, remedy string) {
	at.File = cmp.Or(at.File, b.file.Name)
	b.findings = append(b.findings, Finding{Code: c, Severity: s, Object: object, Reason: reason, Remedy: remedy, Position: at})
}

// refuse records a finding that forbids the change.
func (b *builder) refuse(c Code, object string, at Position, reason, remedy string) {
	b.add(Refusal, c, object, at, reason, remedy)
}

// warn records a finding for the reviewer.
func (b *builder) warn(c Code, object string, at Position, reason, remedy string) {
	b.add(Warning, c, object, at, reason, remedy)
}

// refused returns the findings as an error if one of them forbids the change.
func (b *builder) refused() error {
	b.sortFindings()
	if len(b.findings) > 0 && b.findings[0].Severity == Refusal {
		return &RefusedError{Change: b.file.Change.Text, Findings: b.findings}
	}
	return nil
}

// stopped reports whether a finding forbids the change already.
func (b *builder) stopped() bool { return b.refused() != nil }

// sortFindings puts refusals first, then the order of the file.
func (b *builder) sortFindings() {
	slices.SortStableFunc(b.findings, func(x, y Finding) int {
		return cmp.Or(strings.Compare(string(x.Severity), string(y.Severity)),
			cmp.Compare(x.Position.Line, y.Position.Line), cmp.Compare(x.Position.Column, y.Position.Column),
			strings.Compare(string(x.Code), string(y.Code)), strings.Compare(x.Object, y.Object))
	})
}

// parseStatements parses the DDL and holds it against what is allowed.
func (b *builder) parseStatements(context.Context) error {
	for _, set := range []struct {
		texts []Scalar
		into  *[]*ddl
		allow func(*ddl, *File) *refusal
	}{
		{b.file.Expand, &b.expand, allowExpand},
		{b.file.Contract, &b.contract, allowContract},
	} {
		for _, text := range set.texts {
			d, r := parseDDL(text)
			if r == nil {
				r = set.allow(d, b.file)
			}
			if r != nil {
				b.refuse(r.code, text.Text, text.Position, r.reason, r.remedy)
				continue
			}
			*set.into = append(*set.into, d)
		}
	}
	if b.columnChange() && b.file.Where.Text != "" {
		b.refuse(CodeWhere, b.file.Where.Text, b.file.Where.Position,
			"a column change maps every row of its table", "leave where out, or make the target a table of its own")
	}
	return nil
}

// readLive reads the server's version and the tables as they are.
func (b *builder) readLive(ctx context.Context) (err error) {
	if b.server, b.database, err = readServer(ctx, b.db); err != nil {
		return err
	}
	source := b.file.Source.Table
	b.live.source, err = readTable(ctx, b.db, source.Text)
	if errors.Is(err, errNoTable) {
		b.refuse(CodeSourceMissing, source.Text, source.Position,
			fmt.Sprintf("there is no table %s in database %s that the user may see", source.Text, b.database),
			"correct the name, or grant SELECT on it")
		return nil
	}
	if err != nil || b.columnChange() {
		return err
	}
	b.live.target, err = readTable(ctx, b.db, b.file.Target.Table.Text)
	if errors.Is(err, errNoTable) {
		err = nil
	}
	return err
}

// checkUnmoved reads the source, and the target of a merge, again and compares
// them with the first reading.
func (b *builder) checkUnmoved(ctx context.Context) error {
	tables := []*table{b.live.source}
	if b.merges() {
		tables = append(tables, b.live.target)
	}
	for _, was := range tables {
		now, err := readTable(ctx, b.db, was.name)
		if err != nil {
			return err
		}
		if !slices.Equal(now.columns, was.columns) {
			return fmt.Errorf("%w: columns of %s", ErrMoved, now.name)
		}
	}
	return nil
}

// assemble puts the plan together.
func (b *builder) assemble() *Plan {
	p := &Plan{
		Change: migrate.Change{
			Name: b.file.Change.Text, Service: b.file.Service.Text,
			Mapping: b.mapping(), CopyOnRead: b.file.Reads.CopyOnRead,
		},
		Expand: statements(b.expand), Undo: undo(b.expand), Contract: statements(b.contract), Deferred: b.deferred, Foreign: b.foreign,
		Reads: b.file.Reads, Backfill: b.file.Backfill, Connections: b.file.Connections,
		Facts:    Facts{Server: b.server, Source: b.live.source.facts, Costs: b.coster.costs},
		Sample:   b.sample,
		Findings: b.findings,
	}
	if b.live.target != nil {
		p.Facts.Target = b.live.target.facts
	}
	p.Steps = steps(p)
	return p
}

// statements returns the statements of parsed DDL.
func statements(list []*ddl) []Statement {
	out := make([]Statement, len(list))
	for i, d := range list {
		out[i] = d.Statement
	}
	return out
}

// serverWords returns what a server said, if an error is a server's.
func serverWords(err error) (string, bool) {
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return "", false
	}
	return fmt.Sprintf("the server says: %s (error %d)", oneLine(my.Message), my.Number), true
}
