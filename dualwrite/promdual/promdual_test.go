package promdual_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/dualwrite/promdual"
	"github.com/underpin-db/underpin/migrate"
)

func TestEverythingIsExported(t *testing.T) {
	m := promdual.New()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	m.Wrote("c", migrate.DualWrite, dualwrite.Done, 30*time.Millisecond)
	m.Retried("c", "deadlock")
	m.Fenced("c", time.Millisecond)
	m.Mirrored("c", time.Millisecond)
	m.Read("c", migrate.TargetShape)
	m.Copied("c", dualwrite.Failed)
	m.Shadowed("c", dualwrite.Differs)
	m.LeaseLost()
	families, err := registry.Gather()
	require.NoError(t, err)
	have := map[string]string{}
	for _, f := range families {
		text := ""
		for _, label := range f.Metric[0].Label {
			text += label.GetName() + "=" + label.GetValue() + " "
		}
		text += fmt.Sprint(f.Metric[0].GetCounter().GetValue() + float64(f.Metric[0].GetHistogram().GetSampleCount()))
		have[f.GetName()] = text
	}
	require.Equal(t, map[string]string{
		"underpin_write_seconds":       "change=c mode=dual_write outcome=done 1",
		"underpin_write_retries_total": "change=c why=deadlock 1",
		"underpin_fence_seconds":       "change=c 1",
		"underpin_mirror_seconds":      "change=c 1",
		"underpin_reads_total":         "change=c shape=target 1",
		"underpin_copies_total":        "change=c outcome=failed 1",
		"underpin_shadow_reads_total":  "change=c outcome=differs 1",
		"underpin_leases_lost_total":   "1",
	}, have)
}
