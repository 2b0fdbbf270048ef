package querykiller

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// benchBudget is what a statement may take in the benchmarks.
const benchBudget = 2 * time.Second

// burn keeps a processor busy for far longer than any budget.
const burn = "SELECT /* burn */ BENCHMARK(2000000000, SHA2('underpin', 512))"

// benchServer starts a server that nobody else uses.
func benchServer(b *testing.B, engine servers.Engine) *watched {
	b.Helper()
	private := servers.Private(b, servers.Options{Engine: engine, ExtraArgs: []string{
		"--max-connections=1200", "--slow-query-log=ON", "--log-output=TABLE", "--long-query-time=1",
	}})
	w := &watched{t: b, d: private.Database(b)}
	w.d.DB.SetMaxIdleConns(1200)
	return w
}

func eachEngine(b *testing.B, fn func(b *testing.B, w *watched)) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		b.Run(string(engine), func(b *testing.B) { fn(b, benchServer(b, engine)) })
	}
}

// runKiller runs the killer with the built-in rules until stop is called.
func runKiller(t testing.TB, dsn string, budget time.Duration) (stop func()) {
	t.Helper()
	s, err := Connect(t.Context(), dsn, Options{})
	require.NoError(t, err)
	rules, err := DefaultRules(budget)
	require.NoError(t, err)
	rules.Breaker.Kills = 100_000
	return run(t, Config{Server: s, Rules: rules, Recorder: RecorderFunc(func(context.Context, Decision) error { return nil })})
}

// run runs a killer until stop is called, which closes its server too.
func run(t testing.TB, c Config) (stop func()) {
	t.Helper()
	k, err := New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
		_ = c.Server.Close()
	}
}

// lives runs the statement on so many connections and returns how long each
// lived, from before it was sent until its answer was there.
func lives(b *testing.B, clients []*client, statement string) []time.Duration {
	b.Helper()
	took := make([]time.Duration, len(clients))
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			began := time.Now()
			// MariaDB answers an interrupted BENCHMARK or SLEEP without an error.
			_, err := c.conn.ExecContext(context.Background(), statement)
			took[i] = time.Since(began)
			if took[i] > 30*time.Second || err != nil && errNumber(err) != 1317 {
				b.Errorf("the statement ended after %v: %v", took[i], err)
			}
		})
	}
	all.Wait()
	return took
}

// servedFor is how long the server has worked on the statements that have the
// mark, as it says itself: from when a thread of it took one up until that thread
// was done with it. On a busy server the client waits longer, for that thread to
// get a processor. The server writes that down after it has answered, hence n.
func servedFor(b *testing.B, w *watched, mark string, n int) []time.Duration {
	b.Helper()
	var all []time.Duration
	require.Eventually(b, func() bool {
		all = served(b, w, mark)
		return len(all) == n
	}, 10*time.Second, 20*time.Millisecond, "the slow log has to have every statement")
	return all
}

func served(b *testing.B, w *watched, mark string) []time.Duration {
	b.Helper()
	rows, err := w.d.Server.Admin().QueryContext(b.Context(),
		"SELECT FLOOR(TIME_TO_SEC(query_time)) * 1000000 + MICROSECOND(query_time) FROM mysql.slow_log WHERE sql_text LIKE ?", "SELECT /* "+mark+"%")
	require.NoError(b, err)
	defer func() { _ = rows.Close() }()
	var all []time.Duration
	for rows.Next() {
		var micros int64
		require.NoError(b, rows.Scan(&micros))
		all = append(all, time.Duration(micros)*time.Microsecond)
	}
	require.NoError(b, rows.Err())
	return all
}

// report gives the earliest and the quantiles.
func report(b *testing.B, who string, took []time.Duration) {
	for name, d := range map[string]time.Duration{
		"earliest": quantile(took, 0), "p50": quantile(took, 0.5), "p99": quantile(took, 0.99),
	} {
		b.ReportMetric(float64(d.Microseconds())/1000, who+"-"+name+"-ms")
	}
	b.ReportMetric(0, "ns/op")
}

