package preflight

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// places is at how many places an integer key is sampled.
const places = 4

// budget is what a sample may still cost.
type budget struct {
	until time.Time
	rows  int
}

// budget is that of one of several ranges of a table, by its average row, when
// workers go over them side by side.
func (e *examiner) budget(t *table, ranges, workers int) budget {
	rows := e.in.SampleRows
	if fit := e.in.SampleBytes / max(t.RowBytes, 1); fit < uint64(rows) {
		rows = int(max(fit, 1))
	}
	turns := (ranges + workers - 1) / workers
	return budget{time.Now().Add(e.in.SampleFor / time.Duration(turns)), max(rows/ranges, 1)}
}

func (b budget) spent() bool { return b.rows <= 0 || !time.Now().Before(b.until) }

// chunk is what one chunk of a sample took.
type chunk struct {
	scope shape.Scope
	size  int // as asked for
	rows  uint64
	took  time.Duration
	// early says that its worker was still finding its pace.
	early bool
}

// pace is a worker's: how many rows its next chunk has, and whether it has been
// found yet.
type pace struct {
	size  int
	found bool
}

// firstSize is the size of a worker's first chunk, the backfill's own.
const firstSize = 500

// sampler goes over a range in chunks, as a worker of the backfill does.
type sampler struct {
	target time.Duration // of one chunk
	s      *mysqlx.Session
	m      *shape.Mapper
	pace   *pace
	chunks []chunk
	// work does one range and returns how many rows it had.
	work func(p *sampler, ctx context.Context, scope shape.Scope) (uint64, error)
}

// over works on a range, from low to high, until it or the budget is at its
// end, and reports whether it was the range.
func (p *sampler) over(ctx context.Context, low, high shape.Key, b *budget) (done bool, err error) {
	for !b.spent() {
		size := min(p.pace.size, b.rows)
		began := time.Now()
		end, err := p.boundary(ctx, shape.Range(low, high), size)
		if err != nil {
			return false, err
		}
		last := end == nil
		if last {
			end = high
		}
		rows, err := p.work(p, ctx, shape.Range(low, end))
		if err != nil {
			return false, err
		}
		took := time.Since(began)
		p.chunks = append(p.chunks, chunk{shape.Range(low, end), size, rows, took, !p.pace.found})
		if last {
			return true, nil
		}
		if size == p.pace.size { // one that is cut short says nothing about it
			p.pace.next(p.target, took)
		}
		b.rows -= size
		low = end
	}
	return false, nil
}

// next hears what a chunk took. It is the backfill's own pace: towards the
// target, by a factor of two at most.
func (p *pace) next(target, took time.Duration) {
	ideal := float64(p.size) * target.Seconds() / max(took.Seconds(), 1e-6)
	p.found = p.found || ideal < float64(2*p.size)
	p.size = int(max(10, min(ideal, float64(2*p.size), 50_000), float64(p.size/2)))
}

// boundary is the key of the n-th row of a range; nil if it has fewer.
func (p *sampler) boundary(ctx context.Context, scope shape.Scope, n int) (key shape.Key, err error) {
	q := p.m.Boundary(shape.Forward, scope, n)
	err = p.s.Query(ctx, q.SQL, q.Args, func(rows *sql.Rows) (err error) {
		key, err = p.m.ScanKey(rows)
		return err
	})
	return key, err
}

// paced is the sample's rows with the time that they would take at the pace that
// the workers have found: the chunks before are left out of it if enough remain.
// All behind them count, for those that took long are part of the pace. Workers
// side by side take so much less.
func paced(chunks []chunk, workers int) Sample {
	var all, steady chunk
	for _, c := range chunks {
		all.rows, all.took = all.rows+c.rows, all.took+c.took
		if !c.early {
			steady.rows, steady.took = steady.rows+c.rows, steady.took+c.took
		}
	}
	seconds := all.took.Seconds()
	if steady.rows >= all.rows/2 && steady.rows > 0 {
		seconds = steady.took.Seconds() * float64(all.rows) / float64(steady.rows)
	}
	return Sample{Rows: all.rows, Seconds: seconds / float64(workers)}
}

// readSnapshot has the next statement read its tables from a snapshot and lock
// no row of them, though it is an INSERT … SELECT.
const readSnapshot = `/* underpin preflight */ SET TRANSACTION ISOLATION LEVEL READ COMMITTED`

