package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// try carries a statement out on the scratch tables in the way that the
// classification says, and notes what it took and what room. Where the server
// refuses that way it is the next that counts.
func (e *examiner) try(ctx context.Context, s *scratch, sql string, f *Forecast) error {
	onTwin, err := onScratch(sql, s.twin)
	if err != nil {
		return err
	}
	cost, err := plan.CostOf(ctx, e.s, onTwin)
	if err != nil {
		return err
	}
	next := true
	// A scratch table has none of the live one's history, of which the plan knows.
	for next && f.given != "" && f.given.HarderThan(cost.Class) {
		cost, next = cost.Next()
	}
	for next {
		none, err := e.timed(ctx, cost, sql, s.twin)
		if _, refused := ddl.ClauseRefused(err); refused {
			cost, next = cost.Next()
			continue
		}
		if err != nil {
			return err
		}
		f.Class = cost.Class
		return e.tryOnRows(ctx, s, cost, sql, none, f)
	}
	return fmt.Errorf("%w: the server refuses every way that is known", errUntried)
}

// tryOnRows carries a statement, which took so long on no rows, out on part of
// the sample and on all of it.
func (e *examiner) tryOnRows(ctx context.Context, s *scratch, cost plan.Cost, sql string, none float64, f *Forecast) error {
	onPart, err := e.settled(ctx, cost, sql, s.part)
	if err != nil {
		return fmt.Errorf("on rows as they are: %w", err)
	}
	onAll, err := e.settled(ctx, cost, sql, s.full)
	if err != nil {
		return fmt.Errorf("on rows as they are: %w", err)
	}
	part, all := Sample{Rows: s.partRows, Seconds: onPart}, Sample{Rows: s.rows, Seconds: onAll}
	if err := e.measureRoom(ctx, s, f); err != nil {
		return err
	}
	if f.mayBeDictionary() {
		part = Sample{} // it cannot be told from noise what the rows take
	}
	f.Sample = statement(none, part, all)
	if !copies(f.Class) {
		return nil
	}
	return e.copyOn(ctx, s, f)
}

// mayBeDictionary reports whether a statement, as it went on the sample, may not
// touch rows at all.
func (f *Forecast) mayBeDictionary() bool {
	return f.Class == ddl.Instant || !f.Class.Rebuilds() && f.Bytes == 0
}

// copies reports whether a class is one of copying row by row.
func copies(c ddl.Class) bool { return c == ddl.Copy || c == ddl.CopyOnline }

// copyOn copies a sample again and again, see [again]. What it takes is part of
// the sample.
func (e *examiner) copyOn(ctx context.Context, s *scratch, f *Forecast) error {
	once := f.Sample
	more := e.again(ctx, once, s.live)
	for more(f.Sample) {
		at := time.Now()
		if err := e.limited(ctx, rebuild(s.full, "COPY")); err != nil {
			return fmt.Errorf("copy the sample again: %w", err)
		}
		f.Sample.Rows += once.Rows
		f.Sample.Seconds += time.Since(at).Seconds() - once.Fixed
	}
	return nil
}

// again returns what says whether a sample of once, which has become so much,
// is worth doing once more: not when as many rows were done as the table has,
// the redo log was filled, or the time or the bytes are up. Until the log is full
// a server puts off the writing of pages, and a sample that never gets there
// knows nothing of it.
func (e *examiner) again(ctx context.Context, once Sample, of *table) func(Sample) bool {
	began, before := time.Now(), e.logged(ctx)
	return func(s Sample) bool {
		left := e.in.SampleFor - time.Since(began) - time.Duration(once.Seconds*float64(time.Second))
		rows := s.Rows + once.Rows
		return once.Rows > 0 && rows <= of.Rows && left > 0 && scaled(of.RowBytes, 1, rows) <= e.in.SampleBytes &&
			e.logged(ctx)-before < e.redo()
	}
}

const queryLogged = `/* underpin preflight */ SHOW GLOBAL STATUS
WHERE Variable_name = 'Innodb_os_log_written'`