func clientsOf(w *watched, n int) []*client {
	all := make([]*client, n)
	for i := range all {
		all[i] = w.client()
	}
	return all
}

// BenchmarkBusy: 40 statements that keep the processors busy, killed at a budget
// of 2 s: how long the server worked on each, and when the client has its answer.
// pt-kill beside it where it is installed.
func BenchmarkBusy(b *testing.B) {
	eachEngine(b, func(b *testing.B, w *watched) {
		clients := clientsOf(w, 40)
		b.Run("underpin", func(b *testing.B) {
			var took []time.Duration
			stop := runKiller(b, w.d.DSN, benchBudget)
			for b.Loop() {
				for range 3 {
					took = append(took, lives(b, clients, burn)...)
				}
			}
			stop()
			report(b, "client", took)
			ran := servedFor(b, w, "burn", len(took))
			report(b, "server", ran)
			require.GreaterOrEqual(b, quantile(ran, 0), benchBudget, "a kill was early")
			w.exec("TRUNCATE TABLE mysql.slow_log")
		})
		b.Run("pt-kill", func(b *testing.B) {
			if !ptKillInstalled() {
				b.Skip("percona-toolkit is not installed")
			}
			pt := runPtKill(b, w.d.DSN, benchBudget, "--match-info", "burn")
			var took []time.Duration
			for b.Loop() {
				for range 3 {
					took = append(took, lives(b, clients, burn)...)
				}
			}
			pt.stop()
			report(b, "client", took)
			report(b, "server", servedFor(b, w, "burn", len(took)))
		})
	})
}

// BenchmarkThousand: 1000 connections, 50 of which run past the budget.
func BenchmarkThousand(b *testing.B) {
	eachEngine(b, func(b *testing.B, w *watched) {
		clients := clientsOf(w, 1000)
		var took []time.Duration
		stop := runKiller(b, w.d.DSN, benchBudget)
		for b.Loop() {
			for range 3 {
				took = append(took, lives(b, clients[:50], "SELECT 1 FROM (SELECT SLEEP(60)) AS s WHERE SLEEP(60) = 1 UNION SELECT SLEEP(60)")...)
			}
		}
		stop()
		report(b, "client", took)
		require.GreaterOrEqual(b, quantile(took, 0), benchBudget, "a kill was early")
	})
}

