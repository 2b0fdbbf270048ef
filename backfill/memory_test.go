package backfill

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// memoryRows are the sizes of table that are compared.
var memoryRows = []int{50_000, 500_000}

// mostGrowth is how many MiB more ten times the rows may take: what the
// collector's rhythm makes of it. Eight bytes kept of every row would be 3.4.
const mostGrowth = 1.0

// BenchmarkMemory copies and verifies tables of two sizes and compares the
// highest heap in use. The rows never come into this process, only their keys at
// the boundaries of spans and chunks do.
func BenchmarkMemory(b *testing.B) {
	for _, c := range benchServers[:2] {
		b.Run(c.name, func(b *testing.B) {
			server := servers.Private(b, servers.Options{Engine: c.options.Engine, BufferPoolMiB: 512})
			for b.Loop() {
				var heap []float64
				for _, rows := range memoryRows {
					heap = append(heap, copyHeap(b, server, rows))
					b.ReportMetric(heap[len(heap)-1], fmt.Sprintf("%dk-rows-MiB", rows/1000))
				}
				growth := heap[1] - heap[0]
				b.ReportMetric(growth, "growth-MiB")
				require.Less(b, growth, mostGrowth)
			}
		})
	}
}

// copyHeap is the highest heap in use, in MiB, while a table of so many rows is
// copied and verified with the default settings, the engine's two workers on.
func copyHeap(b *testing.B, server *servers.Server, rows int) float64 {
	f := newFixture(b, server, sysbenchCopy)
	f.fillSysbench("src", rows)
	return float64(heapDuring(func() {
		r := f.backfill(Config{DB: f.db, Change: f.change, Job: Backfill, Run: f.run, Workers: 2})
		require.EqualValues(b, rows, r.Rows)
		v := f.verify(VerifyConfig{})
		require.True(b, v.Clean(), v.String())
		require.EqualValues(b, rows, v.Compared)
	})) / (1 << 20)
}

// heapDuring runs fn and returns the most bytes of objects that were seen
// meanwhile. The collector runs after a tenth of growth instead of a doubling, so
// that what is seen is what is kept and not what happens to lie about.
func heapDuring(fn func()) (most uint64) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	stop, seen := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		var most uint64
		for over := false; !over; {
			select {
			case <-stop:
				over = true
			case <-tick.C:
			}
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
		}
		seen <- most
	}()
	fn()
	close(stop)
	return <-seen
}

// The measure sees what it is there for.
func TestHeapDuringSeesMemoryThatIsKept(t *testing.T) {
	const size = 64 << 20
	var kept []byte
	most := heapDuring(func() { kept = make([]byte, size) })
	require.GreaterOrEqual(t, most, uint64(size))
	runtime.KeepAlive(kept)
}
