package backfill

import (
	"context"
	"errors"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// gate is where workers wait while the change is paused or a throttler says so.
type gate struct {
	*meter
	cfg Config
}

// waitFresh is how long a note of a wait is believed, and waitStep the name
// under which it is stored.
const waitFresh = 30 * time.Second

func waitStep(j Job) string { return string(j) + " waits" }

// waitNote is what is stored of a wait, for other processes to show.
type waitNote struct {
	Why   string `json:"why"`
	Owner string `json:"owner"`
}

func newGate(c Config) *gate {
	g := &gate{cfg: c}
	g.meter = newMeter(c.Throttle, c.ThrottleEvery, g.store)
	return g
}

// store stores why the workers wait. Nothing depends on it.
func (g *gate) store(ctx context.Context, why string) {
	g.cfg.Logger.Info("throttle", "job", g.cfg.run().String(), "waits", why != "", "because", why)
	err := control.StepDone(ctx, g.cfg.DB, g.cfg.Change.Name, waitStep(g.cfg.Job), g.cfg.Run, waitNote{why, g.cfg.Owner})
	if err != nil && ctx.Err() == nil {
		g.cfg.Logger.Warn("the reason of a wait was not stored", "error", err.Error())
	}
}

// pass waits until the change is not paused and no throttler objects, and keeps
// the span's lease meanwhile. The zero span has none.
func (g *gate) pass(ctx context.Context, h *hand, span control.Span) error {
	renewed := time.Now()
	for {
		why, err := g.reason(ctx)
		if err != nil {
			return err
		}
		c, err := control.GetController(ctx, h.session, g.cfg.Change.Name)
		if err != nil {
			return err
		}
		if why == "" && !c.Paused {
			return nil
		}
		if _, err := h.setting(ctx, h.session); err != nil {
			return err // nothing to wait for
		}
		if span.State == control.SpanOpen && time.Since(renewed) > g.cfg.Lease/4 {
			if err := control.RenewSpan(ctx, h.session, g.cfg.run(), span, g.cfg.Lease); err != nil {
				return err
			}
			renewed = time.Now()
		}
		if err := mysqlx.Wait(ctx, min(g.cfg.ThrottleEvery, g.cfg.Lease/4)); err != nil {
			return err
		}
	}
}

// report calls the progress callback until ctx ends.
func (w *Worker) report(ctx context.Context) {
	if w.cfg.Progress == nil {
		return
	}
	for mysqlx.Wait(ctx, w.cfg.ProgressEvery) == nil {
		p, err := Status(ctx, w.cfg.DB, w.cfg.Change.Name, w.cfg.Job, w.cfg.Run)
		switch {
		case err == nil:
			w.cfg.Progress(p)
		case !errors.Is(err, context.Canceled):
			w.cfg.Logger.Warn("the progress could not be read", "error", err.Error())
		}
	}
}
