package promflags_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/promflags"
)

func TestEverythingIsExported(t *testing.T) {
	m := promflags.New()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	m.Polled(flags.Applied, 30*time.Millisecond)
	m.Applied(7, 12)
	m.Aged(1500 * time.Millisecond)
	m.Failed(flags.CodeNotFound)
	m.Hinted()
	families, err := registry.Gather()
	require.NoError(t, err)
	have := map[string]float64{}
	for _, f := range families {
		one := f.Metric[0]
		have[f.GetName()] = one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
	}
	require.Equal(t, map[string]float64{
		"underpin_flags_poll_seconds": 1, "underpin_flags_version": 7, "underpin_flags_count": 12, "underpin_flags_age_seconds": 1.5,
		"underpin_flags_failed_evaluations_total": 1, "underpin_flags_hints_total": 1,
	}, have)
	m.Aged(flags.UnknownAge)
	families, err = registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "underpin_flags_age_seconds" {
			require.InDelta(t, -1, f.Metric[0].GetGauge().GetValue(), 0)
		}
	}
}
