package backfill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
)

// hand is what one goroutine works with: a session, which it replaces when the
// connection breaks, and its own pace.
type hand struct {
	*Worker
	owner   string
	session *mysqlx.Session
	pace    *pace
	// refused counts how often in a row locks were not to be had.
	refused int
}

func (w *Worker) newHand(owner string) *hand {
	return &hand{Worker: w, owner: owner, pace: newPace(w.cfg)}
}

func (h *hand) close(ctx context.Context) {
	if h.session != nil {
		closeSession(ctx, h.session)
		h.session = nil
	}
}

// persist does a piece of work with a session, again if what made it fail may
// pass. The work has to be such that doing it twice does no harm.
func (h *hand) persist(ctx context.Context, work func(context.Context, *hand) error) error {
	err := h.cfg.backoff().Retry(ctx, h.passing, func(ctx context.Context) error {
		if h.session == nil {
			var err error
			if h.session, err = openSession(ctx, h.cfg.DB); err != nil {
				return err
			}
		}
		err := work(ctx, h)
		if err != nil {
			h.close(ctx) // it may be broken, or closed already
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// passing reports whether an error may be gone at the next attempt, and says so
// to the operator.
func (h *hand) passing(err error) bool {
	again := passing(err)
	if again {
		h.cfg.Logger.Info("trying again", "job", h.cfg.run().String(), "owner", h.owner, "because", err.Error())
	}
	return again
}

func passing(err error) bool {
	const alteredSinceSnapshot, prepareAgain = 1412, 1615
	switch mysqlx.Number(err) {
	case alteredSinceSnapshot, prepareAgain:
		return true
	}
	// A COMMIT without an answer is settled by looking, which the next attempt
	// begins with; a session that was closed under us is replaced.
	return mysqlx.RetryUnit(err) || mysqlx.Classify(err) == mysqlx.ClassKilled ||
		errors.Is(err, mysqlx.ErrUnknownOutcome)
}

// boundary returns the key of the n-th authority row of a range, or nil if it
// holds fewer.
func (h *hand) boundary(ctx context.Context, scope shape.Scope, n int) (key shape.Key, err error) {
	return boundary(ctx, h.session, h.mapper, h.direction, scope, n)
}

func boundary(ctx context.Context, s *mysqlx.Session, m *shape.Mapper, d shape.Direction, scope shape.Scope, n int) (key shape.Key, err error) {
	q := m.Boundary(d, scope, n)
	err = s.Query(ctx, q.SQL, q.Args, func(rows *sql.Rows) (err error) {
		key, err = m.ScanKey(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("walk the key of %s: %w", m.Change(), err)
	}
	return key, nil
}

// any reports whether a query yields a row.
func (h *hand) any(ctx context.Context, q shape.Statement) (found bool, err error) {
	err = h.session.Query(ctx, q.SQL, q.Args, func(*sql.Rows) error { found = true; return nil })
	return found, err
}

// differing returns the keys of up to limit pairs of a scope that are not in
// step.
func differing(ctx context.Context, s *mysqlx.Session, m *shape.Mapper, q shape.Statement) (keys []shape.Key, err error) {
	err = s.Query(ctx, q.SQL, q.Args, func(rows *sql.Rows) error {
		key, err := m.ScanKey(rows)
		keys = append(keys, key)
		return err
	})
	return keys, err
}

// plan makes the spans of the run unless they are there.
func (w *Worker) plan(ctx context.Context, h *hand) error {
	run := w.cfg.run()
	have, err := control.CountSpans(ctx, h.session, run)
	if err != nil || have.Spans > 0 {
		return err
	}
	if _, err := w.setting(ctx, h.session); err != nil {
		return err
	}
	spans, err := w.walk(ctx, h)
	if err != nil {
		return err
	}
	if err := w.cfg.at(PointWalked); err != nil {
		return err
	}
	err = h.session.Tx(ctx, func(ctx context.Context) error {
		if _, err := w.fence(ctx, h.session); err != nil {
			return err
		}
		if err := control.InsertSpans(ctx, h.session, run, spans); err != nil {
			return err
		}
		if err := w.recordPlan(ctx, h.session, len(spans)); err != nil {
			return err
		}
		return w.cfg.at(PointSpansMade)
	})
	if errors.Is(err, control.ErrLost) {
		return nil // another process has made them meanwhile
	}
	if err != nil {
		return err
	}
	if err := w.cfg.at(PointPlanned); err != nil {
		return err
	}
	return control.DeleteOlderRuns(ctx, h.session, run)
}

// walk cuts the authority's keys into spans.
func (w *Worker) walk(ctx context.Context, h *hand) ([]control.Span, error) {
	var spans []control.Span
	var low shape.Key
	for {
		high, err := h.boundary(ctx, shape.Range(low, nil), w.cfg.SpanRows)
		if err != nil {
			return nil, err
		}
		span := control.Span{N: uint32(len(spans))}
		if span.Low, err = encode(low); err != nil {
			return nil, err
		}
		if span.High, err = encode(high); err != nil {
			return nil, err
		}
		spans = append(spans, span)
		if high == nil {
			return spans, nil
		}
		low = high
	}
}

// encode keeps the open end an open end.
func encode(k shape.Key) ([]byte, error) {
	if k == nil {
		return nil, nil
	}
	return k.Encode()
}