// BenchmarkPolling: what polling costs the server, as a share of one core, with
// 1000 connections of which a few or 50 are running: polls at fixed times, and a
// killer that keeps its own pace.
func BenchmarkPolling(b *testing.B) {
	eachEngine(b, func(b *testing.B, w *watched) {
		clients := clientsOf(w, 1000)
		for _, c := range clients {
			c.exec("DO 1")
		}
		for _, running := range []int{5, 50} {
			for _, c := range clients[:running] {
				c.start("SELECT SLEEP(600)")
			}
			clients = clients[running:]
			for _, interval := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 250 * time.Millisecond} {
				b.Run(fmt.Sprintf("running=%d/every=%v", running, interval), func(b *testing.B) {
					share := pollingShare(b, w, interval)
					b.ReportMetric(100*share, "%core")
					b.ReportMetric(0, "ns/op")
				})
				b.Run(fmt.Sprintf("running=%d/killer=%v", running, interval), func(b *testing.B) {
					share, told, kept := killerShare(b, w, interval)
					b.ReportMetric(100*share, "%core")
					b.ReportMetric(100*told, "%core-told")
					b.ReportMetric(kept.Seconds()*1000, "ms-kept")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	})
}

// usedFor is what share of a core the server uses for ten seconds, in which
// something is done at every tick.
func usedFor(b *testing.B, w *watched, tick time.Duration, do func()) float64 {
	b.Helper()
	const during = 10 * time.Second
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	cpu, began := servers.CPU(b, w.d.Server), time.Now()
	for time.Since(began) < during {
		<-ticker.C
		do()
	}
	return (servers.CPU(b, w.d.Server) - cpu).Seconds() / time.Since(began).Seconds()
}

func nothing() {}

// pollingShare is what polls at fixed times cost; what the server uses by itself is
// set off.
func pollingShare(b *testing.B, w *watched, interval time.Duration) float64 {
	b.Helper()
	w.s = connectTo(b, w.d.DSN, Options{})
	w.poll() // the first one reads every connection's attributes
	share := 0.0
	for b.Loop() {
		share = usedFor(b, w, interval, func() { w.poll() }) - usedFor(b, w, interval, nothing)
	}
	require.NoError(b, w.s.Close())
	return share
}

// killerShare is what a killer with the built-in rules costs, what it takes itself
// to cost, and how long it waits from poll to poll in the mean. It kills nothing: what
// runs goes on.
func killerShare(b *testing.B, w *watched, interval time.Duration) (share, told float64, kept time.Duration) {
	b.Helper()
	var polls, work atomic.Int64
	rules, err := DefaultRules(benchBudget)
	require.NoError(b, err)
	for b.Loop() {
		stop := run(b, Config{
			Server: connectTo(b, w.d.DSN, Options{}), Rules: rules, Mode: ModeDryRun, Interval: interval,
			Recorder: RecorderFunc(func(context.Context, Decision) error { return nil }),
			OnPoll: func(p Poll) {
				if p.Err == nil {
					polls.Add(1)
					work.Add(int64(p.Snapshot.Work))
				}
			},
		})
		require.Eventually(b, func() bool { return polls.Load() > workRow*workRows }, 2*time.Minute, 10*time.Millisecond, "it has to know what polls cost")
		before, worked, began := polls.Load(), work.Load(), time.Now()
		share = usedFor(b, w, interval, nothing)
		took := time.Since(began)
		kept = took / time.Duration(polls.Load()-before)
		told = float64(work.Load()-worked) / float64(took)
		stop()
		share -= usedFor(b, w, interval, nothing)
	}
	return share, told, kept
}

// BenchmarkWindow: how long after MySQL has read a statement's identity again
// the kill was executed, on a server at rest and on a busy one; and how many
// innocent statements die of it where they follow at once.
func BenchmarkWindow(b *testing.B) {
	w := benchServer(b, servers.MySQL)
	w.s = connectTo(b, w.d.DSN, Options{})
	b.Run("rest", func(b *testing.B) { windows(b, w) })
	clients := clientsOf(w, 40)
	for _, c := range clients {
		c.start(burn)
	}
	b.Run("busy", func(b *testing.B) { windows(b, w) })
	for _, c := range clients {
		w.exec(fmt.Sprintf("KILL %d", c.id))
	}
	b.Run("next-statement", func(b *testing.B) {
		var r race
		for b.Loop() {
			r.run(b, w, 20_000, func(p Session) (Killing, error) { return killOne(b.Context(), w.s, p.Statement, ActQuery) })
		}
		b.Log(&r)
		b.ReportMetric(float64(r.killed), "kills")
		b.ReportMetric(float64(r.innocents.Load()), "innocents")
		b.ReportMetric(float64(r.died.Load()), "died")
		b.ReportMetric(0, "ns/op")
	})
}

func windows(b *testing.B, w *watched) {
	b.Helper()
	var all []time.Duration
	expired := 0
	c := w.client()
	for b.Loop() {
		for range 200 {
			done := c.start("SELECT SLEEP(30)")
			k, err := killOne(b.Context(), w.s, w.running(c.id, 0).Statement, ActQuery)
			if err != nil {
				expired++
				w.exec(fmt.Sprintf("KILL QUERY %d", c.id))
			} else {
				all = append(all, k.Window)
			}
			require.True(b, number1317(<-done))
		}
	}
	for name, q := range map[string]float64{"p50-us": 0.5, "p99-us": 0.99, "max-us": 1} {
		b.ReportMetric(float64(quantile(all, q).Nanoseconds())/1000, name)
	}
	b.ReportMetric(float64(expired), "expired")
	b.ReportMetric(0, "ns/op")
}

// number1317 reports whether a statement ended as killed ones do: with the error
// 1317, or without one where it was a SLEEP.
func number1317(err error) bool { return err == nil || errNumber(err) == 1317 }
