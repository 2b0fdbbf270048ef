package dualwrite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/migrate"
)

// Pin makes a change work under a setting whatever its row says, as a process
// would that has not heard of a transition.
func (c *Change) Pin(s migrate.Setting) error {
	c.pin.Store(&s)
	hash := ""
	if p := c.plan.Load(); p != nil {
		hash = p.hash
	}
	if _, h, err := c.fencer.Setting(context.Background(), c.client.db); err == nil {
		hash = h
	}
	c.client.beating.Lock()
	defer c.client.beating.Unlock()
	return c.adopt(context.Background(), c.client.db, s, hash)
}

// JoinWithClock is Join with a clock for the lease.
func JoinWithClock(ctx context.Context, db *sql.DB, cfg Config, now func() time.Time) (*Client, error) {
	return join(ctx, db, cfg, now)
}

// Beat is one beat of the client's heart, now.
func (c *Client) Beat(ctx context.Context) error { return c.beat(ctx) }

// Renew renews the lease over the client's pulse, now.
func (c *Client) Renew(ctx context.Context) error {
	c.beating.Lock()
	defer c.beating.Unlock()
	return c.within(ctx, c.renew)
}

// Choose looks up the mode and decides where to read.
func (c *Change) Choose(key any) (migrate.Shape, error) {
	return c.choose(context.Background(), c.current.Load(), key, nil)
}

// Decide is all that a read does besides reading: it counts itself in and out,
// looks at the lease and decides where to read.
func (c *Change) Decide(key any) (migrate.Shape, error) {
	r, err := c.beginRead()
	if err != nil {
		return "", err
	}
	defer r.end()
	return c.choose(context.Background(), r.view, key, nil)
}

// KindOf reports whether a statement is refused inside a unit.
func KindOf(query string) (refused bool, word string) {
	k, word := kindOf(query)
	return k == isRefused, word
}

// Inline and IndexOf are tested on their own.
var (
	Inline   = inline
	IndexOf  = indexOf
	ColumnOf = columnOf
	SortKeys = sortedKeys
)

// Writes is the shape that the change's release writes.
func (c *Change) Writes() migrate.Shape { return c.capability.Writes }

// KillPulse ends the connection of the client's heart at the server.
func (c *Client) KillPulse(ctx context.Context, by *sql.DB) error {
	c.beating.Lock()
	defer c.beating.Unlock()
	var id uint64
	if err := c.pulse.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return err
	}
	_, err := by.ExecContext(ctx, fmt.Sprintf("KILL %d", id))
	return err
}

// Prepared is how many statements of the change are prepared.
func (c *Change) Prepared() int {
	c.statements.mu.RLock()
	defer c.statements.mu.RUnlock()
	n := 0
	for _, stmt := range c.statements.ready {
		if stmt != nil {
			n++
		}
	}
	return n
}

// Asked is how many statements of the change were asked to be prepared.
func (c *Change) Asked() int {
	c.statements.mu.RLock()
	defer c.statements.mu.RUnlock()
	return len(c.statements.ready)
}

// Linger sets how long a transaction waits for its unit. It is called before the
// first unit.
func (c *Client) Linger(d time.Duration) { c.chain.linger = d }

// Life sets for how long units may follow each other on one connection. It is
// called before the first unit.
func (c *Client) Life(d time.Duration) { c.chain.life = d }

// Kept reports whether a transaction waits for its unit.
func (c *Client) Kept() bool {
	c.chain.mu.Lock()
	defer c.chain.mu.Unlock()
	return c.chain.kept != nil
}
