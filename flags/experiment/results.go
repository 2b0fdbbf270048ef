package experiment

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/flags/experiment/stats"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Errors of results.
var (
	// ErrSegment says that the experiment does not record that attribute.
	ErrSegment = errors.New("the experiment does not record that segment")
	// ErrTooMany says that a percentile would need more memory than is sensible.
	ErrTooMany = errors.New("too many values for a percentile")
)

// MaxValues is how many values the percentiles of one metric may take into
// memory, 16 bytes each.
const MaxValues = 20_000_000

// mostCrossed is the share of units with two branches above which results are
// doubted: those units are left out, and they are not like the others.
const mostCrossed = 0.01

// Results computes the report of an experiment, split by a segment unless that
// is empty. The pool has to parse times. It reads every exposure and the events
// of their units in one snapshot: on a large experiment run it on a replica.
func Results(ctx context.Context, db *sql.DB, name, segment string) (Report, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Report{}, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	state, err := Get(ctx, tx, name)
	if err != nil {
		return Report{}, err
	}
	if state.settled != nil && segment != "" {
		return Report{}, fmt.Errorf("%w: %s", ErrSettled, name)
	}
	if state.settled != nil {
		return Report{State: state, Parts: state.settled.Parts, Settled: &state.settled.At}, nil
	}
	if segment != "" && !slices.Contains(state.Segments, segment) {
		return Report{}, fmt.Errorf("%w: %s records %q", ErrSegment, name, state.Segments)
	}
	a := &analysis{
		db: tx, state: state, report: Report{State: state, Segment: segment},
		population: control.Population{Experiment: state.id, Generation: state.Generation, Until: state.Stopped, Segment: segment},
	}
	if err := a.count(ctx); err != nil {
		return Report{}, err
	}
	for _, m := range state.Metrics {
		if err := a.measure(ctx, m); err != nil {
			return Report{}, err
		}
	}
	a.judge()
	return a.report, nil
}

// analysis computes one report.
type analysis struct {
	db         mysqlx.Querier
	state      State
	population control.Population
	report     Report
}

// count makes the parts, one a value of the segment, and checks their ratios.
func (a *analysis) count(ctx context.Context) error {
	exposed, err := control.CountExposed(ctx, a.db, a.population)
	if err != nil {
		return err
	}
	values := []string{}
	for _, e := range exposed {
		if !slices.Contains(values, e.Segment) {
			values = append(values, e.Segment)
		}
	}
	if len(values) == 0 {
		values = append(values, "")
	}
	slices.Sort(values)
	for _, value := range values {
		p := Part{Value: value, Results: []Finding{}}
		for _, b := range a.state.Branches {
			n := Count{Branch: b.Name}
			for _, e := range exposed {
				if e.Branch == b.Name && e.Segment == value {
					n.Units, n.Crossed = e.Units, e.Crossed
				}
			}
			p.Branches = append(p.Branches, n)
		}
		if err := a.checkPart(&p); err != nil {
			return err
		}
		a.report.Parts = append(a.report.Parts, p)
	}
	return nil
}

// checkPart looks for reasons to doubt a part.
func (a *analysis) checkPart(p *Part) error {
	var units, weights []uint64
	var all, crossed uint64
	for i, n := range p.Branches {
		units = append(units, n.Units+n.Crossed) // what was assigned is what the hash is to be judged by
		weights = append(weights, uint64(a.state.Branches[i].Share))
		all, crossed = all+n.Units, crossed+n.Crossed
	}
	check, err := stats.SampleRatio(units, weights)
	switch {
	case errors.Is(err, stats.ErrTooFew):
	case err != nil:
		return fmt.Errorf("check the sample ratio of %s: %w", a.state.Name, err)
	default:
		p.Ratio = &check
	}
	if check.Mismatch {
		p.Warnings = append(p.Warnings, fmt.Sprintf("sample ratio mismatch, p = %.2g: the branches have not the sizes they were meant to have; "+
			"no result can be believed until it is known why", check.P))
	}
	if float64(crossed) > mostCrossed*float64(all+crossed) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d units saw two branches and were left out", crossed, all+crossed))
	}
	return nil
}

