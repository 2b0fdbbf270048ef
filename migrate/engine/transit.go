package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// transit records the edge.
func (s *step) transit(ctx context.Context) ([]Verdict, error) {
	began := time.Now()
	refused, err := s.move(ctx, s.next, s.edge.Guards, "transition")
	if err != nil || len(refused) > 0 {
		return refused, err
	}
	s.e.report(Event{
		Change: s.change.Name, Phase: s.next.Phase, What: "transition",
		Message: fmt.Sprintf("%s → %s", s.edge.From, s.edge.To), Millis: time.Since(began).Milliseconds(),
	})
	return nil, nil
}

// move replaces the setting by compare-and-set, in one transaction that also
// confirms the controller, looks at the fleet once more and writes the audit.
// Guards that do not hold any more are returned and nothing is changed.
func (s *step) move(ctx context.Context, next migrate.Setting, guards []migrate.Guard, action string) ([]Verdict, error) {
	var refused []Verdict
	backoff := mysqlx.Backoff{Attempts: s.e.cfg.DDLAttempts, Base: 100 * time.Millisecond}
	err := backoff.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) (err error) {
		refused, err = s.moveOnce(ctx, next, guards, action)
		return err
	})
	switch {
	case errors.Is(err, mysqlx.ErrUnknownOutcome), errors.Is(err, control.ErrLost):
		return nil, s.resolve(ctx, next, err)
	case mysqlx.Classify(err) == mysqlx.ClassLockWait:
		return nil, fmt.Errorf("%w; in the way: %s", err, s.e.fenceHolders(ctx, s.change.Name))
	}
	if len(refused) > 0 {
		return refused, nil
	}
	return nil, err
}

func (s *step) moveOnce(ctx context.Context, next migrate.Setting, guards []migrate.Guard, action string) ([]Verdict, error) {
	conn, err := s.e.cfg.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a connection: %w", err)
	}
	defer conn.Close()
	if err := setSession(ctx, conn, "innodb_lock_wait_timeout", s.e.cfg.FenceWait); err != nil {
		return nil, err
	}
	defer resetSession(ctx, conn, "innodb_lock_wait_timeout")
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // a no-op after the commit
	if err := control.ConfirmController(ctx, tx, s.change.Name, s.token); err != nil {
		return nil, err
	}
	if err := control.Transit(ctx, tx, s.change.Name, s.change.Setting, next); err != nil {
		return nil, err
	}
	// From here on every new write waits, so only what must not change between
	// the look and the transition is looked at.
	if refused, err := s.lastLook(ctx, tx, next, guards); err != nil || len(refused) > 0 {
		return refused, err
	}
	detail := map[string]any{"from": s.change.Setting.Phase, "to": next.Phase, "epoch": next.Epoch, "mode": next.Mode, "ramp": next.Ramp}
	if len(s.signedBy) > 0 {
		detail["signed_by"] = s.signedBy
	}
	if s.brokeGlass != "" {
		detail["break_glass"] = s.brokeGlass
	}
	if err := control.Audit(ctx, tx, s.e.cfg.Actor, s.change.Name, action, detail); err != nil {
		return nil, err
	}
	s.e.point(PointBeforeCommit)
	if err := mysqlx.Commit(tx); err != nil {
		return nil, err
	}
	s.e.point(PointAfterCommit)
	return nil, nil
}

// setSession bounds a kind of wait on one connection.
func setSession(ctx context.Context, conn *sql.Conn, variable string, wait time.Duration) error {
	query := fmt.Sprintf("SET SESSION %s = %d", variable, int(wait.Seconds()))
	if _, err := conn.ExecContext(ctx, mysqlx.Marker("session")+query); err != nil {
		return fmt.Errorf("bound the wait for locks: %w", err)
	}
	return nil
}

// resetSession undoes setSession before the connection goes back to its pool.
// A connection on which that fails is broken and leaves the pool by itself.
func resetSession(ctx context.Context, conn *sql.Conn, variable string) {
	query := fmt.Sprintf("SET SESSION %s = DEFAULT", variable)
	_, _ = conn.ExecContext(context.WithoutCancel(ctx), mysqlx.Marker("session")+query)
}

// resolve finds out whether a transition whose answer was lost took place. The
// locking read waits for a commit that is still under way.
func (s *step) resolve(ctx context.Context, next migrate.Setting, cause error) error {
	now, err := control.Fence(ctx, s.e.cfg.DB, s.change.Name)
	if err != nil {
		return errors.Join(cause, err)
	}
	if now.Setting == next {
		return nil // it did, and it was ours: nobody else holds the token
	}
	return fmt.Errorf("transition of %s to %s did not take place: %w", s.change.Name, next.Phase, cause)
}

// audit appends an entry in a transaction of its own.
func (e *Engine) audit(ctx context.Context, change, action string, detail any) error {
	return e.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return control.Audit(ctx, tx, e.cfg.Actor, change, action, detail)
	})
}
