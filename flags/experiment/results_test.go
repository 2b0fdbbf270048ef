package experiment_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/flags/experiment/stats"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

// shop is an experiment with a metric of every kind.
func shop() experiment.Experiment {
	e := button()
	e.Metrics = []experiment.Metric{
		{Name: "bought", Kind: experiment.Proportion, Event: "purchase"},
		{Name: "revenue", Kind: experiment.Mean, Event: "purchase"},
		{Name: "click-rate", Kind: experiment.Ratio, Event: "click", Per: "view"},
		{Name: "latency-p90", Kind: experiment.Percentile, Event: "latency", Percentile: 90, Better: experiment.BetterLower},
	}
	e.Before = flags.Duration(30 * 24 * time.Hour)
	return e
}

// person is what a unit does.
type person struct {
	branch, country              string
	before, bought, clicks, view float64
	latency                      []float64
}

// crowd exposes units, lets them do what draw says, and stores it as events of
// the past and of now.
func (f *fixture) crowd(n int, draw func(r *rand.Rand, branch string) person) map[string]*person {
	f.Helper()
	r := rand.New(rand.NewPCG(2, 3))
	c := f.open(experiment.Config{})
	all := map[string]*person{}
	var events eventList
	unit := func(i int) experiment.Unit {
		country := []string{"de", "pl", "it"}[i%3]
		return experiment.Unit{Key: fmt.Sprint("user-", i), Attributes: map[string]string{"country": country}}
	}
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			_, err := c.Assign(f.Context(), "checkout-button", unit(i))
			assert.NoError(f, err)
		})
	}
	wait.Wait()
	for i := range n {
		key, country := unit(i).Key, unit(i).Attributes["country"]
		p := draw(r, f.assign(c, key))
		p.branch, p.country = f.assign(c, key), country
		all[key] = &p
		events.add("purchase", key, p.before, 24*time.Hour)
		events.add("purchase", key, 1e6, 31*24*time.Hour) // too long ago to count
		events.add("purchase", key, p.bought, 0)
		events.add("click", key, p.clicks, 0)
		events.add("view", key, p.view, 0)
		for _, l := range p.latency {
			events.add("latency", key, l, 0)
		}
		events.add("purchase", "stranger-"+key, 1e6, 0) // takes no part
	}
	f.store(events)
	return all
}

type eventList []control.Event

// add adds an event, unless its value is 0.
func (l *eventList) add(metric, unit string, value float64, age time.Duration) {
	if value == 0 {
		return
	}
	e := control.Event{Metric: metric, Unit: unit, Value: value, Age: age}
	binary.BigEndian.PutUint64(e.ID[:], uint64(len(*l)+1))
	*l = append(*l, e)
}

func (f *fixture) store(events eventList) {
	f.Helper()
	for len(events) > 0 {
		n := min(len(events), 1000)
		require.NoError(f, control.AddEvents(f.Context(), f.db, events[:n]))
		events = events[n:]
	}
}

func (f *fixture) results(segment string) experiment.Report {
	f.Helper()
	r, err := experiment.Results(f.Context(), f.db, "checkout-button", segment)
	require.NoError(f, err)
	return r
}

func shopper(r *rand.Rand, branch string) person {
	base := 20 + 5*r.NormFloat64()
	p := person{before: base, view: float64(1 + r.IntN(5))}
	if r.Float64() < 0.5 {
		p.bought = base + 2*r.NormFloat64()
	}
	p.clicks = float64(r.IntN(int(p.view) + 1))
	for range 1 + r.IntN(3) {
		p.latency = append(p.latency, 50*math.Exp(r.NormFloat64()))
	}
	return p
}

