package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// tryBoth carries a statement out on twin and sample in the way that the
// classification says, and notes what it took and what room. Where the server
// refuses that way it is the next that counts.
func (e *examiner) tryBoth(ctx context.Context, s *scratch, sql string, f *Forecast) error {
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
		fixed, err := e.timed(ctx, cost, sql, s.twin)
		if _, refused := ddl.ClauseRefused(err); refused {
			cost, next = cost.Next()
			continue
		}
		if err != nil {
			return err
		}
		took, err := e.timed(ctx, cost, sql, s.full)
		if err != nil {
			return fmt.Errorf("on rows as they are: %w", err)
		}
		f.Class = cost.Class
		f.Sample = Sample{Rows: s.rows, Seconds: took, Fixed: min(fixed, took)}
		if err := e.measureRoom(ctx, s, f); err != nil || !copies(f.Class) {
			return err
		}
		return e.copyOn(ctx, s, f)
	}
	return fmt.Errorf("%w: the server refuses every way that is known", errUntried)
}

// copies reports whether a class is one of copying row by row.
func copies(c ddl.Class) bool { return c == ddl.Copy || c == ddl.CopyOnline }

// copyOn copies a sample again and again, until as many rows were copied as the
// table has or as fill the redo log: from there on a copy waits for its pages to
// be written, and a small sample never gets there. What it takes is part of the
// sample.
func (e *examiner) copyOn(ctx context.Context, s *scratch, f *Forecast) error {
	began := time.Now()
	once := f.Sample
	for written := s.bytes; once.Rows > 0 && f.Sample.Rows+once.Rows <= s.live.Rows && written < e.redo() && time.Since(began) < e.in.SampleFor; written += s.bytes {
		at := time.Now()
		if err := e.limited(ctx, rebuild(s.full, "COPY")); err != nil {
			return fmt.Errorf("copy the sample again: %w", err)
		}
		f.Sample.Rows += once.Rows
		f.Sample.Seconds += time.Since(at).Seconds() - once.Fixed
	}
	return nil
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
	var took [2]float64
	for i, table := range []string{s.twin, s.full} {
		began := time.Now()
		if e.limited(ctx, rebuild(table, algorithm)) != nil {
			return // it stays unknown
		}
		took[i] = time.Since(began).Seconds()
	}
	f.Sample = Sample{Rows: s.rows, Seconds: took[1], Fixed: min(took[0], took[1])}
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
