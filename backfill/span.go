package backfill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// patience is how many refusals of a lock a chunk takes before it waits for it.
const patience = 5

// chunk is a piece of a span while it is worked on.
type chunk struct {
	low, high shape.Key
	at        []byte // high, encoded; nil at the open end
	size      int    // rows asked for
	// last says that fewer rows than asked for are left: the chunk reaches to
	// the end of its span and settles it.
	last bool
	fill bool   // the follower holds nothing there
	once bool   // and the rows may be locked and copied in one pass
	rows uint64 // of the authority, as locked
}

func (c *chunk) scope() shape.Scope { return shape.Range(c.low, c.high) }

// errMoved says that the span is not where it was: a COMMIT whose answer was
// lost has come through after all.
var errMoved = errors.New("the span has moved on")

// span works on a span until it is done. It gives the span back on every way
// out, so that nobody has to wait for the lease.
func (h *hand) span(ctx context.Context, span control.Span) (err error) {
	defer func() {
		if err != nil {
			h.release(ctx, span)
		}
	}()
	if err := h.cfg.at(PointTaken); err != nil {
		return err
	}
	for span.State == control.SpanOpen {
		err := h.persist(ctx, func(ctx context.Context, h *hand) error {
			if span.State != control.SpanOpen {
				return nil // a COMMIT without an answer had come through
			}
			if err := h.gate.pass(ctx, h, span); err != nil {
				return err
			}
			err := h.step(ctx, &span)
			if errors.Is(err, errMoved) || errors.Is(err, mysqlx.ErrUnknownOutcome) {
				return h.reload(ctx, &span, err)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return h.cfg.at(PointSpanCommitted)
}

// release gives a span back. Where that fails the lease will do it.
func (h *hand) release(ctx context.Context, span control.Span) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := control.ReleaseSpan(ctx, h.cfg.DB, h.cfg.run(), span); err != nil {
		h.cfg.Logger.Warn("a span was not given back; its lease will run out", "span", span.N, "error", err.Error())
	}
}

// reload settles what became of a COMMIT by reading the span, on another
// connection if the first one broke.
func (h *hand) reload(ctx context.Context, span *control.Span, why error) error {
	now, err := control.GetSpan(ctx, h.cfg.DB, h.cfg.run(), span.N)
	if err != nil {
		return errors.Join(why, err)
	}
	if now.Token != span.Token {
		return fmt.Errorf("span %d has passed on to %q: %w", span.N, now.Owner, control.ErrLost)
	}
	*span = now
	if errors.Is(why, errMoved) {
		return nil
	}
	return why // the connection is gone; the next attempt starts from what the span says
}

// step does the next chunk of a span.
func (h *hand) step(ctx context.Context, span *control.Span) error {
	c, err := h.bounds(ctx, *span)
	if err != nil {
		return err
	}
	started := time.Now()
	err = h.chunk(ctx, span, c)
	if c.once && mysqlx.Classify(err) == mysqlx.ClassValue {
		// How many rows there are is known once they were locked.
		c.once = false
		err = h.chunk(ctx, span, c)
	}
	if c.fill && mysqlx.Classify(err) == mysqlx.ClassDuplicate {
		// A row was written on both sides since we looked.
		c.fill, c.once = false, false
		err = h.chunk(ctx, span, c)
	}
	switch {
	case err == nil:
		h.refused = 0
		if !c.last {
			h.pace.done(c.size, time.Since(started))
		}
		return h.cfg.at(PointCommitted)
	case misfit(err) && c.rows > 1:
		h.pace.misfit(min(c.size, int(c.rows)))
		return nil
	case misfit(err):
		return h.rowByRow(ctx, span, c)
	}
	switch mysqlx.Classify(err) {
	case mysqlx.ClassLockWait, mysqlx.ClassDeadlock:
		h.refused++
		h.pace.blocked()
	}
	return err
}

// bounds chooses the next chunk of a span. Nothing is locked: any boundary is
// right, and whether the follower is empty decides only how the chunk begins.
func (h *hand) bounds(ctx context.Context, span control.Span) (*chunk, error) {
	from := span.At
	if from == nil {
		from = span.Low
	}
	low, err := shape.DecodeKey(from)
	if err != nil {
		return nil, fmt.Errorf("span %d of the %s: %w", span.N, h.cfg.run(), err)
	}
	end, err := shape.DecodeKey(span.High)
	if err != nil {
		return nil, fmt.Errorf("span %d of the %s: %w", span.N, h.cfg.run(), err)
	}
	c := &chunk{low: low, size: h.pace.next()}
	if c.high, err = h.boundary(ctx, shape.Range(low, end), c.size); err != nil {
		return nil, err
	}
	if c.high == nil {
		c.high, c.last = end, true
	}
	if c.at, err = encode(c.high); err != nil {
		return nil, err
	}
	there, err := h.any(ctx, h.mapper.FollowerAny(h.direction, c.scope()))
	c.fill = !there
	c.once = c.fill && h.refused == 0
	return c, err
}

// chunk is the one transaction of a chunk.
func (h *hand) chunk(ctx context.Context, span *control.Span, c *chunk) error {
	next := *span
	err := h.session.Tx(ctx, func(ctx context.Context) error {
		rule, err := h.enter(ctx, *span)
		if err != nil {
			return err
		}
		changed, err := h.copy(ctx, c, rule)
		if err != nil {
			return err
		}
		if err := h.cfg.at(PointWritten); err != nil {
			return err
		}
		next.Changed += changed
		return h.leave(ctx, &next, c, h.mapper.Differing(rule, c.scope(), 1))
	})
	if err == nil {
		*span = next
	}
	return err
}

// copy locks the authority's rows of a chunk and brings the follower's into
// step: in one pass where that holds, else in two. One pass holds rows of the
// follower while it takes more locks of the authority, so it never waits for
// one: a chunk that was refused is tried in two.
func (h *hand) copy(ctx context.Context, c *chunk, rule migrate.StepRule) (changed uint64, err error) {
	if fill, ok := h.mapper.LockAndFill(h.direction, c.scope()); ok && c.once {
		fill.SQL += "\nNOWAIT"
		if changed, err = h.write(ctx, []shape.Statement{fill}); err != nil {
			return 0, err
		}
		c.rows = changed
		return changed, h.cfg.at(PointLocked)
	}
	if c.rows, err = h.lock(ctx, c.scope()); err != nil {
		return 0, err
	}
	if err := h.cfg.at(PointLocked); err != nil {
		return 0, err
	}
	if changed, err = h.write(ctx, h.statements(c, rule)); err != nil {
		return 0, err
	}
	return changed, h.strays(ctx, c.scope())
}

// enter begins a transaction on a span: the fence, then the span's row.
func (h *hand) enter(ctx context.Context, span control.Span) (migrate.StepRule, error) {
	rule, err := h.fence(ctx, h.session)
	if err != nil {
		return "", err
	}
	locked, err := control.LockSpan(ctx, h.session, h.cfg.run(), span)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(locked.At, span.At) {
		return "", errMoved
	}
	return rule, h.cfg.at(PointFenced)
}

// lock locks the authority's rows of a scope and returns how many there are.
// It does not wait, unless it has been refused several times.
func (h *hand) lock(ctx context.Context, scope shape.Scope) (rows uint64, err error) {
	q := h.mapper.Lock(h.direction, scope)
	if h.refused < patience {
		q.SQL += "\nNOWAIT"
	}
	if err := h.session.QueryRow(ctx, q.SQL, q.Args, &rows); err != nil {
		return 0, fmt.Errorf("lock rows of %s: %w", h.cfg.Change.Name, err)
	}
	return rows, nil
}

// statements is what brings a chunk into step.
func (h *hand) statements(c *chunk, rule migrate.StepRule) []shape.Statement {
	if c.fill {
		if fill, ok := h.mapper.Fill(h.direction, c.scope()); ok {
			return []shape.Statement{fill}
		}
	}
	return h.mapper.Reconcile(h.direction, rule, c.scope())
}

func (h *hand) write(ctx context.Context, statements []shape.Statement) (changed uint64, err error) {
	for _, q := range statements {
		res, err := h.session.Exec(ctx, q.SQL, q.Args...)
		if err != nil {
			return 0, fmt.Errorf("reconcile rows of %s: %w", h.cfg.Change.Name, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, fmt.Errorf("reconcile rows of %s: %w", h.cfg.Change.Name, err)
		}
		changed += uint64(n)
	}
	return changed, nil
}

// leave records a chunk as done. The last one of a span settles it, once
// another read has found nothing left to do.
func (h *hand) leave(ctx context.Context, next *control.Span, c *chunk, left shape.Statement) error {
	next.Seen += c.rows
	if next.At = c.at; c.at == nil {
		next.At, _ = encode(c.low) // the open end has no key
	}
	if c.last {
		keys, err := differing(ctx, h.session, h.mapper, left)
		if err != nil {
			return fmt.Errorf("look once more at the end of span %d: %w", next.N, err)
		}
		if err := h.allQuarantined(ctx, keys); err != nil {
			return err
		}
		next.State = control.SpanDone
	}
	if err := control.AdvanceSpan(ctx, h.session, h.cfg.run(), *next, h.cfg.Lease); err != nil {
		return err
	}
	return h.cfg.at(PointAdvanced)
}
