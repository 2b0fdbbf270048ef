package dualwrite

import (
	"context"
	"database/sql"
	"fmt"
)

// Enlist brings a transaction of the caller's under the change: it takes the
// fence, which has to be the transaction's first statement, and returns the
// handle to touch keys with. It is for applications that cannot hand their
// transactions to [Change.Write].
//
// The caller keeps the duties that Write would take over:
//
//   - Call [Tx.Finish] after the last statement and before the COMMIT. Commit
//     only if it returned nil.
//   - After any error of any statement, of Enlist or of Finish, roll back.
//     After a deadlock the server has rolled back by itself, and statements
//     that follow are committed one by one.
//   - Try the whole transaction again after deadlocks, lock wait timeouts and
//     lost connections; an unknown outcome of the COMMIT is the caller's too.
//   - Several changes in one transaction are enlisted in the order of their
//     names, and before any other statement; otherwise they deadlock with
//     transitions.
//
// Statements may go through the *sql.Tx or through the returned Tx, which tells
// on a forgotten Touch and refuses to work on after an error that costs the
// transaction.
func (c *Change) Enlist(ctx context.Context, tx *sql.Tx) (*Tx, error) {
	if c.refuse != nil {
		return nil, c.refuse
	}
	if err := c.client.gate.enter(); err != nil {
		return nil, err
	}
	defer c.client.gate.leave()
	if _, err := c.client.serving(); err != nil {
		return nil, err
	}
	t := c.newTx(&session{Tx: tx})
	t.owner = ownedByCaller
	t.kinds = isOther // it may run statements past us
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Finish makes the other shape follow for the touched keys. It belongs to
// [Change.Enlist]: inside a unit of [Change.Write] it is refused with
// [ErrFinished], because Write does it.
func (t *Tx) Finish(ctx context.Context) error {
	if t.owner != ownedByCaller {
		return fmt.Errorf("%w: Finish is for transactions of Enlist", ErrFinished)
	}
	if err := t.poisoned(); err != nil {
		return fmt.Errorf("a statement of the transaction failed, roll it back: %w", err)
	}
	t.mu.Lock()
	over := t.over
	t.mu.Unlock()
	if over {
		return ErrFinished
	}
	if err := t.finish(ctx); err != nil {
		return t.note(err)
	}
	return nil
}
