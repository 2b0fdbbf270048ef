package flagsbench

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/underpin-db/underpin/flags"
)

// many is how many flags the large set has.
const many = 10_000

// BenchmarkLoad starts a client on 10 000 flags: from a store, and from the
// snapshot on disk. The memory is what the copy keeps.
func BenchmarkLoad(b *testing.B) {
	all := make([]flags.Flag, many)
	for i := range all {
		all[i] = ramp(fmt.Sprint("flag-", i))
	}
	store, err := flags.NewMemory(all...)
	if err != nil {
		b.Fatal(err)
	}
	cfg := flags.Config{Source: store, Logger: slog.New(slog.DiscardHandler)}
	start := func(b *testing.B, cfg flags.Config) *flags.Client {
		c, err := flags.Open(b.Context(), cfg)
		if err != nil || c.Status().Flags != many {
			b.Fatal(err)
		}
		return c
	}
	b.Run("store", func(b *testing.B) {
		before := heap()
		c := start(b, cfg)
		kept := float64(heap()-before) / (1 << 20)
		_ = c.Close()
		for b.Loop() {
			_ = start(b, cfg).Close()
		}
		note(b, figure{what: "10 000 flags from a store in memory", unit: "ms", aim: 100, better: atMost}, perRun(b, b.Elapsed()))
		note(b, figure{what: "10 000 flags keep", unit: "MiB"}, kept)
	})
	b.Run("disk", func(b *testing.B) {
		disk := cfg
		disk.Snapshot = filepath.Join(b.TempDir(), "snapshot")
		_ = start(b, disk).Close()
		disk.Source, disk.StartTimeout = nowhere{}, time.Millisecond
		var total time.Duration
		for b.Loop() {
			began := time.Now()
			c := start(b, disk)
			total += time.Since(began)
			b.StopTimer()
			_ = c.Close()
			b.StartTimer()
		}
		note(b, figure{what: "10 000 flags from the snapshot on disk", unit: "ms", aim: 100, better: atMost}, perRun(b, total))
	})
}

// perRun is the milliseconds of one run.
func perRun(b *testing.B, total time.Duration) float64 {
	return float64(total) / float64(b.N) / float64(time.Millisecond)
}

// heap is how many bytes are in use once the garbage is gone.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
