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
// renews the lease, until ctx ends. The first time is over when the client is
// there: what was learned while it announced itself is acknowledged by then.
func (c *Client) follow(ctx context.Context) {
	tick := time.NewTicker(c.cfg.Poll)
	defer tick.Stop()
	var last string
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
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
	}
}

// renewals is how many times a lease is renewed before it would run out. The
// server may be out of reach, or commit nothing, for all of the lease but one
// such part, and no lease is lost.
const renewals = 5

// beat does everything that is due. A renewal does not wait for the settings,
// which may take long to read.
func (c *Client) beat(ctx context.Context) error {
	c.beating.Lock()
	defer c.beating.Unlock()
	var errs []error
	for _, change := range c.changes {
		// What cannot be read or taken over is not acknowledged either, which
		// holds up those who wait for it. The other changes go on.
		errs = append(errs, c.keep(ctx), c.within(ctx, change.poll))
	}
	switch {
	case c.lease.Load().why != nil:
		errs = append(errs, c.within(ctx, c.announce))
	case c.due():
		errs = append(errs, c.within(ctx, c.renew))
	}
	return errors.Join(errs...)
}

// keep renews the lease if that is due for its own sake.
func (c *Client) keep(ctx context.Context) error {
	if c.lease.Load().why == nil && c.overdue() {
		return c.within(ctx, c.renew)
	}
	return nil
}

// within does one thing over the pulse. It is bounded in time, so that a server
// that does not answer cannot keep the next attempt from trying another
// connection.
func (c *Client) within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, max(c.cfg.Lease/3, c.cfg.Poll))
	defer cancel()
	err := c.pulse.take(ctx)
	if err == nil {
		err = do(ctx)
	}
	c.pulse.rest(ctx, err)
	return err
}

// poll reads the setting and takes it over if it is new.
func (c *Change) poll(ctx context.Context) error {
	s, hash, err := c.fencer.Setting(ctx, &c.client.pulse)
	if err != nil {
		return err
	}
	return c.adopt(ctx, &c.client.pulse, s, hash)
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

// overdue reports whether the lease has to be renewed for its own sake.
func (c *Client) overdue() bool { return c.now().Sub(c.renewed) >= c.cfg.Lease/renewals }

// due reports whether to renew the lease now: for its own sake, at once for an
// acknowledgement that somebody may be waiting for, and soon for news of shadow
// reads.
func (c *Client) due() bool {
	if c.overdue() {
		return true
	}
	applied := c.applied()
	for name, a := range applied {
		if a.Epoch != c.reported[name].Epoch {
			return true
		}
	}
	return c.now().Sub(c.renewed) >= 2*c.cfg.Poll && !maps.Equal(applied, c.reported)
}

// renew prolongs the lease. Its end is counted from before the statement was
// sent: the server counts from later.
func (c *Client) renew(ctx context.Context) error {
	began := c.now()
	applied := c.applied()
	err := c.member.Renew(ctx, c.news(applied))
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

// news is what the fleet has not been told yet: every statement less is one that
// need not be answered in time.
func (c *Client) news(applied map[string]fleet.Applied) map[string]fleet.Applied {
	out := map[string]fleet.Applied{}
	for name, a := range applied {
		if a != c.reported[name] {
			out[name] = a
		}
	}
	return out
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
	member, err := fleet.Announce(ctx, &c.pulse, c.self(), c.cfg.Lease, applied)
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
