package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// forecast measures every step on scratch tables, in the plan's order: a later
// statement finds what an earlier one has made.
func (e *examiner) forecast(ctx context.Context) error {
	e.r.Steps = []Forecast{}
	all := func(ctx context.Context) error {
		for _, step := range e.in.Steps {
			var f Forecast
			if step.Rewrite != nil {
				f = e.forecastRewrite(ctx, step)
			} else {
				f = e.forecastStatement(ctx, step)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			e.judgeStep(&f)
			e.r.Steps = append(e.r.Steps, f)
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

// forecastStatement tries a statement on the empty twin and then on the sample.
func (e *examiner) forecastStatement(ctx context.Context, step Step) Forecast {
	live := e.table(step.Table)
	f := Forecast{Phase: step.Phase, Table: step.Table, What: oneLine(step.SQL), Class: step.Class, given: step.Class}
	kind := kindOf(step.SQL)
	if kind == plan.CreateTable || kind == plan.DropTable {
		e.forecastWhole(ctx, step, live, kind, &f)
		return f
	}
	s := e.scratch(ctx, live)
	if f.err = s.err; f.err == nil {
		var tried plan.Statement
		if tried, f.err = onScratch(step.SQL, s.twin); f.err == nil {
			f.err = e.tryBoth(ctx, s, tried, &f)
		}
	}
	if errors.Is(f.err, errUntried) && s.err == nil {
		e.standIn(ctx, s, &f)
	}
	if f.err != nil {
		f.Bytes = max(f.Bytes, live.bytes()) // the worst that it may be
		return f
	}
	of := e.size(live, live.bytes())
	if f.Class.Algorithm == Instant || f.Class.Algorithm == InPlace && f.Bytes == 0 {
		of.work = dictionary
	}
	f.Time = f.Sample.forecast(of)
	return f
}

// forecastWhole is for a table that is made or dropped: the dictionary changes.
func (e *examiner) forecastWhole(ctx context.Context, step Step, live *table, kind plan.StatementKind, f *Forecast) {
	f.Class = Class{Metadata, BlocksNothing}
	s := e.newScratch(live)
	if kind == plan.DropTable {
		f.Class.Blocks = BlocksAll
		// Leftovers of an earlier step are none: a twin of another name.
		f.Sample.Seconds, f.err = e.timedDrop(ctx, s.twin+"d")
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

// timedCreate makes both scratch tables by the plan's own statement.
func (e *examiner) timedCreate(ctx context.Context, create string, s *scratch) (seconds float64, err error) {
	for _, name := range []string{s.full, s.twin} {
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

// timedDrop drops an empty table.
func (e *examiner) timedDrop(ctx context.Context, name string) (float64, error) {
	if e.readOnly() != "" {
		return 0, errReadOnly
	}
	if err := e.limited(ctx, "/* underpin preflight */ CREATE TABLE "+mysqlx.Quote(name)+" (id INT NOT NULL PRIMARY KEY)"); err != nil {
		return 0, err
	}
	began := time.Now()
	err := e.limited(ctx, "/* underpin preflight */ DROP TABLE "+mysqlx.Quote(name))
	return time.Since(began).Seconds(), err
}

// forecastRewrite samples the backfill.
func (e *examiner) forecastRewrite(ctx context.Context, step Step) Forecast {
	m := *step.Rewrite
	live := e.table(m.Source.Name)
	f := Forecast{Phase: step.Phase, Table: m.Source.Name, Class: Class{Chunks, BlocksNothing},
		What: fmt.Sprintf("copy the rows of %s to %s", m.Source.Name, m.Target.Name)}
	if m.Kind() == migrate.ColumnChange {
		f.What = "update every row of " + m.Source.Name
	}
	s := e.scratch(ctx, e.table(m.Target.Name))
	if f.err = cmp.Or(s.err, live.blind); f.err != nil {
		return f
	}
	var err error
	var after uint64
	if m.Kind() == migrate.ColumnChange {
		f.Sample, err = e.update(ctx, s, m)
	} else {
		f.Sample, err = e.copyTo(ctx, s, live, m)
	}
	if err == nil {
		after, err = e.analyze(ctx, s.full)
	}
	if f.err = err; err != nil {
		f.Bytes = live.bytes()
		return f
	}
	grown := after - min(s.bytes, after)
	if m.Kind() == migrate.ColumnChange {
		grown = max(grown, e.written(ctx, s, m))
	}
	f.Bytes = scaled(grown, f.Sample.Rows, live.Rows)
	s.bytes = after
	f.Binlog = e.binlogBytes(m, live, f.Bytes)
	f.Time = f.Sample.forecast(e.size(live, live.bytes()+f.Bytes))
	return f
}

// written is how many bytes a column change has put into the sample. Pages have
// room to spare and come in lots, so a small table may not show it.
func (e *examiner) written(ctx context.Context, s *scratch, m migrate.Mapping) (bytes uint64) {
	sums := []string{"0"}
	for _, a := range m.Forward {
		sums = append(sums, "COALESCE(SUM(LENGTH("+mysqlx.Quote(a.Column)+")), 0)")
	}
	query := "/* underpin preflight */ SELECT CAST(" + strings.Join(sums, " + ") + " AS UNSIGNED)\nFROM " + mysqlx.Quote(s.full)
	// A type that has no length leaves it to the pages.
	_ = e.s.QueryRow(ctx, query, nil, &bytes)
	return bytes
}

// update samples a column change on the scratch itself.
func (e *examiner) update(ctx context.Context, s *scratch, m migrate.Mapping) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*e.in.SampleFor)
	defer cancel()
	m.Source.Name, m.Target.Name = s.full, s.full
	mapper, err := shape.New("preflight", m)
	if err != nil {
		return Sample{}, err
	}
	p := e.sampler(mapper)
	p.work = p.updateWork
	b := e.budget(s.live, 1)
	_, err = p.over(ctx, nil, nil, &b)
	return p.result(), err
}

// copyTo samples a table change into the scratch of the target. One that holds
// a sample of the target's own rows is emptied first.
func (e *examiner) copyTo(ctx context.Context, s *scratch, from *table, m migrate.Mapping) (Sample, error) {
	if s.rows > 0 {
		if err := e.limited(ctx, "/* underpin preflight */ TRUNCATE TABLE "+mysqlx.Quote(s.full)); err != nil {
			return Sample{}, err
		}
		s.bytes = 0
	}
	m.Target.Name = s.full
	mapper, err := shape.New("preflight", m)
	if err != nil {
		return Sample{}, err
	}
	sample, complete, err := e.copy(ctx, from, mapper)
	if err == nil && m.Where == "" {
		s.rows = sample.Rows
		if complete {
			from.Rows, from.Exact, from.RowsFrom = sample.Rows, true, "counted"
		}
	}
	return sample, err
}

// oneLine returns text with single blanks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
