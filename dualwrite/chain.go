package dualwrite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Chaining says how the transactions of a process that writes all the time begin.
type Chaining int

// The ways to begin.
const (
	// ChainProven lets the COMMIT of a unit begin the transaction of the next one
	// (COMMIT AND CHAIN), which saves that a round trip, where [Join] has found that
	// there is a transaction behind one, proxies on the way included. It is done
	// for one connection of a process, while units follow each other within 20 ms
	// and at least half of the pool is free. The transaction that waits for its
	// unit has read and locked nothing.
	ChainProven Chaining = iota
	// ChainNothing begins every transaction by itself.
	ChainNothing
)

const (
	// chainLinger is how long a transaction waits for the unit that it was begun
	// for before its connection goes back to the pool.
	chainLinger = 20 * time.Millisecond
	// chainLife is for how long units may follow each other on one connection.
	// Then the pool gets it back, which knows how old it may become.
	chainLife = time.Second
)

const (
	commitAndChain = `/* underpin dualwrite */
COMMIT AND CHAIN`
	beginAgain = `/* underpin dualwrite */
START TRANSACTION`

	// Both servers refuse it inside a transaction, and outside it is about the
	// next one.
	ofNextTransaction = `/* underpin dualwrite */
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
	inTransaction = 1568 // ER_CANT_CHANGE_TX_CHARACTERISTICS
)

// chains reports whether COMMIT AND CHAIN leaves a transaction open, on the way that
// the pool has to the server. Behind one that dropped the CHAIN, the statements of
// the next unit would be committed one by one. What cannot be told is no.
func chains(ctx context.Context, db *sql.DB) bool {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, commitAndChain); err != nil {
		return false
	}
	_, err = tx.ExecContext(ctx, ofNextTransaction)
	if err == nil {
		_, _ = tx.ExecContext(ctx, beginAgain) // which uses it up, or the connection is broken
	}
	return mysqlx.Number(err) == inTransaction
}

// chain is the place for one session that waits for its next unit. The session
// counts as work in flight meanwhile, so Close waits until it is gone.
type chain struct {
	mu    sync.Mutex
	kept  *session  // nil: there is none
	since time.Time // it waits
	taken bool      // the place is, or is promised

	watched bool      // there is a timer that looks after the place
	last    time.Time // when a unit last ended

	on           bool          // set by Join
	linger, life time.Duration // chainLinger, chainLife; the tests' own
}

// begin takes the session that waits, or begins a transaction.
func (c *Client) begin(ctx context.Context) (*session, error) {
	if s := c.chain.take(); s != nil {
		c.gate.leave() // whoever takes it is inside by itself
		return s.attach(ctx), nil
	}
	// It may outlive the unit, so it must not end with the unit's context.
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &session{taken: time.Now(), cancel: cancel, own: map[*sql.Stmt]*sql.Stmt{}}
	s.attach(ctx)
	tx, err := c.db.BeginTx(lasting, nil)
	if err != nil {
		s.detach()
		cancel()
		return nil, cmp.Or(ctx.Err(), err)
	}
	s.Tx = tx
	return s, nil
}

// commit commits a session, and begins the next transaction with it if a unit is
// to be expected soon.
func (c *Client) commit(ctx context.Context, s *session) error {
	if !c.promise(s) {
		return mysqlx.Commit(s.Tx)
	}
	if !s.detach() { // the pool rolls it back
		c.chain.clear()
		return ctx.Err()
	}
	_, err := s.ExecContext(context.WithoutCancel(ctx), commitAndChain)
	if err != nil {
		c.chain.clear()
		return chainOutcome(err)
	}
	s.ending = chained
	return nil
}

// chainOutcome is [mysqlx.CommitOutcome] for a COMMIT that also begins the next
// transaction. If the server answers with an error, either part may have failed:
// a Galera node commits and then waits in vain for the others before it begins. So
// nothing counts as rolled back but what no beginning is ever refused with.
func chainOutcome(err error) error {
	out := mysqlx.CommitOutcome(err)
	switch mysqlx.Classify(err) {
	case mysqlx.ClassDeadlock, mysqlx.ClassUnavailable:
		return out
	}
	if errors.Is(out, mysqlx.ErrUnknownOutcome) {
		return out
	}
	return fmt.Errorf("%w (commit and chain): %w", mysqlx.ErrUnknownOutcome, err)
}

// promise reserves the place for a session, if it is free and a unit is to be
// expected while the session waits there.
func (c *Client) promise(s *session) bool {
	now := time.Now()
	if !c.chain.on || now.Sub(s.taken) >= c.chain.life || c.gate.closed.Load() {
		return false
	}
	c.chain.mu.Lock()
	defer c.chain.mu.Unlock()
	if c.chain.taken || now.Sub(c.chain.last) >= c.chain.linger || !halfFree(c.db) {
		return false
	}
	c.chain.taken = true
	return true
}

// halfFree reports whether the pool can spare a connection that does nothing.
func halfFree(db *sql.DB) bool {
	pool := db.Stats()
	return pool.MaxOpenConnections == 0 || 2*pool.InUse <= pool.MaxOpenConnections
}

// release is called after a unit. It keeps the session for the next one, or ends
// it.
func (c *Client) release(s *session) {
	s.detach()
	c.chain.ended(time.Now())
	if s.ending == notEnded {
		s.end()
		return
	}
	c.gate.inside.Add(1) // the caller is inside too, so it cannot be closed yet
	if s.ending == chained {
		c.retain(s)
		return
	}
	// If the server has committed, database/sql does not know. Telling it takes a
	// round trip, as does beginning anew, for which nobody has to wait but Close.
	go func() {
		if c.promise(s) {
			if _, err := s.ExecContext(context.Background(), beginAgain); err == nil {
				c.retain(s)
				return
			}
			c.chain.clear()
		}
		c.drop(s)
	}()
}

// retain puts a session into the place that it was promised. There is one timer
// for all that come and go there: setting one for each would cost as much as
// it saves.
func (c *Client) retain(s *session) {
	c.chain.mu.Lock()
	c.chain.kept, c.chain.since = s, time.Now()
	if !c.chain.watched {
		c.chain.watched = true
		time.AfterFunc(c.chain.linger, c.expire)
	}
	c.chain.mu.Unlock()
	if c.gate.closed.Load() { // Close may have looked too early
		c.unchain()
	}
}

// unchain ends the session that waits, if there is one.
func (c *Client) unchain() {
	if s := c.chain.take(); s != nil {
		c.drop(s)
	}
}

// expire ends the session that has waited for too long, and looks again later if
// one has not.
func (c *Client) expire() {
	c.chain.mu.Lock()
	s, left := c.chain.kept, c.chain.linger-time.Since(c.chain.since)
	switch {
	case s == nil:
		c.chain.watched = false
	case left > 0:
		time.AfterFunc(left, c.expire)
		s = nil
	default:
		c.chain.kept, c.chain.taken, c.chain.watched = nil, false, false
	}
	c.chain.mu.Unlock()
	if s != nil {
		c.drop(s)
	}
}

// drop ends a session that counts as work in flight.
func (c *Client) drop(s *session) {
	s.end()
	c.gate.leave()
}

// take returns the session that waits; nil if there is none.
func (c *chain) take() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.kept
	if s != nil {
		c.kept, c.taken = nil, false
	}
	return s
}

// clear gives a promised place up.
func (c *chain) clear() {
	c.mu.Lock()
	c.taken = false
	c.mu.Unlock()
}

func (c *chain) ended(now time.Time) {
	c.mu.Lock()
	c.last = now
	c.mu.Unlock()
}
