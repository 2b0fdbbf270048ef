package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// forecast measures every step on scratch tables, in the plan's order: a later
// statement finds what an earlier one has made.
func (e *examiner) forecast(ctx context.Context) error {
	e.r.Steps = []Forecast{}
	all := func(ctx context.Context) error {
		for _, step := range e.in.Steps {
			var found []Forecast
			if step.Rewrite != nil {
				found = e.forecastRewrite(ctx, step)
			} else {
				found = append(found, e.forecastStatement(ctx, step))
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, f := range found {
				e.judgeStep(&f)
				e.r.Steps = append(e.r.Steps, f)
			}
		}
		return e.findFree(ctx)
	}
	if e.readOnly() != "" {
		for _, t := range e.tables {
			t.blind = errReadOnly
		}
		if err := all(ctx); err != nil {
			return err
		}
	} else if err := e.withScratches(ctx, all); err != nil {
		return err
	}
	for _, t := range e.tables {
		e.judgeTable(t)
	}
	return nil
}

// size is what is known of a table for a forecast; bytes is what it will take.
func (e *examiner) size(t *table, bytes uint64) size {
	pool, _ := e.number("innodb_buffer_pool_size")
	return size{rows: t.Rows, indexShare: t.indexShare(), pool: pool, table: float64(bytes)}
}

// forecastStatement tries a statement on the scratch tables.
func (e *examiner) forecastStatement(ctx context.Context, step Step) Forecast {
	live := e.table(step.Table)
	f := Forecast{Phase: step.Phase, Table: step.Table, What: oneLine(step.SQL), Class: step.Class, given: step.Class}
	kind := kindOf(step.SQL)
	if slices.Contains([]plan.StatementKind{plan.CreateTable, plan.CreateView, plan.DropTable, plan.RenameTable}, kind) {
		e.forecastWhole(ctx, step, live, kind, &f)
		return f
	}
	s := e.scratch(ctx, live)
	if f.err = s.err; f.err == nil {
		f.err = e.try(ctx, s, step.SQL, &f)
	}
	if errors.Is(f.err, errUntried) && s.err == nil {
		e.standIn(ctx, s, &f)
	}
	if f.err != nil {
		f.Bytes = max(f.Bytes, live.bytes()) // the worst that it may be
		return f
	}
	of := e.size(live, live.bytes())
	switch {
	case f.mayBeDictionary():
		of.work = dictionary
	case f.Sort > 0 && !f.Class.Rebuilds():
		of.indexShare = 1 // it sorts, and does nothing else
	}
	f.Time = f.Sample.forecast(of)
	return f
}

// forecastWhole is for a table or view that is made, renamed or dropped: the
// dictionary changes.
func (e *examiner) forecastWhole(ctx context.Context, step Step, live *table, kind plan.StatementKind, f *Forecast) {
	f.Class = ddl.Metadata
	s := e.newScratch(live)
	if kind != plan.CreateTable {
		// Leftovers of an earlier step are none: a twin of another name.
		f.Sample.Seconds, f.err = e.timedNames(ctx, kind, s.twin+"d")
	} else if live.there || e.scratches[key(step.Table)] != nil {
		f.err = fmt.Errorf("%w: the table exists already", errUntried)
	} else if f.err = live.blind; f.err == nil {
		f.Sample.Seconds, f.err = e.timedCreate(ctx, step.SQL, s)
		s.err = f.err
		e.scratches[key(step.Table)] = s
	}
	if f.err == nil {
		f.Sample.Fixed = f.Sample.Seconds
		f.Time = f.Sample.forecast(size{})
	}
}

// timedCreate makes the scratch tables by the plan's own statement.
func (e *examiner) timedCreate(ctx context.Context, create string, s *scratch) (seconds float64, err error) {
	for _, name := range []string{s.full, s.part, s.twin} {
		tried, err := onScratch(create, name)
		if err != nil {
			return 0, err
		}
		began := time.Now()
		if err := e.limited(ctx, "/* underpin preflight */ "+tried.SQL); err != nil {
			return 0, err
		}
		seconds = time.Since(began).Seconds()
	}
	return seconds, nil
}

// timedNames makes, renames and drops an empty table, and returns what the one
// that was asked for took. A table stands for a view.
func (e *examiner) timedNames(ctx context.Context, kind plan.StatementKind, name string) (seconds float64, err error) {
	if e.readOnly() != "" {
		return 0, errReadOnly
	}
	if kind == plan.CreateView {
		kind = plan.CreateTable
	}
	renamed := name + "r"
	for _, step := range []struct {
		kind plan.StatementKind
		sql  string
	}{
		{plan.CreateTable, "CREATE TABLE " + mysqlx.Quote(name) + " (id INT NOT NULL PRIMARY KEY)"},
		{plan.RenameTable, "RENAME TABLE " + mysqlx.Quote(name) + " TO " + mysqlx.Quote(renamed)},
		{plan.DropTable, "DROP TABLE " + mysqlx.Quote(renamed)},
	} {
		began := time.Now()
		if err := e.limited(ctx, "/* underpin preflight */ "+step.sql); err != nil {
			return 0, err
		}
		if step.kind == kind {
			seconds = time.Since(began).Seconds()
		}
	}
	return seconds, nil
}

// oneLine returns text with single blanks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
