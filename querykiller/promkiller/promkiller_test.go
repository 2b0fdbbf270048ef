package promkiller_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
	"github.com/underpin-db/underpin/querykiller/promkiller"
)

func families(t *testing.T, m prometheus.Collector) []*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	out, err := registry.Gather()
	require.NoError(t, err)
	return out
}

// gathered is every metric on a line: labels, then value or count.
func gathered(t *testing.T, m prometheus.Collector) map[string]string {
	t.Helper()
	have := map[string]string{}
	for _, f := range families(t, m) {
		text := ""
		for _, one := range f.Metric {
			for _, label := range one.Label {
				text += label.GetName() + "=" + label.GetValue() + " "
			}
			text += fmt.Sprintf("%g;", one.GetCounter().GetValue()+one.GetGauge().GetValue()+float64(one.GetHistogram().GetSampleCount()))
		}
		have[f.GetName()] = text
	}
	return have
}

func TestEverythingIsExported(t *testing.T) {
	stopped := true
	m := promkiller.New(promkiller.Sources{
		Stopped: func() bool { return stopped },
		Lost:    func() map[string]uint64 { return map[string]uint64{"webhook": 3} },
	})
	after := 12 * time.Millisecond
	for _, d := range []querykiller.Decision{
		{Rule: "r", Action: querykiller.ActQuery, Outcome: querykiller.OutcomeDead, DeadAfter: &after, Measured: 3 * time.Second, Budget: 2 * time.Second,
			User: "secret-user", Digest: "secret-digest", Text: "secret-text"},
		{Rule: "r", Action: querykiller.ActQuery, Outcome: querykiller.OutcomeDead},
		{Rule: "w", Action: querykiller.ActWarn, Outcome: querykiller.OutcomeWarned},
	} {
		require.NoError(t, m.Record(t.Context(), d))
	}
	m.Polled(querykiller.Poll{Took: time.Millisecond, Interval: 250 * time.Millisecond, Overload: true, Snapshot: &querykiller.Snapshot{
		At: time.Unix(1700000000, 500_000_000), Sessions: make([]querykiller.Session, 9), Load: querykiller.Load{ThreadsRunning: 4},
		TransactionsStale: 1500 * time.Millisecond}})
	m.Polled(querykiller.Poll{Took: time.Second, Interval: 250 * time.Millisecond, Err: errors.New("gone")})
	require.Equal(t, map[string]string{
		"underpin_killer_decisions_total":             "action=kill_query outcome=dead rule=r 2;action=warn outcome=warned rule=w 1;",
		"underpin_killer_dead_seconds":                "1;",
		"underpin_killer_overshoot_seconds":           "1;",
		"underpin_killer_polls_total":                 "outcome=done 1;outcome=failed 1;",
		"underpin_killer_poll_seconds":                "2;",
		"underpin_killer_last_poll_timestamp_seconds": "1.7000000005e+09;",
		"underpin_killer_interval_seconds":            "0.25;",
		"underpin_killer_sessions":                    "9;",
		"underpin_killer_threads_running":             "4;",
		"underpin_killer_transactions_stale_seconds":  "1.5;",
		"underpin_killer_overload":                    "1;",
		"underpin_killer_stopped":                     "1;",
		"underpin_killer_lost_decisions_total":        "sink=webhook 3;",
	}, gathered(t, m))
	problems, err := promlint.NewWithMetricFamilies(families(t, m)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// Without sources the rest is there.
func TestSourcesAreOptional(t *testing.T) {
	have := gathered(t, promkiller.New(promkiller.Sources{}))
	require.Equal(t, "0;", have["underpin_killer_stopped"])
	require.NotContains(t, have, "underpin_killer_lost_decisions_total")
}