// measure compares every branch with the control by one metric, in every part.
func (a *analysis) measure(ctx context.Context, m Metric) error {
	compare, err := a.reader(ctx, m)
	if err != nil {
		return err
	}
	for i := range a.report.Parts {
		p := &a.report.Parts[i]
		for _, b := range a.state.Branches[1:] {
			f := Finding{Metric: m.Name, Kind: m.Kind, Branch: b.Name, Adjusted: 1}
			r, reduction, err := compare(cell{a.state.Branches[0].Name, p.Value}, cell{b.Name, p.Value})
			switch {
			case err == nil:
				f.Result, f.Reduction = &r, reduction
			case cannotTell(err):
				f.Verdict, f.Words = stats.TooLittleData, err.Error()
			default:
				return fmt.Errorf("metric %s of %s: %w", m.Name, a.state.Name, err)
			}
			p.Results = append(p.Results, f)
		}
	}
	return nil
}

func cannotTell(err error) bool {
	return errors.Is(err, stats.ErrTooFew) || errors.Is(err, stats.ErrNoVariation) || errors.Is(err, stats.ErrUndefined)
}

// cell is a branch within a part.
type cell struct{ branch, segment string }

// comparer compares two cells by one metric.
type comparer func(control, treatment cell) (r stats.Result, reduction float64, err error)

// reader reads what a metric needs, for all cells at once.
func (a *analysis) reader(ctx context.Context, m Metric) (comparer, error) {
	plan := a.state.plan()
	if m.Kind == Percentile {
		samples, err := a.samples(ctx, m.Event)
		return func(c, t cell) (stats.Result, float64, error) {
			r, err := stats.Percentiles(plan, m.Percentile/100, samples[c], samples[t])
			return r, 0, err
		}, err
	}
	y, x := m.exprs(time.Duration(a.state.Before))
	rows, err := control.MomentsOf(ctx, a.db, a.population, y, x)
	pairs := map[cell]stats.Pairs{}
	for _, row := range rows {
		pairs[cell{row.Branch, row.Segment}] = pairsOf(row)
	}
	return func(c, t cell) (stats.Result, float64, error) { return m.compare(plan, pairs[c], pairs[t]) }, err
}

// exprs are what the server computes for each unit.
func (m Metric) exprs(before time.Duration) (y, x control.UnitExpr) {
	switch {
	case m.Kind == Proportion:
		return control.AnyOf(m.Event), control.Nothing()
	case m.Kind == Ratio:
		return control.SumOf(m.Event), control.SumOf(m.Per)
	case before > 0:
		return control.SumOf(m.Event), control.SumBefore(m.Event, before)
	}
	return control.SumOf(m.Event), control.Nothing()
}

// compare compares moments as the metric's kind asks for.
func (m Metric) compare(plan stats.Plan, c, t stats.Pairs) (stats.Result, float64, error) {
	switch m.Kind {
	case Proportion:
		r, err := stats.Proportions(plan, shareOf(c), shareOf(t))
		return r, 0, err
	case Ratio:
		r, err := stats.Ratios(plan, c, t)
		return r, 0, err
	}
	adjusted, err := stats.Adjust(c, t)
	if err != nil {
		return stats.Result{}, 0, err
	}
	r, err := stats.Means(plan, adjusted.Control, adjusted.Treatment)
	return r, adjusted.Reduction, err
}

// pairsOf finds the covariance from the variances of sum and difference:
// Var(Y+X) − Var(Y−X) = 4·Cov(Y, X).
func pairsOf(m control.UnitMoments) stats.Pairs {
	return stats.Pairs{
		Y:          stats.Moments{Units: m.Units, Mean: m.MeanY, Variance: m.VarY},
		X:          stats.Moments{Units: m.Units, Mean: m.MeanX, Variance: m.VarX},
		Covariance: (m.VarSum - m.VarDiffers) / 4,
	}
}

// shareOf reads a proportion from the mean of zeros and ones.
func shareOf(p stats.Pairs) stats.Share {
	return stats.Share{Units: p.Y.Units, Hits: uint64(p.Y.Mean*float64(p.Y.Units) + 0.5)}
}

// samples reads every value of an event.
func (a *analysis) samples(ctx context.Context, event string) (map[cell]stats.Sample, error) {
	samples := map[cell]stats.Sample{}
	var at cell
	var unit string
	var values []float64
	total := 0
	flush := func() {
		if len(values) > 0 {
			s := samples[at]
			s.Add(values...)
			samples[at], values = s, values[:0]
		}
	}
	err := control.EachValue(ctx, a.db, a.population, event, func(v control.UnitValue) error {
		if total++; total > MaxValues {
			return fmt.Errorf("%w: more than %d of %s", ErrTooMany, MaxValues, event)
		}
		if v.Unit != unit {
			flush()
			unit, at = v.Unit, cell{v.Branch, v.Segment}
		}
		values = append(values, v.Value)
		return nil
	})
	flush()
	return samples, err
}
