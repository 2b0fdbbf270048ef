// Package promkiller exports what package querykiller decides and sees to
// Prometheus. It is a package of its own so that a program which measures
// otherwise does not link the Prometheus client.
//
// Labels are names from the rules file and words of package querykiller: never a
// user, a digest or a statement.
package promkiller

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/underpin-db/underpin/querykiller"
)

// Metrics is a [querykiller.Recorder] and a prometheus.Collector. It is safe for
// concurrent use.
type Metrics struct {
	decisions *prometheus.CounterVec
	dead      prometheus.Histogram
	overshoot prometheus.Histogram
	polls     *prometheus.CounterVec
	pollTime  prometheus.Histogram
	lastPoll  prometheus.Gauge
	interval  prometheus.Gauge
	sessions  prometheus.Gauge
	running   prometheus.Gauge
	stale     prometheus.Gauge
	overload  prometheus.Gauge
	stopped   prometheus.GaugeFunc
	lost      lost
}

var (
	_ querykiller.Recorder = (*Metrics)(nil)
	_ prometheus.Collector = (*Metrics)(nil)
)

// Sources are asked when the metrics are read. Each may be nil.
type Sources struct {
	// Stopped says whether the killer's breaker has stopped it.
	Stopped func() bool
	// Lost is how many decisions did not reach each sink: [querykiller.Fanout.Lost].
	Lost func() map[string]uint64
}

const prefix = "underpin_killer_"

// New returns metrics that the caller registers, gives to the killer as a
// recorder and lets see its polls:
//
//	metrics := promkiller.New(promkiller.Sources{Lost: fanout.Lost})
//	prometheus.MustRegister(metrics)
//	cfg := querykiller.Config{OnPoll: metrics.Polled, …}
func New(from Sources) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: prefix + name, Help: help})
	}
	histogram := func(name, help string) prometheus.Histogram {
		// From a millisecond to half a minute.
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)})
	}
	return &Metrics{
		decisions: counter("decisions_total", "Decisions about statements, by rule, action and what came of it.", "rule", "action", "outcome"),
		dead:      histogram("dead_seconds", "From the kill until the statement was seen to be gone."),
		overshoot: histogram("overshoot_seconds", "How far past its budget a statement was when it was decided upon."),
		polls:     counter("polls_total", "Looks at the server, by whether they succeeded.", "outcome"),
		pollTime:  histogram("poll_seconds", "How long a look at the server took."),
		lastPoll:  gauge("last_poll_timestamp_seconds", "When the server was last looked at with success, by its own clock."),
		interval:  gauge("interval_seconds", "How far apart looks at the server are at most, at present: more than was asked for where they are dear."),
		sessions:  gauge("sessions", "Sessions that the last poll saw."),
		running:   gauge("threads_running", "Statements that run, as the server counts them."),
		stale:     gauge("transactions_stale_seconds", "For how long the server has told nothing new of its transactions, as something reads them too often."),
		overload:  gauge("overload", "1 while budgets are tightened because the server is overloaded."),
		stopped: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: prefix + "stopped", Help: "1 once the breaker has stopped the killer."},
			func() float64 { return one(from.Stopped != nil && from.Stopped()) }),
		lost: lost{from: from.Lost, desc: prometheus.NewDesc(prefix+"lost_decisions_total", "Decisions that did not reach a sink.", []string{"sink"}, nil)},
	}
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.decisions, m.dead, m.overshoot, m.polls, m.pollTime, m.lastPoll, m.interval, m.sessions, m.running, m.stale, m.overload, m.stopped, m.lost}
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

// Record implements querykiller.Recorder. It never fails.
func (m *Metrics) Record(_ context.Context, d querykiller.Decision) error {
	m.decisions.WithLabelValues(d.Rule, string(d.Action), string(d.Outcome)).Inc()
	if d.DeadAfter != nil {
		m.dead.Observe(d.DeadAfter.Seconds())
	}
	if d.Measured > d.Budget {
		m.overshoot.Observe((d.Measured - d.Budget).Seconds())
	}
	return nil
}

// Polled takes in a look at the server; it is for [querykiller.Config.OnPoll].
func (m *Metrics) Polled(p querykiller.Poll) {
	m.pollTime.Observe(p.Took.Seconds())
	m.interval.Set(p.Interval.Seconds())
	if p.Err != nil {
		m.polls.WithLabelValues("failed").Inc()
		return
	}
	m.polls.WithLabelValues("done").Inc()
	m.overload.Set(one(p.Overload))
	if s := p.Snapshot; s != nil {
		m.lastPoll.Set(float64(s.At.UnixMicro()) / 1e6)
		m.sessions.Set(float64(len(s.Sessions)))
		m.running.Set(float64(s.Load.ThreadsRunning))
		m.stale.Set(s.TransactionsStale.Seconds())
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// lost collects what a fan-out counts.
type lost struct {
	from func() map[string]uint64
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (l lost) Describe(ch chan<- *prometheus.Desc) { ch <- l.desc }

// Collect implements prometheus.Collector.
func (l lost) Collect(ch chan<- prometheus.Metric) {
	if l.from == nil {
		return
	}
	for sink, n := range l.from() {
		ch <- prometheus.MustNewConstMetric(l.desc, prometheus.CounterValue, float64(n), sink)
	}
}
