package flagsbench

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

const (
	clients   = 500
	processes = 20
	flips     = 30
)

var ops = sqlstore.By{Actor: "benchmark", Why: "to measure", Action: sqlstore.ActionKill}

// board gathers when each version was seen by whom.
type board struct {
	mu   sync.Mutex
	seen map[uint64][]time.Time
}

func (b *board) add(s seen) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[s.version] = append(b.seen[s.version], s.at)
}

func (b *board) of(version uint64) []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.seen[version])
}

func each(b *testing.B, fn func(b *testing.B, s *servers.Server)) {
	for _, engine := range servers.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			fn(b, servers.Private(b, servers.Options{Engine: engine}))
		})
	}
}

// world makes a database with the flag "kill" and its store.
func world(b *testing.B, s *servers.Server, announce sqlstore.Announcer) (dsn string, store *sqlstore.Store) {
	b.Helper()
	d := s.Database(b)
	if _, err := control.Init(b.Context(), d.DB); err != nil {
		b.Fatal(err)
	}
	store = sqlstore.New(d.DB, sqlstore.Config{Announce: announce})
	if _, err := store.Put(b.Context(), toggle("kill", "on"), ops); err != nil {
		b.Fatal(err)
	}
	return d.DSN, store
}

// startClients starts clients in this process, on a pool of 32 connections.
func startClients(b *testing.B, n int, dsn string, list []flags.Hinter, fn func(seen)) {
	b.Helper()
	db, err := openDB(dsn, 32)
	if err != nil {
		b.Fatal(err)
	}
	all := make([]*flags.Client, n)
	source := sqlstore.New(db, sqlstore.Config{})
	for i := range all {
		all[i], err = flags.Open(b.Context(), flags.Config{Source: source, Hints: list, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		observe(all[i], fn)
	}
	b.Cleanup(func() {
		var wait sync.WaitGroup
		for _, c := range all {
			wait.Go(func() { _ = c.Close() })
		}
		wait.Wait()
		_ = db.Close()
	})
}

// BenchmarkKillSwitch turns a flag off and on and measures, from before the
// change is sent to the database, when each of 500 clients of this process and
// 20 of other processes sees it.
func BenchmarkKillSwitch(b *testing.B) {
	each(b, func(b *testing.B, s *servers.Server) {
		b.Run("poll", func(b *testing.B) { killSwitch(b, s, spread{aim: 1000, left: asItIs}) })
		b.Run("redis", func(b *testing.B) { killSwitch(b, s, spread{servers.PrivateRedis(b).URL(), 100, asItIs}) })
		b.Run("redis-version-only", func(b *testing.B) { killSwitch(b, s, spread{servers.PrivateRedis(b).URL(), 0, versionOnly}) })
	})
}

// spread is a way by which a change reaches clients.
type spread struct {
	redis string  // its URL; empty is the poll alone
	aim   float64 // ms that 99 of 100 clients may take
	left  func(flags.Hint) flags.Hint
}

// asItIs and versionOnly are what is announced of a change.
func asItIs(h flags.Hint) flags.Hint      { return h }
func versionOnly(h flags.Hint) flags.Hint { return flags.Hint{Version: h.Version} }

// announcer announces what is left of a hint.
type announcer struct {
	to   sqlstore.Announcer
	left func(flags.Hint) flags.Hint
}

func (a announcer) Announce(ctx context.Context, h flags.Hint) error {
	return a.to.Announce(ctx, a.left(h))
}

func killSwitch(b *testing.B, s *servers.Server, way spread) {
	channel := b.Name()
	list, redis, stop, err := hints(way.redis, channel)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(stop)
	var announce sqlstore.Announcer
	if redis != nil {
		announce = announcer{redis, way.left}
	}
	dsn, store := world(b, s, announce)
	all := &board{seen: map[uint64][]time.Time{}}
	startClients(b, clients, dsn, list, all.add)
	for range processes {
		startProcess(b, dsn, way.redis, channel, all.add)
	}
	var each, last []time.Duration
	for n := range flips {
		<-time.After(time.Second + rand.N(time.Second)) // no beat with the polls
		began := time.Now()
		f, err := store.Edit(b.Context(), "kill", ops, func(f flags.Flag) (flags.Flag, error) {
			f.State = []flags.State{flags.Off, flags.On}[n%2]
			return f, nil
		})
		if err != nil {
			b.Fatal(err)
		}
		at := wait(b, all, f.Version)
		worst := time.Duration(0)
		for _, t := range at {
			each = append(each, t.Sub(began))
			worst = max(worst, t.Sub(began))
		}
		last = append(last, worst)
	}
	name := strings.TrimPrefix(b.Name(), "BenchmarkKillSwitch/")
	note(b, figure{what: "kill switch, " + name + ": 99 of 100 clients", unit: "ms/p99", aim: way.aim, better: atMost}, percentile(each, 0.99))
	note(b, figure{what: "kill switch, " + name + ": half of the clients", unit: "ms/p50"}, percentile(each, 0.5))
	note(b, figure{what: "kill switch, " + name + ": the last of 520, median", unit: "ms/last-p50"}, percentile(last, 0.5))
	note(b, figure{what: "kill switch, " + name + ": the last of 520, worst", unit: "ms/last-worst"}, percentile(last, 1))
}

// wait waits until every client has seen a version.
func wait(b *testing.B, all *board, version uint64) []time.Time {
	deadline := time.Now().Add(30 * time.Second)
	for {
		at := all.of(version)
		if len(at) == clients+processes {
			return at
		}
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d clients saw version %d", len(at), clients+processes, version)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// percentile is the time in milliseconds that a share of the list does not exceed.
func percentile(list []time.Duration, share float64) float64 {
	slices.Sort(list)
	return float64(list[min(int(share*float64(len(list))), len(list)-1)]) / float64(time.Millisecond)
}

// BenchmarkPolling is what 1 000 clients cost a server while nothing changes.
func BenchmarkPolling(b *testing.B) {
	each(b, func(b *testing.B, s *servers.Server) {
		dsn, _ := world(b, s, nil)
		startClients(b, 1000, dsn, nil, func(seen) {})
		const long = 20 * time.Second
		<-time.After(2 * time.Second)
		queries, cpu := load(b, s)
		<-time.After(long)
		queriesAfter, cpuAfter := load(b, s)
		name := strings.TrimPrefix(b.Name(), "BenchmarkPolling/")
		note(b, figure{what: "1 000 polling clients, " + name, unit: "queries/s"}, (queriesAfter-queries)/long.Seconds())
		note(b, figure{what: "1 000 polling clients, " + name + ", of the server", unit: "% of a core"}, 100*(cpuAfter-cpu)/long.Seconds())
	})
}

// load returns how many statements the server has had, and its seconds of CPU.
func load(b *testing.B, s *servers.Server) (queries, cpu float64) {
	b.Helper()
	var name, data string
	if err := s.Admin().QueryRowContext(b.Context(), "SHOW GLOBAL STATUS LIKE 'Questions'").Scan(&name, &queries); err != nil {
		b.Fatal(err)
	}
	if err := s.Admin().QueryRowContext(b.Context(), "SELECT @@datadir").Scan(&data); err != nil {
		b.Fatal(err)
	}
	stat, err := os.ReadFile(filepath.Join(process(b, filepath.Clean(data)), "stat"))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may have spaces
	fields := strings.Fields(rest)
	for _, text := range fields[11:13] { // user and system time, in hundredths of a second
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			b.Fatal(err)
		}
		cpu += n / 100
	}
	return queries, cpu
}

// process returns the folder in /proc of the process that names a data directory
// on its command line.
func process(b *testing.B, data string) string {
	b.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		b.Fatal(err)
	}
	for _, one := range all {
		line, err := os.ReadFile(filepath.Join(one, "cmdline"))
		if err == nil && strings.Contains(string(line), "--datadir="+data+"\x00") {
			return one
		}
	}
	b.Fatalf("no process works on %s", data)
	return ""
}
