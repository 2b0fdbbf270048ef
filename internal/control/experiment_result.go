package control

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Population says whose results are asked for: the units of one generation of an
// experiment that were shown one branch only.
type Population struct {
	Experiment uint32
	Generation uint32
	Until      *time.Time // events and exposures after it do not count; nil is no limit
	Segment    string     // split by this key of the segments; empty is one segment named ""
}

// Exposed counts the units of a branch and segment.
type Exposed struct {
	Branch, Segment string
	Units           uint64
	Crossed         uint64 // saw two branches; not among Units
}

// UnitMoments are the moments of two values a unit, over the units of a branch
// and segment. Variances are those of the sample, 0 for a single unit.
type UnitMoments struct {
	Branch, Segment    string
	Units              uint64
	MeanY, VarY        float64
	MeanX, VarX        float64
	VarSum, VarDiffers float64 // of Y+X and of Y−X, which hold the covariance
}

// UnitValue is one value of a unit.
type UnitValue struct {
	Branch, Segment, Unit string
	Value                 float64
}

const segmentExpr = "COALESCE(JSON_UNQUOTE(JSON_EXTRACT(a.segments, ?)), '')"

const populationWhere = `
WHERE a.experiment = ?
  AND a.generation = ?
  AND a.at <= ?`

const countExposed = `/* underpin experiment */
SELECT a.branch, ` + segmentExpr + ` AS segment,
  CAST(SUM(a.crossed = 0) AS UNSIGNED),
  CAST(SUM(a.crossed <> 0) AS UNSIGNED)
FROM _underpin_assignment a` + populationWhere + `
GROUP BY a.branch, segment
ORDER BY a.branch, segment`

// unitMoments takes a value for Y and one for X. The limit, which never bites,
// keeps the servers from merging the inner query into the outer one, where every
// mention of y would be computed anew.
const unitMoments = `/* underpin experiment */
SELECT u.branch, u.segment, COUNT(*),
  AVG(u.y), COALESCE(VAR_SAMP(u.y), 0),
  AVG(u.x), COALESCE(VAR_SAMP(u.x), 0),
  COALESCE(VAR_SAMP(u.y + u.x), 0),
  COALESCE(VAR_SAMP(u.y - u.x), 0)
FROM (
  SELECT a.branch, ` + segmentExpr + ` AS segment,
    %s AS y,
    %s AS x
  FROM _underpin_assignment a` + populationWhere + `
    AND a.crossed = 0
  LIMIT 18446744073709551615
) u
GROUP BY u.branch, u.segment
ORDER BY u.branch, u.segment`

const unitValues = `/* underpin experiment */
SELECT a.branch, ` + segmentExpr + ` AS segment, a.unit, e.value
FROM _underpin_assignment a
JOIN _underpin_event e
  ON e.metric = ?
  AND e.unit = a.unit
  AND e.at >= a.at
  AND e.at <= ?` + populationWhere + `
  AND a.crossed = 0
ORDER BY a.unit`

// UnitExpr is what is computed of the events of a unit.
type UnitExpr struct {
	kind   unitKind
	metric string
	before time.Duration
}

type unitKind string

const (
	unitZero   unitKind = "0e0"
	unitSum    unitKind = "(SELECT COALESCE(SUM(e.value), 0e0) FROM _underpin_event e WHERE e.metric = ? AND e.unit = a.unit AND e.at >= a.at AND e.at <= ?)"
	unitAny    unitKind = "(SELECT COUNT(*) > 0 FROM _underpin_event e WHERE e.metric = ? AND e.unit = a.unit AND e.at >= a.at AND e.at <= ?)"
	unitBefore unitKind = "(SELECT COALESCE(SUM(e.value), 0e0) FROM _underpin_event e WHERE e.metric = ? AND e.unit = a.unit AND e.at < a.at AND e.at >= a.at - INTERVAL ? MICROSECOND)"
)

// Nothing is 0 for every unit.
func Nothing() UnitExpr { return UnitExpr{kind: unitZero} }

// SumOf is the sum of the metric's values since the unit's first exposure.
func SumOf(metric string) UnitExpr { return UnitExpr{kind: unitSum, metric: metric} }

// AnyOf is 1 for a unit with an event of the metric since its first exposure,
// and 0 for the others.
func AnyOf(metric string) UnitExpr { return UnitExpr{kind: unitAny, metric: metric} }

// SumBefore is the sum of the metric's values in that time before the unit's
// first exposure.
func SumBefore(metric string, d time.Duration) UnitExpr {
	return UnitExpr{kind: unitBefore, metric: metric, before: d}
}

func (e UnitExpr) args(until time.Time) []any {
	switch e.kind {
	case unitZero:
		return nil
	case unitBefore:
		return []any{e.metric, e.before.Microseconds()}
	}
	return []any{e.metric, until}
}

// until is the last moment that counts.
func (p Population) until() time.Time {
	if p.Until != nil {
		return p.Until.UTC()
	}
	return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
}

// path is the JSON path of the segment; one that no object has where none is
// asked for.
func (p Population) path() string {
	return `$."` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Segment) + `"`
}

func (p Population) where() []any { return []any{p.Experiment, p.Generation, p.until()} }

// CountExposed counts the units by branch and segment.
func CountExposed(ctx context.Context, db mysqlx.Querier, p Population) ([]Exposed, error) {
	return collect(ctx, db, "count exposures", func(rows *sql.Rows) (Exposed, error) {
		var e Exposed
		err := rows.Scan(&e.Branch, &e.Segment, &e.Units, &e.Crossed)
		return e, err
	}, countExposed, append([]any{p.path()}, p.where()...)...)
}

// MomentsOf returns the moments of y and x over the units, by branch and segment.
// The server computes them: a row a branch and segment comes back.
func MomentsOf(ctx context.Context, db mysqlx.Querier, p Population, y, x UnitExpr) ([]UnitMoments, error) {
	args := []any{p.path()}
	args = append(args, y.args(p.until())...)
	args = append(args, x.args(p.until())...)
	args = append(args, p.where()...)
	return collect(ctx, db, "compute moments of "+y.metric, func(rows *sql.Rows) (UnitMoments, error) {
		var m UnitMoments
		err := rows.Scan(&m.Branch, &m.Segment, &m.Units, &m.MeanY, &m.VarY, &m.MeanX, &m.VarX, &m.VarSum, &m.VarDiffers)
		return m, err
	}, fmt.Sprintf(unitMoments, y.kind, x.kind), args...)
}

// EachValue hands every value of a metric since the unit's first exposure to
// visit, those of one unit one after the other.
func EachValue(ctx context.Context, db mysqlx.Querier, p Population, metric string, visit func(UnitValue) error) error {
	args := append([]any{p.path(), metric, p.until()}, p.where()...)
	rows, err := db.QueryContext(ctx, unitValues, args...)
	if err != nil {
		return fmt.Errorf("read the values of %s: %w", metric, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v UnitValue
		var unit []byte
		if err := rows.Scan(&v.Branch, &v.Segment, &unit, &v.Value); err != nil {
			return fmt.Errorf("read the values of %s: %w", metric, err)
		}
		v.Unit = string(unit)
		if err := visit(v); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the values of %s: %w", metric, err)
	}
	return nil
}
