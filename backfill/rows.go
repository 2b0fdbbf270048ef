package backfill

import (
	"context"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// misfit reports whether an error is a row's fault: a value that the other
// shape does not take, a unique key of which somebody else has the value, or a
// merge that has nowhere to put the row.
func misfit(err error) bool {
	var stray *StrayError
	if errors.As(err, &stray) {
		return true
	}
	switch mysqlx.Classify(err) {
	case mysqlx.ClassValue, mysqlx.ClassDuplicate:
		return true
	}
	return false
}

// rowByRow does a chunk of one authority row (and whatever orphans lie before
// it) a row at a time, quarantines those that do not fit, and moves the cursor
// past all of them. Done twice it comes to the same.
func (h *hand) rowByRow(ctx context.Context, span *control.Span, c *chunk) error {
	const atOnce = 100
	handled := map[string]bool{}
	for {
		setting, err := h.setting(ctx, h.session)
		if err != nil {
			return err
		}
		left := h.mapper.Differing(setting.Rule, c.scope(), len(handled)+atOnce)
		keys, err := h.outOfStep(ctx, c, left)
		if err != nil {
			return err
		}
		fresh := 0
		for _, key := range keys {
			encoded, err := key.Encode()
			if err != nil {
				return err
			}
			if handled[string(encoded)] {
				continue
			}
			handled[string(encoded)] = true
			fresh++
			if err := h.row(ctx, *span, key); err != nil {
				return err
			}
		}
		if fresh == 0 {
			return h.skip(ctx, span, c, left)
		}
	}
}

// outOfStep returns the rows of a chunk that need work. Where the comparison
// itself fails on a value, that is the chunk's only authority row.
func (h *hand) outOfStep(ctx context.Context, c *chunk, left shape.Statement) ([]shape.Key, error) {
	keys, err := differing(ctx, h.session, h.mapper, left)
	if !misfit(err) {
		return keys, err
	}
	key, walk := h.boundary(ctx, c.scope(), 1)
	if walk != nil {
		return nil, walk
	}
	if key == nil {
		return nil, fmt.Errorf("compare rows of %s: %w", h.cfg.Change.Name, err)
	}
	return []shape.Key{key}, nil
}

// skip moves the cursor past a chunk of which every row was looked at.
func (h *hand) skip(ctx context.Context, span *control.Span, c *chunk, left shape.Statement) error {
	next := *span
	err := h.session.Tx(ctx, func(ctx context.Context) error {
		if _, err := h.enter(ctx, *span); err != nil {
			return err
		}
		var err error
		if c.rows, err = h.lock(ctx, c.scope()); err != nil {
			return err
		}
		return h.leave(ctx, &next, c, left)
	})
	if err == nil {
		*span = next
	}
	return err
}

// row brings one row into step, or quarantines it with the reason why not.
func (h *hand) row(ctx context.Context, span control.Span, key shape.Key) error {
	err := h.session.Tx(ctx, func(ctx context.Context) error {
		rule, err := h.enter(ctx, span)
		if err != nil {
			return err
		}
		return h.reconcileKey(ctx, rule, key)
	})
	if !misfit(err) {
		return err
	}
	if err := h.cfg.at(PointRowFailed); err != nil {
		return err
	}
	reason := h.reason(ctx, key, err)
	err = h.session.Tx(ctx, func(ctx context.Context) error {
		if _, err := h.enter(ctx, span); err != nil {
			return err
		}
		if err := h.quarantine(ctx, key, reason); err != nil {
			return err
		}
		return h.cfg.at(PointRowNoted)
	})
	if err != nil {
		return err
	}
	h.cfg.Logger.Warn("a row does not fit", "job", h.cfg.run().String(), "row", key.String(), "because", reason.Error())
	return h.cfg.at(PointRowCommitted)
}

func (h *hand) reconcileKey(ctx context.Context, rule migrate.StepRule, key shape.Key) error {
	scope := shape.Keys(key)
	if _, err := h.lock(ctx, scope); err != nil {
		return err
	}
	if _, err := h.write(ctx, h.mapper.Reconcile(h.direction, rule, scope)); err != nil {
		return err
	}
	return h.strays(ctx, scope)
}

// StrayError says that a row cannot be merged into a table that has no row with
// its key. Nothing is touched.
type StrayError struct {
	Table string // the one that lacks the row
	Row   string
}

func (e *StrayError) Error() string {
	return fmt.Sprintf("table %s has no row %s for it to be merged into: insert that one, or delete this one", e.Table, e.Row)
}

// strays returns a [StrayError] if a merge forward has left a row of a scope
// where it was. The way back deletes such rows with their target rows.
func (h *hand) strays(ctx context.Context, scope shape.Scope) error {
	q, ok := h.mapper.Strays(scope, 1)
	if !ok || h.direction != shape.Forward {
		return nil
	}
	keys, err := differing(ctx, h.session, h.mapper, q)
	if err != nil {
		return fmt.Errorf("look for rows of %s that have nowhere to go: %w", h.cfg.Change.Name, err)
	}
	if len(keys) == 0 {
		return nil
	}
	return &StrayError{Table: h.mapper.Mapping().Target.Name, Row: keys[0].String()}
}

// quarantine notes a row, unless there are too many already.
func (h *hand) quarantine(ctx context.Context, key shape.Key, reason error) error {
	encoded, err := key.Encode()
	if err != nil {
		return err
	}
	run := h.cfg.run()
	known, err := control.IsQuarantined(ctx, h.session, run, encoded)
	if err != nil {
		return err
	}
	if !known {
		n, err := control.CountQuarantined(ctx, h.session, run)
		if err != nil {
			return err
		}
		if n >= h.cfg.MaxQuarantined {
			return fmt.Errorf("%w: %d of change %s; the next is row %s: %w", ErrTooManyQuarantined, n, h.cfg.Change.Name, key, reason)
		}
	}
	return control.Quarantine(ctx, h.session, run, encoded, reason.Error())
}

// allQuarantined returns ErrNotConverging if one of the rows is not in
// quarantine.
func (h *hand) allQuarantined(ctx context.Context, keys []shape.Key) error {
	for _, key := range keys {
		encoded, err := key.Encode()
		if err != nil {
			return err
		}
		known, err := control.IsQuarantined(ctx, h.session, h.cfg.run(), encoded)
		if err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("%w: row %s of change %s", ErrNotConverging, key, h.cfg.Change.Name)
		}
	}
	return nil
}