// logged is how many bytes were written to the redo log since the server
// started, by anybody.
func (e *examiner) logged(ctx context.Context) (bytes uint64) {
	var name string
	// Unknown is none: then it is the time that ends a sample.
	_ = e.s.QueryRow(ctx, queryLogged, nil, &name, &bytes)
	return bytes
}

// redo is how many bytes of redo log there are.
func (e *examiner) redo() uint64 {
	if capacity, ok := e.number("innodb_redo_log_capacity"); ok { // MySQL from 8.0.30 on
		return uint64(capacity)
	}
	size, _ := e.number("innodb_log_file_size")
	files, ok := e.number("innodb_log_files_in_group")
	if !ok {
		files = 1
	}
	return uint64(size * files)
}

// rebuild is the statement that rebuilds a scratch table by an algorithm.
func rebuild(table, algorithm string) string {
	return "/* underpin preflight */ ALTER TABLE " + mysqlx.Quote(table) + " ALGORITHM=" + algorithm + ", FORCE"
}

// timed carries a statement out on a scratch table in a given way.
func (e *examiner) timed(ctx context.Context, way plan.Cost, sql, table string) (seconds float64, err error) {
	on, err := onScratch(sql, table)
	if err != nil {
		return 0, err
	}
	text, err := way.Over(on.SQL)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = e.limited(ctx, "/* underpin preflight */ "+text)
	return time.Since(began).Seconds(), err
}

// settled times a statement on rows that the sample has just written. The first
// index over such rows takes longer than those after it, and the table's own rows
// were written long ago: so indexes are built, dropped and built again, and the
// second time counts.
func (e *examiner) settled(ctx context.Context, way plan.Cost, sql, table string) (seconds float64, err error) {
	first, err := e.timed(ctx, way, sql, table)
	undo, ok := dropIndexes(sql, table)
	if err != nil || !ok {
		return first, err
	}
	if err := e.limited(ctx, "/* underpin preflight */ "+undo); err != nil {
		return 0, err
	}
	return e.timed(ctx, way, sql, table)
}

// standIn times a rebuild in place of a statement that is not tried, where it
// is known to be carried out as one.
func (e *examiner) standIn(ctx context.Context, s *scratch, f *Forecast) {
	if !f.given.Rebuilds() {
		return
	}
	algorithm := "INPLACE"
	if copies(f.given) {
		algorithm = "COPY"
	}
	var took [3]float64
	for i, table := range []string{s.twin, s.part, s.full} {
		began := time.Now()
		if e.limited(ctx, rebuild(table, algorithm)) != nil {
			return // it stays unknown
		}
		took[i] = time.Since(began).Seconds()
	}
	f.Sample = statement(took[0], Sample{Rows: s.partRows, Seconds: took[1]}, Sample{Rows: s.rows, Seconds: took[2]})
	f.Time = f.Sample.forecast(e.size(s.live, s.live.bytes()))
}

// measureRoom works out what disk a statement needs, from how the sample has grown.
func (e *examiner) measureRoom(ctx context.Context, s *scratch, f *Forecast) error {
	if f.Class == ddl.Instant {
		return nil
	}
	before := s.bytes
	after, err := e.analyze(ctx, s.full)
	if err != nil {
		return err
	}
	s.bytes = after
	grown := after - min(before, after)
	if f.Class.Rebuilds() {
		// The second copy lives beside the first until the end.
		f.Bytes = max(scaled(after, s.rows, s.live.Rows), s.live.bytes())
	} else {
		f.Bytes = scaled(grown, s.rows, s.live.Rows)
	}
	if !copies(f.Class) {
		f.Sort = max(scaled(grown, s.rows, s.live.Rows), indexesSorted(f.Class, s.live))
	}
	return nil
}

// indexesSorted is what a rebuild sorts: every secondary index anew.
func indexesSorted(c ddl.Class, t *table) uint64 {
	if c.Rebuilds() {
		return t.IndexBytes
	}
	return 0
}
