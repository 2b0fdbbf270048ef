package backfill

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// meter asks throttlers: one goroutine measures for all who wait.
type meter struct {
	throttle []Throttler
	every    time.Duration
	// note is told of a reason to wait when it changes, and again while it
	// lasts; empty is to go on. It may be nil.
	note func(ctx context.Context, why string)

	measured chan struct{} // closed after the first measurement

	mu  sync.Mutex
	why string // why to wait; empty is go on
}

// checkTimeout bounds one measurement; one that takes longer has failed.
const checkTimeout = 5 * time.Second

func newMeter(throttle []Throttler, every time.Duration, note func(context.Context, string)) *meter {
	return &meter{throttle: throttle, every: every, note: note, measured: make(chan struct{})}
}

// run measures until ctx ends. It is called once.
func (m *meter) run(ctx context.Context) {
	if len(m.throttle) == 0 {
		close(m.measured)
		return
	}
	var noted string
	var notedAt time.Time
	for first := true; ; first = false {
		why := m.measure(ctx)
		m.mu.Lock()
		m.why = why
		m.mu.Unlock()
		if first {
			close(m.measured)
		}
		if m.note != nil && (why != noted || (why != "" && time.Since(notedAt) > waitFresh/3)) {
			m.note(ctx, why)
			noted, notedAt = why, time.Now()
		}
		if mysqlx.Wait(ctx, m.every) != nil {
			return
		}
	}
}

// measure asks every throttler; what cannot be measured is a reason to wait.
func (m *meter) measure(ctx context.Context) string {
	for _, t := range m.throttle {
		check, cancel := context.WithTimeout(ctx, checkTimeout)
		v, err := t.Check(check)
		cancel()
		if err != nil {
			return fmt.Sprintf("cannot measure: %v", err)
		}
		if v.Decision != Go {
			return cmp.Or(v.Reason, "a throttler says so without a reason")
		}
	}
	return ""
}

// reason is why the throttlers say to wait, after the first measurement.
func (m *meter) reason(ctx context.Context) (string, error) {
	select {
	case <-m.measured:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.why, nil
}
