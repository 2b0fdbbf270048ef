package querykiller

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// history is a digest over days: how long one execution takes, how many rows it
// examines, and how many the table has.
func history(days int, millis, rows func(day int) float64) []*DigestSnapshot {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var total DigestSample
	total.Schema, total.Digest, total.Text, total.Table, total.FirstSeen = "shop", "d1", "SELECT …", "orders", began
	var all []*DigestSnapshot
	for day := range days {
		total.Count += 1000
		total.Time += time.Duration(1000 * millis(day) * float64(time.Millisecond))
		total.Examined += uint64(1000 * rows(day))
		total.Rows = uint64(rows(day))
		all = append(all, &DigestSnapshot{At: began.AddDate(0, 0, day), Digests: []DigestSample{total}})
	}
	return all
}

func flat(level float64) func(int) float64 { return func(int) float64 { return level } }

func TestFailSlow(t *testing.T) {
	grows := func(day int) float64 { return 100 + 10*float64(day) }
	config := FailSlowConfig{Budget: 500 * time.Millisecond}

	slowing, err := FailSlow(history(11, grows, grows), config)
	require.NoError(t, err)
	require.Len(t, slowing, 1)
	s := slowing[0]
	require.InDelta(t, 10, s.PerDay.Seconds()*1000, 0.01)
	require.InDelta(t, 10, s.ExaminedPerDay, 0.01)
	require.True(t, s.WithTable)
	require.InDelta(t, 1, s.Fit, 1e-6)
	// 200 ms on the tenth day, measured in the middle of it: 500 ms 30 days on.
	require.WithinDuration(t, time.Date(2026, 2, 9, 12, 0, 0, 0, time.UTC), s.Crosses, time.Hour)
	require.Contains(t, s.String(), "2026-02-09")

	for name, snapshots := range map[string][]*DigestSnapshot{
		"level":         history(11, flat(100), flat(100)),
		"faster":        history(11, func(day int) float64 { return 200 - 10*float64(day) }, flat(100)),
		"too few":       history(4, grows, grows),
		"too far ahead": history(11, func(day int) float64 { return 100 + 0.1*float64(day) }, grows),
		"to and fro":    history(11, func(day int) float64 { return 100 + 50*float64(day%2) + 0.1*float64(day) }, grows),
	} {
		slowing, err := FailSlow(snapshots, config)
		require.NoError(t, err)
		require.Empty(t, slowing, name)
	}

	// The counters start anew with the server: nothing is concluded across that.
	restarted := history(11, grows, grows)
	for i, s := range restarted {
		s.Digests[0].FirstSeen = s.Digests[0].FirstSeen.AddDate(0, 0, i/2)
		s.Digests[0].Count -= uint64(500 * (i / 2))
	}
	slowing, err = FailSlow(restarted, config)
	require.NoError(t, err)
	for _, s := range slowing {
		require.InDelta(t, 10, s.PerDay.Seconds()*1000, 5)
	}
	_, err = FailSlow(nil, FailSlowConfig{})
	require.Error(t, err)
}

// TestReadDigests: MySQL tells, and MariaDB as it comes says that it cannot.
func TestReadDigests(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		if s.Engine() == servers.MariaDB {
			_, err := ReadDigests(t.Context(), w.d.DB)
			require.ErrorIs(t, err, ErrNoDigests)
			return
		}
		private := servers.Private(t, servers.Options{Engine: servers.MySQL})
		w = &watched{t: t, d: private.Database(t)}
		w.exec("CREATE TABLE orders (id INT PRIMARY KEY, v INT)")
		w.exec("INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3)")
		for i := range 20 {
			w.exec(fmt.Sprintf("UPDATE orders SET v = v + 1 WHERE v > %d", i-100))
		}
		snapshot, err := ReadDigests(t.Context(), w.d.DB)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), snapshot.At, 10*time.Second)
		found := false
		for _, d := range snapshot.Digests {
			if strings.Contains(d.Text, "UPDATE `orders`") {
				found = true
				require.EqualValues(t, 20, d.Count)
				require.EqualValues(t, 60, d.Examined)
				require.Equal(t, "orders", d.Table)
				require.NotContains(t, d.Text, "100")
				require.Positive(t, d.Time)
			}
		}
		require.True(t, found)
	})
}

// TestMeasureUndo: a rate is found and nothing is left behind.
func TestMeasureUndo(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		rate, err := MeasureUndo(t.Context(), d.DB, 10_000)
		require.NoError(t, err)
		require.Equal(t, 10_000, rate.Rows)
		require.Greater(t, rate.RowsPerSecond, 100.0)
		var tables int
		require.NoError(t, d.DB.QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", d.Name).Scan(&tables))
		require.Zero(t, tables)
	})
}

// TestUndoMeter: the slowest of the rollbacks it has seen.
func TestUndoMeter(t *testing.T) {
	var u UndoMeter
	at := time.Unix(1_700_000_000, 0)
	see := func(rows uint64, state Tri) {
		u.See(&Snapshot{At: at, Sessions: []Session{{ID: 7, RowsModified: rows, RollingBack: state}}})
		at = at.Add(time.Second)
	}
	see(5000, No)
	require.Zero(t, u.Rate())
	for _, rows := range []uint64{5000, 4000, 3000} {
		see(rows, Yes)
	}
	require.Zero(t, u.Rate(), "it goes on")
	see(0, No)
	require.InDelta(t, 1000, u.Rate(), 1)
	for _, rows := range []uint64{900, 600, 300} {
		see(rows, Yes)
	}
	see(0, No)
	require.InDelta(t, 300, u.Rate(), 1)
}
