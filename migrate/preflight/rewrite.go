package preflight

import (
	"cmp"
	"context"
	"errors"
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
	switch m.Kind() {
	case migrate.ColumnChange:
		f.What = "update every row of " + m.Source.Name
	case migrate.MergeChange:
		live, f.Table = e.table(m.Target.Name), m.Target.Name // whose rows are gone over
		f.What = fmt.Sprintf("merge the rows of %s into those of %s", m.Source.Name, m.Target.Name)
	}
	compared := Forecast{Phase: migrate.Verified, Table: f.Table, Class: Reading, What: "compare every pair of rows of " + f.Table}
	s := e.scratch(ctx, e.table(m.Target.Name))
	var r rewritten
	if f.err = cmp.Or(s.err, live.blind); f.err == nil {
		r, f.err = e.rewrite(ctx, s, live, m)
	}
	if f.err == nil {
		f.Sample = r.sample
		f.err = e.measureRewrite(ctx, s, live, m, r, &f)
	}
	compared.err = f.err
	if f.err != nil {
		f.Bytes = live.bytes()
		return []Forecast{f, compared}
	}
	if compared.Sample, compared.err = e.compare(ctx, live, r); compared.err == nil {
		compared.Time = compared.Sample.forecast(e.size(live, live.bytes()+f.Bytes))
	}
	return []Forecast{f, compared}
}

// rewritten is a sample of a rewrite: by which mapper, in which chunks, what it
// took once, what it took again and again, and what it took one worker where
// there are two.
type rewritten struct {
	mapper              *shape.Mapper
	chunks              []chunk
	once, sample, alone Sample
}

// spanRows is how many rows of a backfill one worker takes at a time, its default.
const spanRows = 100_000

// unshared is how many of so many rows one of two workers copies while the other
// has nothing left to do: spans go round, and the last one is as it happens.
func unshared(rows uint64) uint64 {
	whole, last := rows/spanRows, rows%spanRows
	if whole%2 == 1 {
		return spanRows - last // the other one has a whole span
	}
	return last
}

// lonely is how much longer a rewrite of so many rows takes because one of its
// workers ends before the other, in seconds.
func (r rewritten) lonely(rows uint64) float64 {
	if r.alone.Rows == 0 || r.sample.Rows == 0 {
		return 0
	}
	together := (r.sample.Seconds - r.sample.Fixed) / float64(r.sample.Rows)
	return float64(unshared(rows)) * max(0, r.alone.Seconds/float64(r.alone.Rows)-together)
}

