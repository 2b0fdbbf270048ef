// Package promdual exports the metrics of package dualwrite to Prometheus. It is
// a package of its own so that an application which measures otherwise does not
// link the Prometheus client.
package promdual

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/migrate"
)

// Metrics is a [dualwrite.Metrics] and a prometheus.Collector. It is safe for
// concurrent use and may serve several clients of one process.
type Metrics struct {
	writes   *prometheus.HistogramVec
	retries  *prometheus.CounterVec
	fence    *prometheus.HistogramVec
	mirror   *prometheus.HistogramVec
	reads    *prometheus.CounterVec
	copies   *prometheus.CounterVec
	shadows  *prometheus.CounterVec
	lostOnes prometheus.Counter
}

var (
	_ dualwrite.Metrics    = (*Metrics)(nil)
	_ prometheus.Collector = (*Metrics)(nil)
)

const namespace = "underpin"

// New returns metrics that the caller registers:
//
//	metrics := promdual.New()
//	prometheus.MustRegister(metrics)
//	cfg := dualwrite.Config{Metrics: metrics, …}
func New() *Metrics {
	// From a fifth of a millisecond to six seconds.
	buckets := prometheus.ExponentialBuckets(0.0002, 2, 16)
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	return &Metrics{
		writes:  histogram("write_seconds", "Units of work, retries included.", "change", "mode", "outcome"),
		retries: counter("write_retries_total", "Units of work tried again, by what went wrong.", "change", "why"),
		fence:   histogram("fence_seconds", "Time to take the fence by itself; it waits for a transition.", "change"),
		mirror:  histogram("mirror_seconds", "Time for the other shape to follow.", "change"),
		reads:   counter("reads_total", "Reads, by the shape that answered.", "change", "shape"),
		copies:  counter("copies_total", "Rows brought over by a read.", "change", "outcome"),
		shadows: counter("shadow_reads_total", "Reads made of both shapes and compared.", "change", "outcome"),
		lostOnes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "leases_lost_total", Help: "How often this process was silent for longer than its lease.",
		}),
	}
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.writes, m.retries, m.fence, m.mirror, m.reads, m.copies, m.shadows, m.lostOnes}
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

// Wrote implements dualwrite.Metrics.
func (m *Metrics) Wrote(change string, mode migrate.Mode, outcome dualwrite.Outcome, took time.Duration) {
	m.writes.WithLabelValues(change, mode.String(), string(outcome)).Observe(took.Seconds())
}

// Retried implements dualwrite.Metrics.
func (m *Metrics) Retried(change, why string) { m.retries.WithLabelValues(change, why).Inc() }

// Fenced implements dualwrite.Metrics.
func (m *Metrics) Fenced(change string, took time.Duration) {
	m.fence.WithLabelValues(change).Observe(took.Seconds())
}

// Mirrored implements dualwrite.Metrics.
func (m *Metrics) Mirrored(change string, took time.Duration) {
	m.mirror.WithLabelValues(change).Observe(took.Seconds())
}

// Read implements dualwrite.Metrics.
func (m *Metrics) Read(change string, shape migrate.Shape) {
	m.reads.WithLabelValues(change, string(shape)).Inc()
}

// Copied implements dualwrite.Metrics.
func (m *Metrics) Copied(change string, outcome dualwrite.Outcome) {
	m.copies.WithLabelValues(change, string(outcome)).Inc()
}

// Shadowed implements dualwrite.Metrics.
func (m *Metrics) Shadowed(change string, outcome dualwrite.Outcome) {
	m.shadows.WithLabelValues(change, string(outcome)).Inc()
}

// LeaseLost implements dualwrite.Metrics.
func (m *Metrics) LeaseLost() { m.lostOnes.Inc() }
