package preflight

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// sideBySide has workers, each with a session of its own, do n jobs. The first
// error ends them all.
func (e *examiner) sideBySide(ctx context.Context, workers, n int, do func(ctx context.Context, s *mysqlx.Session, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			err := e.inSession(ctx, func(s *mysqlx.Session) error {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					if err := do(ctx, s, i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// inSession calls fn with a session whose waits are bounded.
func (e *examiner) inSession(ctx context.Context, fn func(*mysqlx.Session) error) (err error) {
	s, err := mysqlx.NewSession(ctx, e.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	defer e.unbound(context.WithoutCancel(ctx), s)
	if err := e.bound(ctx, s); err != nil {
		return err
	}
	return fn(s)
}
