package flagsbench

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

// figure is something that was measured, and what it should be.
type figure struct {
	what, unit string
	aim        float64 // 0: there is none, it is stated
	better     direction
	values     map[*testing.B]float64 // the last of each run: the ones before calibrate
}

// direction says which way a figure is better.
type direction string

const (
	atMost  direction = "≤"
	atLeast direction = "≥"
)

// figures gathers figures. The testing package has no way from a benchmark to
// what is printed at the end but a variable.
var figures ledger

type ledger struct {
	mu  sync.Mutex
	all []*figure
}

// note adds a value to a figure and reports it.
func note(b *testing.B, f figure, value float64) {
	b.Helper()
	b.ReportMetric(value, strings.ReplaceAll(f.unit, " ", "-")) // a unit has no spaces there
	figures.mu.Lock()
	defer figures.mu.Unlock()
	i := slices.IndexFunc(figures.all, func(have *figure) bool { return have.what == f.what })
	if i < 0 {
		i = len(figures.all)
		figures.all = append(figures.all, &f)
	}
	if figures.all[i].values == nil {
		figures.all[i].values = map[*testing.B]float64{}
	}
	figures.all[i].values[b] = value
}

// print writes the median of each figure beside its aim.
func (l *ledger) print(w io.Writer) {
	if len(l.all) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nfigure (on %d cores)\tmeasured\taim\t\n", runtime.NumCPU())
	for _, f := range l.all {
		median := slices.Sorted(maps.Values(f.values))[len(f.values)/2]
		aim, met := "–", ""
		if f.aim > 0 {
			aim, met = fmt.Sprintf("%s %.4g", f.better, f.aim), "missed"
		}
		if f.aim > 0 && (f.better == atMost) == (median <= f.aim) || median == f.aim {
			met = "met"
		}
		fmt.Fprintf(t, "%s\t%.4g %s\t%s\t%s\n", f.what, median, f.unit, aim, met)
	}
	if err := t.Flush(); err != nil {
		fmt.Fprintln(w, err)
	}
}

// parallel runs fn on all processors and notes what one call takes: it halves where
// two do twice the work. aim is for one processor.
func parallel(b *testing.B, what string, aim float64, fn func() bool) {
	b.Helper()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = fn()
		}
	})
	if b.N == 1 { // the call that finds out whether there is a benchmark
		return
	}
	procs := runtime.GOMAXPROCS(0)
	f := figure{what: fmt.Sprintf("%s, %d procs", what, procs), unit: "ns/call", better: atMost}
	if procs == 1 {
		f.aim = aim
	}
	note(b, f, float64(b.Elapsed())/float64(b.N))
}

// rounds is how often one core is compared with all of them, one after the other,
// so that what else the machine does falls on both.
const rounds = 15

// speedup is how many times as many calls all processors make as one does, and
// what share that is of the speedup of a loop that shares nothing at all, taken in
// the same moments: medians of rounds.
func speedup(fn func() func()) (times, share float64) {
	var ratios, shares []float64
	for range rounds {
		own := callsPerSecond(runtime.NumCPU(), ownCounters) / callsPerSecond(1, ownCounters)
		ratio := callsPerSecond(runtime.NumCPU(), fn) / callsPerSecond(1, fn)
		ratios, shares = append(ratios, ratio), append(shares, ratio/own)
	}
	slices.Sort(ratios)
	slices.Sort(shares)
	return ratios[rounds/2], shares[rounds/2]
}

// padded is a counter with a cache line of its own.
type padded struct {
	atomic.Int64
	_ [56]byte
}

func ownCounters() func() {
	n := new(padded)
	return func() { n.Add(1) }
}

// callsPerSecond calls what fn returns, in that many goroutines for a twentieth of
// a second.
func callsPerSecond(workers int, fn func() func()) float64 {
	const batch = 1000
	var wait sync.WaitGroup
	calls := make([]int, workers*16) // a line of its own for each
	began := time.Now()
	for w := range workers {
		wait.Go(func() {
			call := fn()
			for time.Since(began) < 50*time.Millisecond {
				for range batch {
					call()
				}
				calls[w*16] += batch
			}
		})
	}
	wait.Wait()
	total := 0
	for _, n := range calls {
		total += n
	}
	return float64(total) / time.Since(began).Seconds()
}
