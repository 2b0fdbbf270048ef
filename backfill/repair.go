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

// reader is a session for reading that is replaced when its connection breaks.
type reader struct {
	v *verifier
	s *mysqlx.Session
}

const setRepeatableRead = `/* underpin verify */
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`

// persist reads, again if what made it fail may pass. The read's transaction
// is REPEATABLE READ whatever the session's default: a dirty read would see
// half a dual write.
func (r *reader) persist(ctx context.Context, read func(context.Context, *mysqlx.Session) error) error {
	backoff := mysqlx.Backoff{Attempts: r.v.cfg.Attempts, Max: r.v.cfg.RetryDelay}
	err := backoff.Retry(ctx, r.passing, func(ctx context.Context) (err error) {
		if r.s == nil {
			if r.s, err = mysqlx.NewSession(ctx, r.v.cfg.DB); err != nil {
				return err
			}
		}
		if _, err = r.s.Exec(ctx, setRepeatableRead); err == nil {
			err = read(ctx, r.s)
		}
		if err != nil {
			r.close() // it may be broken, or closed already
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (r *reader) passing(err error) bool {
	if passing(err) {
		r.v.cfg.Logger.Info("trying again", "verify", r.v.cfg.Change.Name, "because", err.Error())
		return true
	}
	return false
}

func (r *reader) close() {
	if r.s != nil {
		_ = r.s.Close() // a broken connection is thrown away by the pool
		r.s = nil
	}
}

// differences returns examples of the rows of a scope that are not in step and,
// if asked to, brings all of them into step.
func (v *verifier) differences(ctx context.Context, r *reader, scope shape.Scope) (examples []string, repaired uint64, err error) {
	const atOnce = 1000
	limit := v.cfg.Examples
	if v.cfg.Repair == migrate.Yes {
		limit = max(limit, atOnce)
	}
	done := map[string]bool{}
	for {
		var keys []shape.Key
		q := v.mapper.Differing(v.setting.Rule, scope, limit)
		err := r.persist(ctx, func(ctx context.Context, s *mysqlx.Session) (err error) {
			keys, err = differing(ctx, s, v.mapper, q)
			return err
		})
		if err != nil {
			return nil, repaired, fmt.Errorf("list the rows that are not in step: %w", err)
		}
		for _, k := range keys[:min(len(keys), max(v.cfg.Examples-len(examples), 0))] {
			examples = append(examples, k.String())
		}
		if v.cfg.Repair != migrate.Yes || len(keys) == 0 {
			return examples, repaired, nil
		}
		for _, k := range keys {
			if done[k.String()] {
				return nil, repaired, fmt.Errorf("%w: row %s", ErrNotConverging, k)
			}
			done[k.String()] = true
			if err := v.repair(ctx, k); err != nil {
				return nil, repaired, fmt.Errorf("repair row %s: %w", k, err)
			}
			repaired++
		}
	}
}

// repair brings one row into step: fence, the authority's row under lock, then
// the other's.
func (v *verifier) repair(ctx context.Context, key shape.Key) error {
	direction := shape.Forward
	if v.setting.Phase == migrate.Reversing {
		direction = shape.Backward
	}
	w := &Worker{cfg: Config{DB: v.cfg.DB, Change: v.cfg.Change, Attempts: v.cfg.Attempts, RetryDelay: v.cfg.RetryDelay}.withDefaults(),
		mapper: v.mapper, direction: direction}
	h := w.newHand("verify")
	defer h.close(ctx)
	err := h.persist(ctx, func(ctx context.Context, h *hand) error {
		return h.session.Tx(ctx, func(ctx context.Context) error {
			f, err := control.Fence(ctx, h.session, v.cfg.Change.Name)
			if err != nil {
				return err
			}
			if f.Setting.Epoch != v.setting.Epoch {
				return fmt.Errorf("%w: it is in phase %s at epoch %d", ErrSuperseded, f.Setting.Phase, f.Setting.Epoch)
			}
			return h.reconcileKey(ctx, f.Setting.Rule, key)
		})
	})
	if misfit(err) {
		return errors.Join(errors.New("it does not fit the other shape"), err)
	}
	return err
}
