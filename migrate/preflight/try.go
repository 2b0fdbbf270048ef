package preflight

import (
	"context"
	"errors"
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
		return e.tryOnRows(ctx, s, none, f, func(ctx context.Context, table string) (float64, error) {
			if copies(f.Class) {
				return e.timed(ctx, cost, sql, table)
			}
			return e.settled(ctx, cost, sql, table)
		})
	}
	return fmt.Errorf("%w: the server refuses every way that is known", errUntried)
}

// carrier carries a statement out on a scratch table and returns what it took.
type carrier func(ctx context.Context, table string) (seconds float64, err error)

// tryOnRows carries a statement, which took so long on no rows, out on part of
// the sample and on all of it.
func (e *examiner) tryOnRows(ctx context.Context, s *scratch, none float64, f *Forecast, carry carrier) error {
	took, err := carry(ctx, s.part)
	if err != nil {
		return fmt.Errorf("on rows as they are: %w", err)
	}
	part := Sample{Rows: s.partRows, Seconds: took}
	all, err := e.carryAll(ctx, s, f.Class, part, carry)
	if err != nil {
		return err
	}
	if err := e.measureRoom(ctx, s, f); err != nil {
		return err
	}
	if f.mayBeDictionary() {
		part = Sample{} // it cannot be told from noise what the rows take
	}
	once := Sample{Rows: s.rows, Seconds: all[0]}
	if copies(f.Class) {
		f.Sample = copied(none, part, once, all[1:]...)
		return nil
	}
	f.Sample = statement(none, part, once)
	return nil
}

// mayBeDictionary reports whether a statement, as it went on the sample, may not
// touch rows at all.
func (f *Forecast) mayBeDictionary() bool {
	return f.Class == ddl.Instant || !f.Class.Rebuilds() && f.Bytes == 0
}

// copies reports whether a class is one of copying row by row.
func copies(c ddl.Class) bool { return c == ddl.Copy || c == ddl.CopyOnline }

// carryAll carries a statement out on the sample, and returns what that took. One
// that copies is then carried out on copies of the sample as it was before, see
// [again]: on those, for what it makes of the rows takes time as well. They stay
// until the end, for the pages of a table that is dropped are not written any
// more.
func (e *examiner) carryAll(ctx context.Context, s *scratch, class ddl.Class, part Sample, carry carrier) (took []float64, err error) {
	var made []string
	defer func() { err = errors.Join(err, e.drop(ctx, made)) }()
	const filled = 2 // what fills the copies is logged too, and is as much again
	more := e.again(ctx, Sample{Rows: s.rows, Seconds: partOf*part.Seconds + s.copied.Seconds}, s.live, filled)
	for table := s.full; ; {
		next := ""
		if copies(class) && more(uint64(len(took)+1)*s.rows) {
			next = fmt.Sprintf("%s%d", s.full, len(made))
			made = append(made, next)
			if err := e.duplicate(ctx, next, table, s.rows); err != nil {
				return nil, fmt.Errorf("copy the sample again: %w", err)
			}
		}
		seconds, err := carry(ctx, table)
		if err != nil {
			return nil, fmt.Errorf("on rows as they are: %w", err)
		}
		if took = append(took, seconds); next == "" {
			return took, nil
		}
		table = next
	}
}

// again returns what says whether a sample, of so many rows in so many seconds, is
// worth doing once more after so many rows: not when as many were done as
// the table has, the redo log was filled so many times, or the time or the bytes
// are up. Until the log is full a server puts off the writing of pages, and a
// sample that never gets there knows nothing of it.
func (e *examiner) again(ctx context.Context, once Sample, of *table, filled uint64) func(done uint64) bool {
	began, before := time.Now(), e.logged(ctx)
	return func(done uint64) bool {
		left := e.in.SampleFor - time.Since(began) - time.Duration(once.Seconds*float64(time.Second))
		rows := done + once.Rows
		return once.Rows > 0 && rows <= of.Rows && left > 0 && scaled(of.RowBytes, 1, rows) <= e.in.SampleBytes &&
			e.logged(ctx)-before < filled*e.redo()
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

// builds is how often an index is built for its time, after a first time.
const builds = 3

// settled times a statement on rows that the sample has just written. The first
// index over such rows takes longer than those after it, and the table's own rows
// were written long ago: so indexes are built, dropped and built again, and the
// first time does not count. The others are over in a moment, and their mean does.
func (e *examiner) settled(ctx context.Context, way plan.Cost, sql, table string) (seconds float64, err error) {
	first, err := e.timed(ctx, way, sql, table)
	undo, ok := dropIndexes(sql, table)
	if err != nil || !ok {
		return first, err
	}
	began, n := time.Now(), 0
	for n == 0 || n < builds && time.Since(began) < e.in.SampleFor {
		if err := e.limited(ctx, "/* underpin preflight */ "+undo); err != nil {
			return 0, err
		}
		took, err := e.timed(ctx, way, sql, table)
		if err != nil {
			return 0, err
		}
		seconds, n = seconds+took, n+1
	}
	return seconds / float64(n), nil
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
	carry := func(ctx context.Context, table string) (seconds float64, err error) {
		began := time.Now()
		err = e.limited(ctx, rebuild(table, algorithm))
		return time.Since(began).Seconds(), err
	}
	none, err := carry(ctx, s.twin)
	// Where that fails the time stays unknown.
	tried := Forecast{Class: f.given}
	if err != nil || e.tryOnRows(ctx, s, none, &tried, carry) != nil {
		return
	}
	f.Sample, f.Time = tried.Sample, tried.Sample.forecast(e.size(s.live, s.live.bytes()))
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