// copyWork copies a range from a live table to a scratch, without a lock.
func (p *sampler) copyWork(ctx context.Context, scope shape.Scope) (uint64, error) {
	there := p.m.FollowerAny(shape.Forward, scope)
	if _, err := list(ctx, p.s, there.SQL, there.Args...); err != nil {
		return 0, err
	}
	fill, _ := p.m.Fill(shape.Forward, scope) // a copy is between two tables
	if _, err := p.s.Exec(ctx, readSnapshot); err != nil {
		return 0, err
	}
	res, err := p.s.Exec(ctx, fill.SQL, fill.Args...)
	if err != nil {
		return 0, fmt.Errorf("copy a sample: %w", err)
	}
	n, err := res.RowsAffected()
	return uint64(n), err
}

// updateWork brings a range of a scratch into step with itself, as the backfill
// does with a column change.
func (p *sampler) updateWork(ctx context.Context, scope shape.Scope) (rows uint64, err error) {
	err = p.s.Tx(ctx, func(ctx context.Context) error {
		lock := p.m.Lock(shape.Forward, scope) // of our own rows
		if err := p.s.QueryRow(ctx, lock.SQL, lock.Args, &rows); err != nil {
			return err
		}
		for _, q := range p.m.Reconcile(shape.Forward, migrate.StepExact, scope) {
			if _, err := p.s.Exec(ctx, q.SQL, q.Args...); err != nil {
				return fmt.Errorf("update a sample: %w", err)
			}
		}
		return nil
	})
	return rows, err
}

// over has workers go over the places of a table side by side, and reports
// whether they came to its end.
func (e *examiner) over(ctx context.Context, from *table, start sampler, workers int) (chunks []chunk, complete bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*e.in.SampleFor)
	defer cancel()
	cuts := from.places()
	ranges := len(cuts) - 1
	found, done := make([][]chunk, ranges), make([]bool, ranges)
	paces := make(chan *pace, ranges) // one for each worker, whose next range begins with it
	for range min(workers, ranges) {
		paces <- &pace{size: firstSize}
	}
	err = e.sideBySide(ctx, workers, ranges, func(ctx context.Context, s *mysqlx.Session, i int) (err error) {
		p := start
		p.s, p.target, p.pace = s, e.in.ChunkTarget, <-paces
		defer func() { paces <- p.pace }()
		b := e.budget(from, ranges, workers)
		done[i], err = p.over(ctx, cuts[i], cuts[i+1], &b)
		found[i] = p.chunks
		return err
	})
	return slices.Concat(found...), !slices.Contains(done, false), err
}

// copy samples the copy of a live table to a scratch.
func (e *examiner) copy(ctx context.Context, from *table, m *shape.Mapper, workers int) (chunks []chunk, complete bool, err error) {
	return e.over(ctx, from, sampler{m: m, work: (*sampler).copyWork}, workers)
}

// places cuts a table into ranges to be sampled each from its beginning.
func (t *table) places() []shape.Key {
	if t.low == nil {
		return []shape.Key{nil, nil}
	}
	low, span := t.low[0].(int64), uint64(t.high[0].(int64)-t.low[0].(int64))
	if span < places {
		return []shape.Key{nil, nil}
	}
	cuts := []shape.Key{nil}
	for i := uint64(1); i < places; i++ {
		cuts = append(cuts, shape.Key{low + int64(span/places*i)})
	}
	return append(cuts, nil)
}

// fill copies a sample of a table's rows into its scratch.
func (e *examiner) fill(ctx context.Context, s *scratch) error {
	// A mapper needs a key, and types that it can compare.
	m, err := shape.New("preflight", identity(s.live.shape, s.full))
	if err != nil {
		err = e.fillWithoutKey(ctx, s)
	} else {
		var chunks []chunk
		chunks, s.complete, err = e.copy(ctx, s.live, m, 1)
		s.copied = paced(chunks, 1)
	}
	if err != nil {
		return err
	}
	s.rows = s.copied.Rows
	if s.complete {
		s.live.Rows, s.live.Exact, s.live.RowsFrom = s.rows, true, "counted"
	} else if s.rows > s.live.Rows {
		s.live.Rows, s.live.RowsFrom = s.rows, "sample, which is not all"
	}
	// Rows that have just been written are not on disk yet, and the next statement
	// would wait for them, as it would not on the table itself.
	if err := e.settle(ctx, s.full); err != nil {
		return err
	}
	if s.bytes, err = e.analyze(ctx, s.full); err != nil {
		return err
	}
	s.fillRows, s.fillBytes = s.rows, s.bytes
	return e.fillPart(ctx, s)
}