// rewrite samples the backfill with as many workers as it will have. A column
// change rewrites the scratch itself; a table change fills the scratch of the
// target, which is emptied first of the target's own rows; a merge updates it
// from a scratch of the source, for an update of two tables locks both.
func (e *examiner) rewrite(ctx context.Context, s *scratch, from *table, m migrate.Mapping) (r rewritten, err error) {
	workers, err := backfill.SuitableWorkers(ctx, e.s, migrate.Change{Mapping: m}, backfill.Backfill)
	if err != nil {
		return r, err
	}
	start := sampler{work: (*sampler).updateWork}
	switch m.Kind() {
	case migrate.ColumnChange:
		m.Source.Name = s.full
	case migrate.MergeChange:
		source := e.scratch(ctx, e.table(m.Source.Name))
		if source.err != nil {
			return r, source.err
		}
		m.Source.Name = source.full
	default:
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
	r.once = paced(r.chunks, min(workers, len(from.places())-1))
	r.sample = r.once
	if m.Kind() == migrate.TableChange && !complete {
		if err := e.rewriteAgain(ctx, s, from, m, workers, &r); err != nil {
			return r, err
		}
	}
	if m.Kind() == migrate.TableChange && m.Where == "" {
		s.rows = r.once.Rows
		if complete {
			from.Rows, from.Exact, from.RowsFrom = s.rows, true, "counted"
		}
		s.live.Rows = max(s.live.Rows, from.Rows) // what the target will have when its indexes are built
	}
	return r, e.fillPart(ctx, s)
}

// rewriteAgain fills more tables like the scratch of the target with the same
// rows, see [again]. What those took is what a row takes once there is a log to
// be made room in.
func (e *examiner) rewriteAgain(ctx context.Context, s *scratch, from *table, m migrate.Mapping, workers int, r *rewritten) (err error) {
	var made []string
	defer func() { err = errors.Join(err, e.drop(ctx, made)) }()
	once := func(workers int) (Sample, error) {
		m.Target.Name = fmt.Sprintf("%s%d", s.full, len(made))
		made = append(made, m.Target.Name)
		if err := e.like(ctx, m.Target.Name, s.full); err != nil {
			return Sample{}, err
		}
		mapper, err := shape.New("preflight", m)
		if err != nil {
			return Sample{}, err
		}
		chunks, _, err := e.over(ctx, from, sampler{m: mapper, work: (*sampler).copyWork}, workers)
		return paced(chunks, min(workers, len(from.places())-1)), err
	}
	for more := e.again(ctx, r.once, from, 1); more(r.sample.Rows); {
		next, err := once(workers)
		if err != nil {
			return err
		}
		r.sample.Rows, r.sample.Seconds = r.sample.Rows+next.Rows, r.sample.Seconds+next.Seconds
	}
	if r.sample.Rows == r.once.Rows {
		return nil
	}
	r.sample = repeated(r.once, r.sample)
	if workers > 1 && len(from.places()) > 2 {
		r.alone, err = once(1)
	}
	return err
}

// measureRewrite works out what room a rewrite needs, and its time.
func (e *examiner) measureRewrite(ctx context.Context, s *scratch, live *table, m migrate.Mapping, r rewritten, f *Forecast) error {
	after, err := e.analyze(ctx, s.full)
	if err != nil {
		return err
	}
	grown := after - min(s.bytes, after)
	if m.Kind() != migrate.TableChange {
		grown = max(grown, e.written(ctx, s, m))
	}
	f.Bytes = scaled(grown, r.once.Rows, live.Rows)
	s.bytes = after
	f.Binlog = e.binlogBytes(m, live, f.Bytes)
	of := e.size(live, live.bytes()+f.Bytes)
	of.later = r.lonely(live.Rows)
	f.Time = f.Sample.forecast(of)
	return nil
}

// mostRounds is how often the chunks of a sample are compared at most.
const mostRounds = 100

// compare samples the verification over the chunks of a rewrite: all of them
// once, and again until as many rows were compared as there are or the time is
// up, for one round may be over in a moment, and a moment is as it happens.
func (e *examiner) compare(ctx context.Context, of *table, r rewritten) (Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*e.in.SampleFor)
	defer cancel()
	until := time.Now().Add(e.in.SampleFor)
	rounds := int(max(1, min(of.Rows/max(r.once.Rows, 1), mostRounds)))
	compared := make([]chunk, rounds*len(r.chunks))
	err := e.sideBySide(ctx, verifyWorkers, len(compared), func(ctx context.Context, s *mysqlx.Session, i int) error {
		began := time.Now()
		again := i >= len(r.chunks)
		if again && began.After(until) {
			return nil
		}
		sampled := r.chunks[i%len(r.chunks)]
		q := r.mapper.Compare(migrate.StepExact, sampled.scope)
		var counts shape.Counts
		// The verification walks the key ahead of those who compare, on the same
		// processors.
		p := sampler{s: s, m: r.mapper}
		if _, err := p.boundary(ctx, sampled.scope, sampled.size); err != nil {
			return err
		}
		if err := s.QueryRow(ctx, q.SQL, q.Args, counts.Dest()...); err != nil {
			return fmt.Errorf("compare a sample: %w", err)
		}
		compared[i] = chunk{rows: counts.Compared, took: time.Since(began), early: sampled.early}
		return nil
	})
	return paced(compared, min(verifyWorkers, max(len(r.chunks), 1))), err
}

// written is how many bytes updates have put into the sample. Pages have
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
