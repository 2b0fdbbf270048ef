// Package promflags exports the metrics of package flags to Prometheus. It is a
// package of its own so that an application which measures otherwise does not
// link the Prometheus client.
package promflags

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/underpin-db/underpin/flags"
)

// Metrics is a [flags.Metrics] and a prometheus.Collector, for one client. It is
// safe for concurrent use.
type Metrics struct {
	polls    *prometheus.HistogramVec
	version  prometheus.Gauge
	flags    prometheus.Gauge
	age      prometheus.Gauge
	failures *prometheus.CounterVec
	hints    prometheus.Counter
}

var (
	_ flags.Metrics        = (*Metrics)(nil)
	_ prometheus.Collector = (*Metrics)(nil)
)

const namespace = "underpin"

// New returns metrics that the caller registers:
//
//	metrics := promflags.New()
//	prometheus.MustRegister(metrics)
//	cfg := flags.Config{Metrics: metrics, …}
func New() *Metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: "flags", Name: name, Help: help})
	}
	return &Metrics{
		polls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: "flags", Name: "poll_seconds", Help: "Polls of the store, by how they ended.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16), // from a fifth of a millisecond to six seconds
		}, []string{"outcome"}),
		version: gauge("version", "The version of the copy."),
		flags:   gauge("count", "How many flags the copy has."),
		age:     gauge("age_seconds", "How long ago the store confirmed the copy; -1 where nobody knows."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "flags", Name: "failed_evaluations_total", Help: "Evaluations that returned the caller's fallback, by OpenFeature's error code.",
		}, []string{"code"}),
		hints: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Subsystem: "flags", Name: "hints_total", Help: "Hints that something may be new.",
		}),
	}
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.polls, m.version, m.flags, m.age, m.failures, m.hints}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(ch)
	}
}

// Polled implements flags.Metrics.
func (m *Metrics) Polled(outcome flags.Outcome, took time.Duration) {
	m.polls.WithLabelValues(string(outcome)).Observe(took.Seconds())
}

// Applied implements flags.Metrics.
func (m *Metrics) Applied(version uint64, count int) {
	m.version.Set(float64(version))
	m.flags.Set(float64(count))
}

// Aged implements flags.Metrics.
func (m *Metrics) Aged(age time.Duration) {
	if age == flags.UnknownAge {
		m.age.Set(-1)
		return
	}
	m.age.Set(age.Seconds())
}

// Failed implements flags.Metrics.
func (m *Metrics) Failed(code flags.Code) { m.failures.WithLabelValues(string(code)).Inc() }

// Hinted implements flags.Metrics.
func (m *Metrics) Hinted() { m.hints.Inc() }
