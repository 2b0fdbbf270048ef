package querykiller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

// costs has every look of the stage cost as much.
func (s *stage) costs(work time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work = work
}

// TestKillerPace: what a look costs makes the interval longer than it was asked
// for, as far as that makes no kill late.
func TestKillerPace(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		work, want  time.Duration
		share       float64
	}{
		{name: "cheap", rules: killAt2, work: 3 * time.Millisecond, want: 200 * time.Millisecond},
		{name: "dear", rules: killAt2, work: 10 * time.Millisecond, want: 500 * time.Millisecond},
		{name: "a larger share", rules: killAt2, work: 10 * time.Millisecond, share: 0.04, want: 250 * time.Millisecond},
		{name: "no longer than half a budget", rules: killAt2, work: time.Minute, want: time.Second},
		{name: "no longer than a second", rules: strings.Replace(killAt2, "2s", "1h", 1), work: time.Minute, want: time.Second},
		{name: "a short budget", rules: killAt2 + "  - {name: s, action: warn, budget: 600ms}\n", work: time.Minute, want: 300 * time.Millisecond},
		{name: "a budget shorter than the interval", rules: killAt2 + "  - {name: s, action: warn, budget: 100ms}\n", work: time.Minute, want: 200 * time.Millisecond},
		{name: "a budget that a statement may choose", want: 250 * time.Millisecond, work: time.Minute,
			rules: "rules:\n  - {name: r, action: kill_query, budget: 2s, tag_budget: {min: 500ms, max: 2s}}\n"},
		{name: "a budget that overload tightens", rules: killAt2 + "overload: {threads_running: 10, factor: 0.25}\n", work: time.Minute, want: 250 * time.Millisecond},
		{name: "locks are seen when they are looked at", work: time.Minute, want: 200 * time.Millisecond,
			rules: killAt2 + "  - {name: s, action: kill_query, measure: lock_wait, budget: 1m}\n"},
		{name: "equals are counted when they are looked at", work: time.Minute, want: 200 * time.Millisecond,
			rules: killAt2 + "  - {name: s, match: {same_digest: {min: 20}}, action: kill_query, budget: 1m}\n"},
		{name: "what is left alone has no budget", rules: killAt2 + "  - {name: s, match: {user: a}, action: leave}\n", work: time.Minute, want: time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, c.rules, &stage{work: c.work}, func(t *testing.T, w *watched) {
				pass(10 * time.Second)
				require.Equal(t, c.want, w.Status().Interval)
				require.InDelta(t, 1+10*time.Second/c.want, w.seen().polls, 1)
			}, func(config *querykiller.Config) { config.Share = c.share })
		})
	}
}

func TestKillerSaysThatItStretchesTheInterval(t *testing.T) {
	play(t, killAt2, &stage{work: 10 * time.Millisecond}, func(t *testing.T, w *watched) {
		pass(10 * time.Second)
		w.costs(0)
		pass(20 * time.Second)
		require.Equal(t, querykiller.DefaultInterval, w.Status().Interval)
		require.Equal(t, 1, strings.Count(w.seen().log, "it comes less often than asked for"))
		require.Equal(t, 1, strings.Count(w.seen().log, "as often as asked for again"))
		require.Contains(t, w.seen().log, "asked=200ms kept=500ms")
	})
}

// However dear looks are, what is due is looked at in time, and a victim until it is
// gone.
func TestKillerPaceKeepsDeadlines(t *testing.T) {
	play(t, killAt2, &stage{work: time.Minute, kill: deaf}, func(t *testing.T, w *watched) {
		pass(2300 * time.Millisecond)
		w.run(7)
		pass(time.Second)
		before := w.seen().polls
		pass(999 * time.Millisecond)
		require.InDelta(t, 5, w.seen().polls-before, 1, "as often as asked for in the last second")
		require.Empty(t, w.seen().killed)
		pass(2 * time.Millisecond)
		require.Equal(t, []string{"kill_query 7"}, w.seen().killed)
		before = w.seen().polls
		pass(time.Second)
		require.InDelta(t, 8, w.seen().polls-before, 1, "four a time at first")
		require.Equal(t, time.Second, w.Status().Interval)
		pass(5 * time.Second)
		require.Equal(t, "7 kill_query survived", w.outcomes())
		before = w.seen().polls
		pass(10 * time.Second)
		require.InDelta(t, 10, w.seen().polls-before, 1, "there is nothing to wait for any more")
	})
}

func TestNewRefusesShares(t *testing.T) {
	for _, share := range []float64{-0.01, 1.5} {
		_, err := querykiller.New(querykiller.Config{Server: &stage{}, Rules: parse(t, killAt2), Share: share})
		require.ErrorContains(t, err, "share")
	}
}
