package dualwrite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// follow is the client's heart: it reads the settings, acknowledges them and
// renews the lease, until ctx ends.
func (c *Client) follow(ctx context.Context) {
	tick := time.NewTicker(c.cfg.Poll)
	defer tick.Stop()
	var last string
	for {
		err := c.beat(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			last = ""
		case err.Error() != last: // once a cause, not once a beat
			last = err.Error()
			c.cfg.Logger.WarnContext(ctx, "underpin: "+last)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beat does everything that is due. It is bounded in time, so that a server
// that does not answer cannot keep the next beat from trying another
// connection.
func (c *Client) beat(ctx context.Context) error {
	c.beating.Lock()
	defer c.beating.Unlock()
	ctx, cancel := context.WithTimeout(ctx, max(c.cfg.Lease/3, c.cfg.Poll))
	defer cancel()
	var errs []error
	for _, change := range c.changes {
		// What cannot be read or taken over is not acknowledged either, which
		// holds up those who wait for it. The other changes go on.
		errs = append(errs, change.poll(ctx))
	}
	if c.lease.Load().why != nil {
		return errors.Join(append(errs, c.announce(ctx))...)
	}
	if applied := c.applied(); c.due(applied) {
		errs = append(errs, c.renew(ctx, applied))
	}
	return errors.Join(errs...)
}

// poll reads the setting and takes it over if it is new.
func (c *Change) poll(ctx context.Context) error {
	s, hash, err := c.fencer.Setting(ctx, c.client.db)
	if err != nil {
		return err
	}
	return c.adopt(ctx, s, hash)
}

func (c *Client) applied() map[string]fleet.Applied {
	out := map[string]fleet.Applied{}
	for _, change := range c.changes {
		a := change.shadow.report()
		a.Epoch = change.applied()
		out[change.name] = a
	}
	return out
}

// due reports whether to renew the lease now: after a third of it, at once for
// an acknowledgement that somebody may be waiting for, and soon for news of
// shadow reads.
func (c *Client) due(applied map[string]fleet.Applied) bool {
	since := c.now().Sub(c.renewed)
	if since >= c.cfg.Lease/3 {
		return true
	}
	for name, a := range applied {
		if a.Epoch != c.reported[name].Epoch {
			return true
		}
	}
	return since >= 2*c.cfg.Poll && !maps.Equal(applied, c.reported)
}

// renew prolongs the lease. Its end is counted from before the statement was
// sent: the server counts from later.
func (c *Client) renew(ctx context.Context, applied map[string]fleet.Applied) error {
	began := c.now()
	err := c.member.Renew(ctx, applied)
	switch {
	case errors.Is(err, fleet.ErrExpired):
		c.lose()
		return c.announce(ctx)
	case err != nil:
		return err
	}
	c.renewed, c.reported = began, applied
	c.lease.Store(&lease{term: c.lease.Load().term, until: began.Add(c.cfg.Lease)})
	return nil
}

// lose makes every call fail until the process has joined again.
func (c *Client) lose() {
	c.lease.Store(&lease{term: c.lease.Load().term, why: ErrLeaseLost})
	c.cfg.Metrics.LeaseLost()
	c.cfg.Logger.Warn("underpin: the instance was silent for longer than its lease and joins again",
		"instance", c.cfg.Instance, "lease", c.cfg.Lease)
}

// announce records the process in the fleet and begins a new term. A release
// that may not run (any more) makes every call fail with the reason.
func (c *Client) announce(ctx context.Context) error {
	began := c.now()
	term := uint64(0)
	if old := c.lease.Load(); old != nil {
		term = old.term
	}
	applied := c.applied()
	member, err := fleet.Announce(ctx, c.db, c.self(), c.cfg.Lease, applied)
	var refused *fleet.NotAllowedError
	if errors.As(err, &refused) {
		mine := &NotAllowedError{refused.Change, refused.Release, refused.Phase, refused.Mode, refused.Why}
		c.lease.Store(&lease{term: term, why: mine})
		return mine
	}
	if err != nil {
		return err
	}
	// Announced under the changes' locks: whoever makes a transition from here
	// on sees this process and what it declares.
	c.member, c.renewed, c.reported = member, began, applied
	for name, s := range member.Settings() {
		if err := c.take(ctx, name, s); err != nil {
			return err
		}
	}
	c.lease.Store(&lease{term: term + 1, until: began.Add(c.cfg.Lease)})
	return nil
}

// take adopts a setting that was read together with the announcement.
func (c *Client) take(ctx context.Context, name string, s migrate.Setting) error {
	for _, change := range c.changes {
		if change.name != name || change.current.Load().setting == s {
			continue
		}
		if err := change.poll(ctx); err != nil {
			return fmt.Errorf("follow change %s: %w", name, err)
		}
	}
	return nil
}

func (c *Client) self() fleet.Instance {
	in := fleet.Instance{
		ID: c.cfg.Instance, Service: c.cfg.Service, Release: c.cfg.Release, Host: c.cfg.Host, PID: os.Getpid(),
		Tagged: c.cfg.Tagged, Supports: map[string]migrate.Capability{},
	}
	for _, change := range c.changes {
		in.Supports[change.name] = change.capability
	}
	return in
}
