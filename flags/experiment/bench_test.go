package experiment_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// BenchmarkFirstExposures measures how many first exposures a second eight
// clients store, each with a pool of its own and asked by several callers at
// once, on servers that flush every commit.
func BenchmarkFirstExposures(b *testing.B) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		s := servers.Private(b, servers.Options{Engine: engine, Durability: servers.Durable})
		for _, callers := range []int{8, 64} {
			b.Run(fmt.Sprintf("%s/writers=8/callers=%d", engine, callers), func(b *testing.B) { firstExposures(b, s, 8, callers) })
		}
	}
}

func firstExposures(b *testing.B, s *servers.Server, writers, callers int) {
	const each = 200
	f := newFixture(b, s)
	f.start(button())
	clients := make([]*experiment.Client, writers)
	for w := range clients {
		db, err := mysqlx.Open(b.Context(), f.dsn, mysqlx.Options{})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, db.Close()) })
		clients[w], err = experiment.Open(b.Context(), db, experiment.Config{})
		require.NoError(b, err)
		b.Cleanup(func() { f.close(clients[w]) })
	}
	rounds := 0
	for b.Loop() {
		var wait sync.WaitGroup
		for w, c := range clients {
			for k := range callers {
				wait.Go(func() {
					for i := range each {
						unit := experiment.Unit{Key: fmt.Sprintf("%d-%d-%d-%d", rounds, w, k, i)}
						if _, err := c.Assign(b.Context(), "checkout-button", unit); err != nil {
							b.Error(err)
						}
					}
				})
			}
		}
		wait.Wait()
		rounds++
	}
	total := writers * callers * each * rounds
	require.Equal(b, total, f.number("SELECT COUNT(*) FROM _underpin_assignment"))
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "exposures/s")
	if callers == 64 {
		b.ReportMetric(10_000, "aim-exposures/s")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkAssignAgain measures what a unit costs that the process has met.
func BenchmarkAssignAgain(b *testing.B) {
	f := newFixture(b, servers.ForTest(b, servers.MySQL))
	f.start(button())
	c := f.open(experiment.Config{})
	unit := experiment.Unit{Key: "user-1"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Assign(b.Context(), "checkout-button", unit); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResults measures a report of 100 000 units, 300 000 events and four
// metrics.
func BenchmarkResults(b *testing.B) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		b.Run(string(engine), func(b *testing.B) {
			f := newFixture(b, servers.Private(b, servers.Options{Engine: engine}))
			f.start(shop())
			f.exec("CREATE TABLE digits (d INT PRIMARY KEY)")
			f.exec("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
			f.exec(`INSERT INTO _underpin_assignment (experiment, unit, branch, generation, segments, at)
				SELECT 1, CONCAT('u', a.d, b.d, c.d, d.d, e.d), IF(e.d % 2, 'grey', 'green'), 1, '{"country":"de"}', UTC_TIMESTAMP(6)
				FROM digits a, digits b, digits c, digits d, digits e`)
			for i, event := range []string{"purchase", "view", "latency"} {
				f.exec(`INSERT INTO _underpin_event (metric, unit, event, value, at)
					SELECT ?, unit, UNHEX(LEFT(SHA2(CONCAT(unit, ?), 256), 32)), 1 + CRC32(unit) % 1000, UTC_TIMESTAMP(6) FROM _underpin_assignment`, event, i)
			}
			f.exec("ANALYZE TABLE _underpin_assignment, _underpin_event")
			for b.Loop() {
				if n := len(f.results("").Parts[0].Results); n != 4 {
					b.Fatal(n)
				}
			}
		})
	}
}

// BenchmarkFlag measures an evaluation by a client that asks experiments, while
// one runs: of flags without an experiment, and of the one with it, for a unit
// that the process has met.
func BenchmarkFlag(b *testing.B) {
	f := newFixture(b, servers.ForTest(b, servers.MySQL))
	f.start(button())
	experiments := f.open(experiment.Config{})
	static := flags.Flag{Name: "static", Type: flags.Boolean, Kind: flags.Release, Owner: "shop", Off: "off", Safe: "off", Serve: flags.Serve{Variant: "on"}}
	ramp := static
	ramp.Name, ramp.Ramp = "ramp", &flags.Ramp{Variant: "on", Share: 2500}
	ramp.Rules = []flags.Rule{{
		When:  []flags.Condition{{Attribute: "country", Op: flags.In, Values: []flags.Value{flags.ValueOf("DE"), flags.ValueOf("FR")}}},
		Serve: flags.Serve{Variant: "off"},
	}}
	target, ctx := flags.User(4711).With("country", "PL"), b.Context()
	for _, flag := range []flags.Flag{static, ramp} {
		c := f.flag(flag, experiments)
		b.Run(flag.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.Bool(ctx, flag.Name, target, false) {
					b.Fatal("it is on")
				}
			}
		})
	}
	c := f.flag(colour(), experiments)
	b.Run("experiment", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if c.String(ctx, "button-colour", target, "") == "" {
				b.Fatal("it has a value")
			}
		}
	})
}
