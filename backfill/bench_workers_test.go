package backfill

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// workerRounds is how often one worker and two are compared.
const workerRounds = 7

// copied is one copy: the clock's seconds, and those of the processors that the
// server, this process and everybody else on the machine used meanwhile.
type copied struct{ clock, server, own, others float64 }

// BenchmarkWorkers is what a second worker brings, and what of the machine was
// left for it to use. Others take from two workers what they do not take from
// one, so the pair that they disturbed least is told by itself.
func BenchmarkWorkers(b *testing.B) {
	for _, c := range benchServers {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b, benchServer(b, c.options), sysbenchCopy)
			if f.suitable(b) < 2 {
				b.Skip("the engine runs one worker on this server")
			}
			f.fillSysbench("src", benchRows)
			for b.Loop() {
				var pairs [workerRounds][2]copied
				for i := range pairs {
					pairs[i] = [2]copied{f.copied(b, 1), f.copied(b, 2)}
				}
				reportWorkers(b, pairs[:])
			}
		})
	}
}

func (f *fixture) copied(b *testing.B, workers int) copied {
	b.Helper()
	f.emptyTarget(indexing[0].drop)
	all, own, server, started := processors(b), ownProcessor(b), servers.CPU(b, f.d.Server), time.Now()
	f.runAll(b, workers)
	c := copied{
		clock:  time.Since(started).Seconds(),
		server: (servers.CPU(b, f.d.Server) - server).Seconds(),
		own:    ownProcessor(b) - own,
	}
	c.others = processors(b) - all - c.server - c.own
	return c
}

func reportWorkers(b *testing.B, pairs [][2]copied) {
	b.Helper()
	quietest := pairs[0]
	column := func(value func([2]copied) float64) float64 {
		v := make([]float64, len(pairs))
		for i, p := range pairs {
			v[i] = value(p)
		}
		return median(v)
	}
	for i, p := range pairs {
		b.Logf("pair %d: 1 worker %.2f, 2 workers %.2f (clock, server, own, others): %.2f", i+1, p[0], p[1], speedUp(p))
		if disturbed(p) < disturbed(quietest) {
			quietest = p
		}
	}
	for i := range 2 {
		name := fmt.Sprintf("%d-worker", i+1)
		b.ReportMetric(column(func(p [2]copied) float64 { return p[i].clock }), name+"-s")
		b.ReportMetric(column(func(p [2]copied) float64 { return p[i].server }), name+"-server-cpu-s")
		b.ReportMetric(column(func(p [2]copied) float64 { return p[i].own }), name+"-own-cpu-s")
		b.ReportMetric(column(func(p [2]copied) float64 { return p[i].others }), name+"-others-cpu-s")
	}
	b.ReportMetric(column(speedUp), "speed-up")
	b.ReportMetric(speedUp(quietest), "quietest-speed-up")
	b.ReportMetric(100*disturbed(quietest), "quietest-others-%")
	b.ReportMetric(100*busy(quietest), "quietest-busy-%")
}

func speedUp(p [2]copied) float64 { return p[0].clock / p[1].clock }

// busy is the part of the processors that was at work while two workers copied.
func busy(p [2]copied) float64 {
	two := p[1]
	return (two.server + two.own + two.others) / two.clock / float64(runtime.NumCPU())
}

// disturbed is the part of the processors that others used during a pair.
func disturbed(p [2]copied) float64 {
	return (p[0].others + p[1].others) / (p[0].clock + p[1].clock) / float64(runtime.NumCPU())
}

// ticks is how many of them Linux counts a second.
const ticks = 100

// processors is how many seconds the machine's processors were at work.
func processors(b *testing.B) float64 {
	b.Helper()
	const idle, wait, guest = 3, 4, 8 // guests are counted as users already
	return seconds(b, "/proc/stat", "cpu ", func(i int) bool { return i < guest && i != idle && i != wait })
}

// ownProcessor is how many of them this process used.
func ownProcessor(b *testing.B) float64 {
	b.Helper()
	const user, system = 11, 12 // after the name
	return seconds(b, "/proc/self/stat", ")", func(i int) bool { return i == user || i == system })
}

// seconds adds up numbers of the first line of a file of the kernel's, after a
// marker.
func seconds(b *testing.B, file, marker string, counts func(i int) bool) float64 {
	b.Helper()
	text, err := os.ReadFile(file)
	require.NoError(b, err)
	line, _, _ := strings.Cut(string(text), "\n")
	at := strings.LastIndex(line, marker)
	require.GreaterOrEqual(b, at, 0)
	var sum float64
	for i, field := range strings.Fields(line[at+len(marker):]) {
		if !counts(i) {
			continue
		}
		var n float64
		_, err := fmt.Sscan(field, &n)
		require.NoError(b, err)
		sum += n
	}
	return sum / ticks
}