// retryQuarantined gives the rows that an earlier attempt at the same run has
// quarantined another chance: the rows or the table may have been mended.
func (w *Worker) retryQuarantined(ctx context.Context, h *hand) error {
	const atOnce = 100
	var after []byte
	for {
		rows, err := control.ListQuarantined(ctx, h.session, w.cfg.run(), after, atOnce)
		if err != nil {
			return err
		}
		for _, q := range rows {
			after = q.Key
			if err := w.gate.pass(ctx, h, control.Span{}); err != nil {
				return err
			}
			if err := h.retryRow(ctx, q.Key); err != nil {
				return err
			}
		}
		if len(rows) < atOnce {
			return w.cfg.at(PointRetried)
		}
	}
}

// retryRow tries one quarantined row. It needs no span: the fence and the lock
// on the row make it right whoever else is at work.
func (h *hand) retryRow(ctx context.Context, encoded []byte) error {
	key, err := shape.DecodeKey(encoded)
	if err != nil {
		return err
	}
	err = h.session.Tx(ctx, func(ctx context.Context) error {
		rule, err := h.fence(ctx, h.session)
		if err != nil {
			return err
		}
		if err := h.reconcileKey(ctx, rule, key); err != nil {
			return err
		}
		return control.Unquarantine(ctx, h.session, h.cfg.run(), encoded)
	})
	if !misfit(err) {
		return err
	}
	return control.Quarantine(ctx, h.session, h.cfg.run(), encoded, h.reason(ctx, key, err).Error())
}
