package dualwrite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Tx is the transaction of a unit of work. It takes statements as *sql.Tx does
// and has the methods that generated query code asks for, but it cannot be
// committed or rolled back by the unit. Once a statement has failed in a way
// that costs the transaction (a deadlock, a lock wait timeout, a kill, a lost
// connection), every further one returns that same error without being sent:
// after a deadlock the server has rolled back, and what came next would be
// committed on its own.
//
// It is safe for concurrent use as far as *sql.Tx is: one statement at a time.
type Tx struct {
	change  *Change
	sql     *session
	setting migrate.Setting
	owner   owner
	pending *plan // not nil: the fence is still to be taken; the setting is assumed

	mu      sync.Mutex
	failed  error       // what poisoned it
	rows    []*sql.Rows // whose errors come late
	keys    []Key
	kinds   kinds
	changed bool // a statement changed rows
	nothing bool // the unit said that none of them is the change's
	over    bool
}

var _ mysqlx.Querier = (*Tx)(nil)

// owner is who commits a transaction.
type owner int

const (
	ownedByWrite owner = iota
	ownedByCaller
)

func (c *Change) newTx(s *session) *Tx { return &Tx{change: c, sql: s} }

// Mode returns what the transaction does about the change, as far as is known:
// if a transition comes between, what counts is what the fence reads. It is for
// display; a unit writes the shape that its release declares in every mode.
func (t *Tx) Mode() migrate.Mode { return t.setting.Mode }

// Touch says that the row with this key was inserted, updated or deleted by
// this transaction, so that the other shape of it has to follow. A composite
// key is given part by part, in the order of the table's key. A row whose key
// was changed is touched under both. Touch only what the transaction has
// written, or locked: other rows may be changing under its hands.
func (t *Tx) Touch(key ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys = append(t.keys, append(Key(nil), key...))
}

// TouchNothing says that although the unit changed rows, none of them belongs
// to the change.
func (t *Tx) TouchNothing() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.nothing = true
}

// ExecContext runs a statement that returns no rows.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	kind, err := t.admit(query)
	if err != nil {
		return nil, err
	}
	res, err := t.sql.ExecContext(ctx, query, args...)
	if err != nil {
		return nil, t.note(err)
	}
	if n, err := res.RowsAffected(); kind != isQuery && (err != nil || n > 0) {
		t.wrote()
	}
	return res, nil
}

// QueryContext runs a statement that returns rows.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	kind, err := t.admit(query)
	if err != nil {
		return nil, err
	}
	rows, err := t.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, t.note(err)
	}
	t.mu.Lock()
	t.rows = append(t.rows, rows)
	t.mu.Unlock()
	if kind.writes() { // … RETURNING
		t.wrote()
	}
	return rows, nil
}

// QueryRowContext runs a statement that returns at most one row. The row is
// read before the call returns, so that no error of the statement can stay
// unseen in it.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return t.change.client.replay.row(ctx, nil, nil, err)
	}
	columns, values, err := firstRow(rows)
	return t.change.client.replay.row(ctx, columns, values, t.note(err))
}

// PrepareContext is here because interfaces of generated code ask for it. It
// fails with [ErrStatement]: errors of a prepared statement would pass the
// transaction by. The driver prepares what has arguments by itself.
func (t *Tx) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	return nil, fmt.Errorf("prepare: %w: run it with ExecContext or QueryContext", ErrStatement)
}

// admit decides whether a statement may be sent.
func (t *Tx) admit(query string) (kinds, error) {
	if err := t.poisoned(); err != nil {
		return 0, err
	}
	kind, word := kindOf(query)
	if kind == isRefused {
		return 0, fmt.Errorf("%w: it begins with %q", ErrStatement, word)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return 0, ErrFinished
	}
	t.kinds |= kind
	return kind, nil
}

func (t *Tx) wrote() {
	t.mu.Lock()
	t.changed = true
	t.mu.Unlock()
}

// note looks at an error of a statement and poisons the transaction if the
// error costs it.
func (t *Tx) note(err error) error {
	if err == nil || !costsTransaction(err) {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// costsTransaction reports whether after such an error the transaction is gone
// or must not be committed.
func costsTransaction(err error) bool {
	switch mysqlx.Classify(err) {
	case mysqlx.ClassDeadlock, mysqlx.ClassLockWait, mysqlx.ClassKilled, mysqlx.ClassConnection,
		mysqlx.ClassUnavailable, mysqlx.ClassCanceled:
		return true
	}
	return false
}

// poisoned returns the error that cost the transaction, looking also at rows
// whose error came while they were read.
func (t *Tx) poisoned() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, rows := range t.rows {
		if err := rows.Err(); t.failed == nil && err != nil && costsTransaction(err) {
			t.failed = err
		}
	}
	return t.failed
}

// numbers reports whether the unit inserted into a table change whose written
// side numbers its rows.
func (t *Tx) numbers() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.change.plan.Load()
	if p == nil || t.kinds&isInsert == 0 {
		return false
	}
	m := p.mapper.Mapping()
	table := m.Source
	if t.change.capability.Writes == migrate.TargetShape {
		table = m.Target
	}
	for _, c := range table.Key {
		if c.AutoIncrement {
			return m.Kind() == migrate.TableChange
		}
	}
	return false
}

// closeRows closes what the unit has left open. A Commit of database/sql does so by
// itself, and a COMMIT AND CHAIN is a statement like any other.
func (t *Tx) closeRows() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, rows := range t.rows {
		_ = rows.Close() // a connection that fails here fails the next statement too
	}
}

// end makes the handle useless.
func (t *Tx) end() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
}
