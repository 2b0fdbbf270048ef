package preflight

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Errors by which a server refuses an ALGORITHM or a LOCK clause.
var unsupported = map[uint16]bool{1845: true, 1846: true, 1800: true}

// clauses are the ways to ask for a statement, the gentlest first, and what
// each means.
var clauses = []struct {
	algorithm, lock string
	class           Class
}{
	{"INSTANT", "", Class{Instant, BlocksNothing}},
	{"NOCOPY", "NONE", Class{InPlace, BlocksNothing}}, // MariaDB: in place, and refused if it rebuilds
	{"INPLACE", "NONE", Class{Rebuild, BlocksNothing}},
	{"INPLACE", "SHARED", Class{Rebuild, BlocksWrites}},
	{"COPY", "NONE", Class{Copy, BlocksNothing}}, // MariaDB from 11.2
	{"COPY", "SHARED", Class{Copy, BlocksWrites}},
}

// tryBoth carries a statement out on twin and sample, as gently as the server
// can, and notes what it took and what room.
func (e *examiner) tryBoth(ctx context.Context, s *scratch, on plan.Statement, f *Forecast) error {
	for i, way := range clauses {
		if way.algorithm == "NOCOPY" && e.r.Server.Flavour != plan.MariaDB || way.algorithm == "INSTANT" && on.Kind == plan.CreateIndex {
			continue
		}
		before := e.tableID(ctx, s.twin)
		fixed, err := e.timed(ctx, on, s.twin, way.algorithm, way.lock)
		if unsupported[mysqlx.Number(err)] && i < len(clauses)-1 {
			continue
		}
		if err != nil {
			return err
		}
		took, err := e.timed(ctx, on, s.full, way.algorithm, way.lock)
		if err != nil {
			return fmt.Errorf("on rows as they are: %w", err)
		}
		class := way.class
		if class.Algorithm == Rebuild && before != "" && before == e.tableID(ctx, s.twin) {
			class.Algorithm = InPlace
		}
		f.Class = class
		f.Sample = Sample{Rows: s.rows, Seconds: took, Fixed: min(fixed, took)}
		return e.measureRoom(ctx, s, f)
	}
	return errors.New("no way to carry it out") // the last one is never passed over
}

// queryTableID works on MySQL and takes PROCESS. A table that is rebuilt gets
// another id.
const queryTableID = `/* underpin preflight */ SELECT COALESCE(GROUP_CONCAT(TABLE_ID ORDER BY TABLE_ID), '')
FROM information_schema.INNODB_TABLES
WHERE NAME LIKE CONCAT('%/', ?, '%')`

// tableID names a scratch table's storage; empty where that is not shown, and
// a statement is then taken for one that rebuilds.
func (e *examiner) tableID(ctx context.Context, name string) (id string) {
	if e.r.Server.Flavour == plan.MySQL {
		_ = e.s.QueryRow(ctx, queryTableID, []any{name}, &id)
	}
	return id
}

// standIn times a rebuild in place of a statement that is not tried, where it
// is known to be carried out as one.
func (e *examiner) standIn(ctx context.Context, s *scratch, f *Forecast) {
	way := map[Algorithm]string{Rebuild: "INPLACE", Copy: "COPY"}[f.given.Algorithm]
	if way == "" {
		return
	}
	force := plan.Statement{Kind: plan.AlterTable, SQL: "ALTER TABLE t FORCE"}
	fixed, err := e.timed(ctx, force, s.twin, way, "")
	if err != nil {
		return // it stays unknown
	}
	took, err := e.timed(ctx, force, s.full, way, "")
	if err != nil {
		return
	}
	f.Sample = Sample{Rows: s.rows, Seconds: took, Fixed: min(fixed, took)}
	f.Time = f.Sample.forecast(e.size(s.live, s.live.bytes()))
}

// timed carries a statement out on a scratch table.
func (e *examiner) timed(ctx context.Context, on plan.Statement, table, algorithm, lock string) (seconds float64, err error) {
	onTable, err := onScratch(on.SQL, table)
	if err != nil {
		return 0, err
	}
	text, err := onTable.WithAlgorithm(algorithm, lock)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = e.limited(ctx, "/* underpin preflight */ "+text)
	return time.Since(began).Seconds(), err
}

// measureRoom works out what disk a statement needs, from how the sample has grown.
func (e *examiner) measureRoom(ctx context.Context, s *scratch, f *Forecast) error {
	if f.Class.Algorithm == Instant {
		return nil
	}
	before := s.bytes
	after, err := e.analyze(ctx, s.full)
	if err != nil {
		return err
	}
	s.bytes = after
	grown := after - min(before, after)
	if f.Class.Algorithm != InPlace {
		// The second copy lives beside the first until the end.
		f.Bytes = max(scaled(after, s.rows, s.live.Rows), s.live.bytes())
	} else {
		f.Bytes = scaled(grown, s.rows, s.live.Rows)
	}
	if f.Class.Algorithm != Copy {
		f.Sort = max(scaled(grown, s.rows, s.live.Rows), indexesSorted(f.Class, s.live))
	}
	return nil
}

// indexesSorted is what a rebuild sorts: every secondary index anew.
func indexesSorted(c Class, t *table) uint64 {
	if c.Algorithm == Rebuild {
		return t.IndexBytes
	}
	return 0
}
