package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// ErrLeaseLost says that another engine has taken the change over.
var ErrLeaseLost = errors.New("another engine has taken the change over")

// underLease runs fn as the controller of a change. The lease is renewed while
// fn runs and given up when it returns; if it is lost, fn's context ends.
func (e *Engine) underLease(ctx context.Context, change string, fn func(ctx context.Context, token uint64) error) error {
	token, err := control.TakeController(ctx, e.cfg.DB, change, e.cfg.Actor, e.cfg.Lease)
	if err != nil {
		return err
	}
	err = e.renewing(ctx, change, token, fn)
	return errors.Join(err, e.release(ctx, change, token))
}

// renewing runs fn and renews the lease meanwhile.
func (e *Engine) renewing(ctx context.Context, change string, token uint64, fn func(ctx context.Context, token uint64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.renew(ctx, cancel, change, token)
	}()
	defer func() { // also when fn panics
		cancel(nil)
		<-done
	}()
	err := fn(ctx, token)
	if cause := context.Cause(ctx); errors.Is(cause, ErrLeaseLost) {
		err = errors.Join(cause, err)
	}
	return err
}

// renew keeps the lease until ctx ends, and ends it if the lease is gone. A
// renewal that fails for another reason is tried again until the lease would
// have run out by this process's clock.
func (e *Engine) renew(ctx context.Context, cancel context.CancelCauseFunc, change string, token uint64) {
	ticker := time.NewTicker(e.cfg.Lease / 3)
	defer ticker.Stop()
	until := time.Now().Add(e.cfg.Lease)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := time.Now()
		err := control.RenewController(ctx, e.cfg.DB, change, token, e.cfg.Lease)
		switch {
		case err == nil:
			until = asked.Add(e.cfg.Lease)
		case errors.Is(err, control.ErrLost):
			cancel(fmt.Errorf("change %s: %w", change, ErrLeaseLost))
			return
		case time.Now().After(until):
			cancel(fmt.Errorf("change %s: %w: it could not be renewed: %w", change, ErrLeaseLost, err))
			return
		}
	}
}

// release gives the lease up even when ctx has ended, so that the next engine
// need not wait for it to run out.
func (e *Engine) release(ctx context.Context, change string, token uint64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := control.ReleaseController(ctx, e.cfg.DB, change, token)
	switch mysqlx.Classify(err) {
	case mysqlx.ClassConnection, mysqlx.ClassUnavailable:
		return nil // the lease runs out by itself; the walk's own error says more
	}
	return err
}
