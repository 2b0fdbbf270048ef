package fleet

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// ErrExpired says that an instance's lease had run out, or its row is gone. The
// process has to stop serving and to announce itself again.
var ErrExpired = errors.New("the instance's lease has run out: stop serving and announce it again")

// NotAllowedError says that a release may not run under the present setting of
// a change.
type NotAllowedError struct {
	Change  string
	Release string
	Phase   migrate.Phase
	Mode    migrate.Mode
	Why     string
}

func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("release %s may not run now: change %s is in phase %s (mode %s) and %s: "+
		"run a release that supports it, or step the change back first",
		e.Release, e.Change, e.Phase, e.Mode, e.Why)
}

// DB is what an instance is announced and renewed over: a pool, or a connection
// kept for it.
type DB interface {
	mysqlx.Querier
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// Member is an announced instance. It is safe for concurrent use if its DB is.
type Member struct {
	db       DB
	instance Instance
	lease    time.Duration

	mu       sync.Mutex
	until    time.Time
	settings map[string]migrate.Setting
}

// Announce records an instance and starts its lease, unless a change is in a
// phase under which its release may not run: then a [*NotAllowedError] says
// which and nothing is recorded. That check and the record are one transaction
// behind shared locks on the changes, see the package comment.
//
// A lease of zero is [DefaultLease]. applied holds what the instance has
// acknowledged already; a change without an entry starts at epoch 0, nothing
// acknowledged. A process whose lease ran out announces itself again under the
// same ID and replaces its own row.
//
// db is the application's own pool, or a connection of it: the account it is seen under is the one its
// connections are known by. Its session settings do not matter.
func Announce(ctx context.Context, db DB, in Instance, lease time.Duration, applied map[string]Applied) (*Member, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if lease <= 0 {
		lease = DefaultLease
	}
	in.Supports = maps.Clone(in.Supports)
	m := &Member{db: db, instance: in, lease: lease}
	if err := m.register(ctx); err != nil {
		return nil, fmt.Errorf("announce instance %s of %s: %w", in.ID, in.Service, err)
	}
	var began time.Time
	err := transact(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
		settings, err := m.admit(ctx, tx)
		if err != nil {
			return err
		}
		supports := in.supportRows(applied)
		began = time.Now()
		if err := control.PutInstance(ctx, tx, in.row(), lease); err != nil {
			return err
		}
		if err := control.PutSupports(ctx, tx, in.ID, supports); err != nil {
			return err
		}
		m.settings = settings
		return control.PutRelease(ctx, tx, in.Service, in.Release, supports)
	})
	if err != nil {
		return nil, fmt.Errorf("announce instance %s of %s: %w", in.ID, in.Service, err)
	}
	m.until = began.Add(lease)
	return m, nil
}

// register makes a row to fence on for every declared change that has none. It
// reads first, because an application may lack the right to insert.
func (m *Member) register(ctx context.Context) error {
	for _, name := range m.instance.changes() {
		_, err := control.Setting(ctx, m.db, name)
		if errors.Is(err, control.ErrNoChange) {
			err = control.Register(ctx, m.db, name, m.instance.Service)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// admit locks every change and judges the instance by their settings.
func (m *Member) admit(ctx context.Context, tx *sql.Tx) (map[string]migrate.Setting, error) {
	changes, err := control.FenceAll(ctx, tx)
	if err != nil {
		return nil, err
	}
	declared := map[string]migrate.Setting{}
	for _, c := range changes {
		capability, declares := m.instance.Supports[c.Name]
		ok, why := true, ""
		switch {
		case declares:
			declared[c.Name] = c.Setting
			ok, why = capability.Supports(c.Setting)
		case c.Service == m.instance.Service:
			ok, why = undeclaredMayRun(c.Setting)
		}
		if !ok {
			return nil, &NotAllowedError{c.Name, m.instance.Release, c.Setting.Phase, c.Setting.Mode, why}
		}
	}
	for _, name := range m.instance.changes() {
		if _, ok := declared[name]; !ok {
			return nil, fmt.Errorf("%w: %s", control.ErrNoChange, name)
		}
	}
	return declared, nil
}

// undeclaredMayRun says whether a release of the service that does not declare
// the change may start under the setting. Once the source is gone it is either
// one from which the change's code was removed, or so old that its statements
// fail, which nobody can mistake for success.
func undeclaredMayRun(s migrate.Setting) (ok bool, why string) {
	switch {
	case s.Mode == migrate.Off, s.Phase == migrate.Contracted, s.Phase == migrate.Closed:
		return true, ""
	}
	return false, "it does not declare the change, so it would neither take its fence nor write both shapes"
}

// Instance returns what was announced.
func (m *Member) Instance() Instance {
	in := m.instance
	in.Supports = maps.Clone(in.Supports)
	return in
}

// Settings returns the settings of the declared changes as the announcement
// read them under lock. They may be out of date by now; the instance may start
// from them, because the transitions since then have seen its rows.
func (m *Member) Settings() map[string]migrate.Setting { return maps.Clone(m.settings) }

// Until returns when the process has to stop serving unless the lease is
// renewed, by its own monotonic clock. It is never later than what the server
// goes by.
func (m *Member) Until() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.until
}

// Renew prolongs the lease by its length from now and records what has been
// applied; a change without an entry is left as it is, and an acknowledged
// epoch never falls. It returns [ErrExpired] if the lease had run out by the
// server's clock or the row is gone, and then changes nothing. Other errors
// leave the lease as it was, or prolonged if the answer to the COMMIT was lost.
func (m *Member) Renew(ctx context.Context, applied map[string]Applied) error {
	var began time.Time
	err := transact(ctx, m.db, func(ctx context.Context, tx *sql.Tx) error {
		began = time.Now()
		if err := control.RenewInstance(ctx, tx, m.instance.ID, m.lease); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(applied)) {
			if err := control.RecordProgress(ctx, tx, m.instance.ID, name, applied[name]); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, control.ErrLost):
		return fmt.Errorf("renew the lease of instance %s: %w", m.instance.ID, ErrExpired)
	case err != nil:
		return fmt.Errorf("renew the lease of instance %s: %w", m.instance.ID, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if until := began.Add(m.lease); until.After(m.until) {
		m.until = until
	}
	return nil
}

// Leave removes the instance. Call it when no statement of the process is under
// way any more: from then on no gate waits for it.
func (m *Member) Leave(ctx context.Context) error {
	err := transact(ctx, m.db, func(ctx context.Context, tx *sql.Tx) error {
		return control.DeleteInstance(ctx, tx, m.instance.ID)
	})
	if err != nil {
		return fmt.Errorf("take instance %s out of the fleet: %w", m.instance.ID, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until = time.Time{}
	return nil
}

// transact runs fn in one REPEATABLE READ transaction and tries again where
// that can help. What it is used for can be repeated, so an unknown outcome is
// tried again too.
func transact(ctx context.Context, db DB, fn func(ctx context.Context, tx *sql.Tx) error) error {
	again := func(err error) bool { return mysqlx.RetryUnit(err) || errors.Is(err, mysqlx.ErrUnknownOutcome) }
	return mysqlx.Backoff{}.Retry(ctx, again, func(ctx context.Context) error {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		if err != nil {
			return err
		}
		if err := fn(ctx, tx); err != nil {
			if rollback := tx.Rollback(); rollback != nil && mysqlx.Classify(rollback) == mysqlx.ClassOther && !errors.Is(rollback, sql.ErrTxDone) {
				return errors.Join(err, fmt.Errorf("roll back: %w", rollback))
			}
			return err
		}
		return mysqlx.Commit(tx)
	})
}
