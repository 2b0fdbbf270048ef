package preflight

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// verifyWorkers is how many chunks the verification compares at once.
const verifyWorkers = 2

// forecastRewrite samples the backfill, and the comparison of what it made.
func (e *examiner) forecastRewrite(ctx context.Context, step Step) []Forecast {
	m := *step.Rewrite
	live := e.table(m.Source.Name)
	f := Forecast{Phase: step.Phase, Table: m.Source.Name, Class: Chunks,
		What: fmt.Sprintf("copy the rows of %s to %s", m.Source.Name, m.Target.Name)}
	if m.Kind() == migrate.ColumnChange {
		f.What = "update every row of " + m.Source.Name
	}
	compared := Forecast{Phase: migrate.Verified, Table: m.Source.Name, Class: Reading, What: "compare every pair of rows of " + m.Source.Name}
	s := e.scratch(ctx, e.table(m.Target.Name))
	var r rewritten
	if f.err = cmp.Or(s.err, live.blind); f.err == nil {
		r, f.err = e.rewrite(ctx, s, live, m)
	}
	if f.err == nil {
		f.Sample = r.sample
		f.err = e.measureRewrite(ctx, s, live, m, &f)
	}
	compared.err = f.err
	if f.err != nil {
		f.Bytes = live.bytes()
		return []Forecast{f, compared}
	}
	if compared.Sample, compared.err = e.compare(ctx, r); compared.err == nil {
		compared.Time = compared.Sample.forecast(e.size(live, live.bytes()+f.Bytes))
	}
	return []Forecast{f, compared}
}

// rewritten is a sample of a rewrite: by which mapper, and in which chunks.
type rewritten struct {
	mapper *shape.Mapper
	chunks []chunk
	sample Sample
}

// rewrite samples the backfill with as many workers as it will have. A column
// change rewrites the scratch itself; a table change fills the scratch of the
// target, which is emptied first of the target's own rows.
func (e *examiner) rewrite(ctx context.Context, s *scratch, from *table, m migrate.Mapping) (r rewritten, err error) {
	workers, err := backfill.SuitableWorkers(ctx, e.s, migrate.Change{Mapping: m}, backfill.Backfill)
	if err != nil {
		return r, err
	}
	start := sampler{work: (*sampler).updateWork}
	if m.Kind() == migrate.ColumnChange {
		m.Source.Name = s.full
	} else {
		start.work = (*sampler).copyWork
		if s.rows > 0 {
			if err := e.limited(ctx, "/* underpin preflight */ TRUNCATE TABLE "+mysqlx.Quote(s.full)); err != nil {
				return r, err
			}
			s.bytes = 0
		}
	}
	m.Target.Name = s.full
	if r.mapper, err = shape.New("preflight", m); err != nil {
		return r, err
	}
	start.m = r.mapper
	var complete bool
	if r.chunks, complete, err = e.over(ctx, from, start, workers); err != nil {
		return r, err
	}
	r.sample = paced(r.chunks, min(workers, len(from.places())-1))
	if m.Kind() == migrate.TableChange && m.Where == "" {
		s.rows = r.sample.Rows
		if complete {
			from.Rows, from.Exact, from.RowsFrom = s.rows, true, "counted"
		}
		s.live.Rows = max(s.live.Rows, from.Rows) // what the target will have when its indexes are built
	}
	return r, nil
}

// measureRewrite works out what room a rewrite needs, and its time.
func (e *examiner) measureRewrite(ctx context.Context, s *scratch, live *table, m migrate.Mapping, f *Forecast) error {
	after, err := e.analyze(ctx, s.full)
	if err != nil {
		return err
	}
	grown := after - min(s.bytes, after)
	if m.Kind() == migrate.ColumnChange {
		grown = max(grown, e.written(ctx, s, m))
	}
	f.Bytes = scaled(grown, f.Sample.Rows, live.Rows)
	s.bytes = after
	f.Binlog = e.binlogBytes(m, live, f.Bytes)
	f.Time = f.Sample.forecast(e.size(live, live.bytes()+f.Bytes))
	return nil
}

// compare samples the verification over the chunks of a rewrite.
func (e *examiner) compare(ctx context.Context, r rewritten) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*e.in.SampleFor)
	defer cancel()
	compared := make([]chunk, len(r.chunks))
	err := e.sideBySide(ctx, verifyWorkers, len(r.chunks), func(ctx context.Context, s *mysqlx.Session, i int) error {
		q := r.mapper.Compare(migrate.StepExact, r.chunks[i].scope)
		var counts shape.Counts
		began := time.Now()
		// The verification walks the key ahead of those who compare, on the same
		// processors.
		p := sampler{s: s, m: r.mapper}
		if _, err := p.boundary(ctx, r.chunks[i].scope, r.chunks[i].size); err != nil {
			return err
		}
		if err := s.QueryRow(ctx, q.SQL, q.Args, counts.Dest()...); err != nil {
			return fmt.Errorf("compare a sample: %w", err)
		}
		compared[i] = r.chunks[i]
		compared[i].rows, compared[i].took = counts.Compared, time.Since(began)
		return nil
	})
	return paced(compared, min(verifyWorkers, max(len(r.chunks), 1))), err
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