// expected computes from the people what Results computes from the tables.
func expected(t *testing.T, all map[string]*person, country string) []stats.Result {
	type side struct {
		share                        stats.Share
		bought, before, clicks, view []float64
		latency                      stats.Sample
	}
	sides := map[string]*side{"grey": {}, "green": {}}
	for _, p := range all {
		if country != "" && p.country != country {
			continue
		}
		s := sides[p.branch]
		s.share.Units++
		if p.bought != 0 {
			s.share.Hits++
		}
		s.bought, s.before = append(s.bought, p.bought), append(s.before, p.before)
		s.clicks, s.view = append(s.clicks, p.clicks), append(s.view, p.view)
		s.latency.Add(p.latency...)
	}
	c, g, plan := sides["grey"], sides["green"], stats.Plan{}
	adjusted, err := stats.Adjust(stats.PairsOf(c.bought, c.before), stats.PairsOf(g.bought, g.before))
	require.NoError(t, err)
	require.Greater(t, adjusted.Reduction, 0.005, "the covariate has to do something")
	var out []stats.Result
	for _, compute := range []func() (stats.Result, error){
		func() (stats.Result, error) { return stats.Proportions(plan, c.share, g.share) },
		func() (stats.Result, error) { return stats.Means(plan, adjusted.Control, adjusted.Treatment) },
		func() (stats.Result, error) {
			return stats.Ratios(plan, stats.PairsOf(c.clicks, c.view), stats.PairsOf(g.clicks, g.view))
		},
		func() (stats.Result, error) { return stats.Percentiles(plan, 0.9, c.latency, g.latency) },
	} {
		r, err := compute()
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

// What is computed from the tables is what is computed from the people: every
// kind of metric, in whole and by segment, with the time before as covariate and
// what does not belong left out.
func TestResultsAreThoseOfThePeople(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(shop())
		all := f.crowd(600, shopper)
		same := cmpopts.EquateApprox(1e-9, 1e-9)
		check := func(p experiment.Part, country string) {
			want := expected(t, all, country)
			require.Len(t, p.Results, len(want))
			for i, found := range p.Results {
				require.NotNil(t, found.Result, "%s of %q: %s", found.Metric, country, found.Words)
				require.Empty(t, cmp.Diff(want[i], *found.Result, same), "%s of %q", found.Metric, country)
				require.Equal(t, "green", found.Branch)
			}
			require.NotNil(t, p.Ratio)
			require.False(t, p.Ratio.Mismatch)
			require.Empty(t, p.Warnings)
		}
		whole := f.results("")
		require.Len(t, whole.Parts, 1)
		check(whole.Parts[0], "")
		require.EqualValues(t, 600, whole.Parts[0].Branches[0].Units+whole.Parts[0].Branches[1].Units)
		split := f.results("country")
		require.Len(t, split.Parts, 3)
		for i, country := range []string{"de", "it", "pl"} {
			require.Equal(t, country, split.Parts[i].Value)
			check(split.Parts[i], country)
		}

		// What happens after the stop does not count.
		require.NoError(t, experiment.Stop(t.Context(), f.db, by, "checkout-button"))
		var late eventList
		for key := range all {
			late.add("purchase", key, 1e6, 0)
		}
		for i := range late {
			late[i].ID[15] = 1
		}
		f.store(late)
		check(f.results("").Parts[0], "")
	})
}

// A difference is found, goes the right or the wrong way, and is corrected for
// the number of metrics; where there is none, none is told.
func TestVerdicts(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(shop())
		f.crowd(1200, func(r *rand.Rand, branch string) person {
			p := shopper(r, branch)
			if branch == "green" {
				p.bought = 30 // everybody buys, for more
				for i := range p.latency {
					p.latency[i] *= 3
				}
			}
			return p
		})
		part := f.results("").Parts[0]
		require.Equal(t, stats.TooLittleData, part.Results[0].Verdict, "nobody of green does not buy: %s", part.Results[0].Words)
		require.Contains(t, part.Results[0].Words, "at least 10")
		require.Equal(t, stats.Better, part.Results[1].Verdict)
		require.Regexp(t, `^green is better: \+\d+\.\d\d % \(\+\d`, part.Results[1].Words)
		require.Equal(t, stats.Undecided, part.Results[2].Verdict)
		require.Contains(t, part.Results[2].Words, "no difference is shown")
		require.Equal(t, stats.Worse, part.Results[3].Verdict, "a higher latency is not better")
		for _, found := range part.Results {
			require.GreaterOrEqual(t, found.Adjusted, found.Result.Sequential.P)
		}
	})
}