// partOf is the share of a sample that its part has.
const partOf = 4

// fillPart makes part a part of the sample as it is now.
func (e *examiner) fillPart(ctx context.Context, s *scratch) error {
	s.partRows = s.rows / partOf
	err := e.limited(ctx, "/* underpin preflight */ TRUNCATE TABLE "+mysqlx.Quote(s.part))
	if err == nil {
		err = e.insert(ctx, s.part, s.full, s.partRows)
	}
	if err == nil {
		err = e.settle(ctx, s.part)
	}
	if err != nil {
		return fmt.Errorf("take a part of the sample: %w", err)
	}
	return nil
}

// settle has the rows of a table written to disk, as those of the table itself were
// long ago. Where the server does not flush it (the user may not, the table has no
// file of its own) it is rebuilt for that.
func (e *examiner) settle(ctx context.Context, table string) error {
	err := e.limited(ctx, "/* underpin preflight */ FLUSH LOCAL TABLES "+mysqlx.Quote(table)+" FOR EXPORT")
	switch {
	case err == nil:
		err = e.limited(ctx, "/* underpin preflight */ UNLOCK TABLES")
	case mysqlx.Number(err) != 0:
		err = e.limited(ctx, "/* underpin preflight */ ALTER TABLE "+mysqlx.Quote(table)+" FORCE")
	}
	if err != nil {
		return fmt.Errorf("settle the sample: %w", err)
	}
	return nil
}

// duplicate makes a table like a scratch, with so many of its rows.
func (e *examiner) duplicate(ctx context.Context, name, of string, rows uint64) error {
	if err := e.like(ctx, name, of); err != nil {
		return err
	}
	return e.insert(ctx, name, of, rows)
}

// insert copies so many rows between scratch tables of one shape.
func (e *examiner) insert(ctx context.Context, to, from string, rows uint64) error {
	t, err := e.readTable(ctx, from)
	if err != nil {
		return err
	}
	columns := mysqlx.QuoteList("", names(t.shape.Columns))
	return e.limited(ctx, fmt.Sprintf("/* underpin preflight */ INSERT INTO %s\n  (%s)\nSELECT %s\nFROM %s\nLIMIT %d",
		mysqlx.Quote(to), columns, columns, mysqlx.Quote(from), rows))
}

// fillWithoutKey copies one batch from wherever the server begins.
func (e *examiner) fillWithoutKey(ctx context.Context, s *scratch) error {
	columns := mysqlx.QuoteList("", names(s.live.shape.Columns))
	rows := e.budget(s.live, 1, 1).rows
	if _, err := e.s.Exec(ctx, readSnapshot); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 4*e.in.SampleFor)
	defer cancel()
	began := time.Now()
	res, err := e.s.Exec(ctx, fmt.Sprintf("/* underpin preflight */ INSERT INTO %s\n  (%s)\nSELECT %s\nFROM %s\nLIMIT %d", mysqlx.Quote(s.full),
		columns, columns, mysqlx.Quote(s.live.Table.Table), rows))
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	s.copied, s.complete = Sample{Rows: uint64(n), Seconds: time.Since(began).Seconds()}, n < int64(rows)
	return err
}

// names are the names of columns.
func names(columns []migrate.Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}

// identity maps a table to another of the same shape.
func identity(from migrate.Table, to string) migrate.Mapping {
	m := migrate.Mapping{Source: from, Target: from}
	m.Target.Name = to
	for _, c := range from.Columns {
		isKey := slices.ContainsFunc(from.Key, func(k migrate.Column) bool { return strings.EqualFold(k.Name, c.Name) })
		if !isKey {
			m.Forward = append(m.Forward, migrate.Assignment{Column: c.Name, Value: migrate.Expression(migrate.Row + mysqlx.Quote(c.Name))})
		}
	}
	return m
}