func TestTooLittleData(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(shop())
		for _, found := range f.results("").Parts[0].Results { // nobody at all
			require.Equal(t, stats.TooLittleData, found.Verdict)
			require.Nil(t, found.Result)
			require.NotEmpty(t, found.Words)
		}
		require.Len(t, f.results("country").Parts, 1)
		f.crowd(60, shopper)
		part := f.results("").Parts[0]
		for _, found := range part.Results {
			require.Equal(t, stats.TooLittleData, found.Verdict)
		}
		require.Contains(t, part.Results[1].Words, "at least 100 are needed")
		_, err := experiment.Results(t.Context(), f.db, "checkout-button", "age")
		require.ErrorIs(t, err, experiment.ErrSegment)
		_, err = experiment.Results(t.Context(), f.db, "other", "")
		require.ErrorIs(t, err, experiment.ErrUnknown)
	})
}

// Exposures of one branch are lost somewhere: no result is to be believed.
func TestASampleRatioMismatchIsNoticed(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(shop())
		f.crowd(900, shopper)
		require.False(t, f.results("").Parts[0].Ratio.Mismatch)
		f.exec("DELETE FROM _underpin_assignment WHERE branch = 'green' LIMIT 120")
		part := f.results("").Parts[0]
		require.True(t, part.Ratio.Mismatch)
		require.Len(t, part.Warnings, 1)
		require.Contains(t, part.Warnings[0], "sample ratio mismatch")
		for _, found := range part.Results {
			require.Equal(t, stats.Mismatched, found.Verdict)
		}
	})
}

// Units that saw two branches are left out and counted, as are those that were
// drawn under other shares.
func TestWhoDoesNotCount(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(shop())
		f.crowd(300, shopper)
		f.exec("UPDATE _underpin_assignment SET crossed = 1 WHERE unit LIKE 'user-1%'")
		crossed := f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE crossed = 1")
		part := f.results("").Parts[0]
		require.Equal(t, []string{fmt.Sprintf("%d of 300 units saw two branches and were left out", crossed)}, part.Warnings)
		units := func(p experiment.Part) int { return int(p.Branches[0].Units + p.Branches[1].Units) }
		require.Equal(t, 300-crossed, units(part))
		require.EqualValues(t, 300-crossed, part.Results[1].Result.Units)

		e := shop()
		e.Branches[0].Share, e.Branches[1].Share = 2000, 8000
		f.start(e)
		require.Zero(t, units(f.results("").Parts[0]), "a new generation begins with nobody")
	})
}

// What the client records is what the results are made of; an event counts once
// even if it is stored again, and before the exposure it is no outcome.
func TestFromExposureToResult(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(button())
		c, err := experiment.Open(t.Context(), f.db, experiment.Config{})
		require.NoError(t, err)
		var before eventList
		for i := range 400 {
			key := fmt.Sprint(i)
			f.assign(c, key)
			if i%4 == 0 { // bought before, and not again
				before.add("purchase", key, 10, time.Minute)
			}
			if i%2 == 1 {
				c.Track("purchase", key, 10)
				c.Track("purchase", key, 20)
			}
		}
		f.close(c)
		f.store(before)
		require.Equal(t, 500, f.number("SELECT COUNT(*) FROM _underpin_event"))
		require.EqualValues(t, 400, c.Stats().StoredEvents)
		var events eventList
		rows, err := f.db.QueryContext(t.Context(), "SELECT metric, unit, event, value FROM _underpin_event WHERE value = 20")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var e control.Event
			var id []byte
			require.NoError(t, rows.Scan(&e.Metric, &e.Unit, &id, &e.Value))
			copy(e.ID[:], id)
			events = append(events, e)
		}
		require.NoError(t, rows.Err())
		f.store(events)
		require.Equal(t, 500, f.number("SELECT COUNT(*) FROM _underpin_event"))
		r := f.results("").Parts[0].Results[0].Result
		hits := r.Control*float64(f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE branch = 'grey'")) +
			r.Treatment*float64(f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE branch = 'green'"))
		require.InDelta(t, 200, hits, 1e-6)
	})
}
