package flags

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// watchEvery is how exactly the age of a copy is known. Reading a clock for
	// every evaluation would cost more than the evaluation.
	watchEvery = 100 * time.Millisecond
	// slowest is the longest wait after failures: how late a store that is back
	// may be noticed.
	slowest = 5 * time.Second
	// hintSpread spreads the polls that one hint causes in many processes.
	hintSpread = 5 * time.Millisecond
	// useEvery is how often evaluated flags are reported.
	useEvery = time.Minute
)

// pollOn polls until ctx ends: after a wait, or soon after a hint.
func (c *Client) pollOn(ctx context.Context) {
	failures := 0
	reported := time.Now()
	use := &useLog{today: map[string]string{}}
	for c.wait(ctx, failures) == nil {
		if err := c.poll(ctx); err != nil && ctx.Err() == nil {
			failures++
		} else {
			failures = 0
		}
		if r, ok := c.cfg.Source.(UseRecorder); ok && failures == 0 && time.Since(reported) >= useEvery {
			reported = time.Now()
			if err := use.report(ctx, r, c.copy.Load()); err != nil && ctx.Err() == nil {
				c.cfg.Logger.Warn("flags: the store does not take which flags are in use", "error", err)
			}
		}
	}
}

// wait waits for the next poll. Failures make it longer; a hint cuts it short.
func (c *Client) wait(ctx context.Context, failures int) error {
	longest := c.cfg.Poll
	for range min(failures, 10) {
		longest = min(2*longest, max(slowest, c.cfg.Poll))
	}
	// The rest is time for the poll itself: a change is seen within Poll.
	timer := time.NewTimer(longest*45/100 + rand.N(longest*40/100+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	case <-c.hinted:
	}
	timer.Reset(rand.N(hintSpread))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// poll asks the store once for what is new since its own last word, and takes it
// over.
func (c *Client) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	began := time.Now() // what the store says is no younger than the question
	shown := c.copy.Load()
	update, err := c.cfg.Source.Fetch(ctx, c.keeper.base.at)
	if have := cmp.Or(shown, c.keeper.base).at; err == nil && update.At.Version < have.Version {
		update, err = c.behind(ctx, have, update)
	}
	outcome := Failed
	if err == nil {
		outcome = c.take(shown, update)
		c.confirm(began)
	}
	c.cfg.Metrics.Polled(outcome, time.Since(began))
	c.ended(err)
	if err == nil {
		if err := c.save(map[Outcome]saving{Applied: saveNow}[outcome]); err != nil {
			c.cfg.Logger.Warn("flags: the snapshot could not be kept", "error", err)
		}
	}
	return err
}

// behind decides about a store that is at a lower version than the copy. For a
// while it may be a replica that lags; after that it is the truth.
func (c *Client) behind(ctx context.Context, have Position, u Update) (Update, error) {
	if c.keeper.behind.IsZero() {
		c.keeper.behind = time.Now()
	}
	if time.Since(c.keeper.behind) < c.cfg.Rewind {
		return u, fmt.Errorf("%w: it is at version %d, the copy at %d; it is believed after %s",
			ErrBehind, u.At.Version, have.Version, c.cfg.Rewind)
	}
	c.cfg.Logger.Warn("flags: the store has lost changes; its word is taken", "version", u.At.Version, "copy", have.Version)
	return c.cfg.Source.Fetch(ctx, Position{})
}

// take makes an update of the store, who was asked while shown was the copy, the
// present one. A hint that came meanwhile may be ahead of it; then that stays until
// the next poll.
func (c *Client) take(shown *snapshot, u Update) Outcome {
	c.taking.Lock()
	defer c.taking.Unlock()
	k, now := &c.keeper, c.copy.Load()
	k.behind = time.Time{}
	hinted := now != shown
	if now != nil && u.At == k.base.at && (now == k.base || hinted) {
		return Unchanged
	}
	next, changed, bad := k.base.next(u)
	for _, err := range bad {
		c.cfg.Logger.Error("flags: a flag that cannot be served is left as it was", "error", err)
	}
	k.base = next
	if k.path != "" {
		k.flags.apply(u)
	}
	if hinted && u.At.Version < now.at.Version {
		c.told.settle(changed, u)
		return Applied
	}
	changed, wrong := c.told.news(changed, u)
	if len(wrong) > 0 {
		c.cfg.Logger.Error("flags: a hint said what the store does not; the store's word is taken", "flags", wrong, "version", u.At.Version)
	}
	c.told = nil
	c.show(next, changed)
	return Applied
}

// show makes a snapshot the copy. The caller holds c.taking.
func (c *Client) show(next *snapshot, changed []string) {
	c.copy.Store(next)
	c.cfg.Metrics.Applied(next.at.Version, len(next.flags))
	if len(changed) > 0 {
		c.tell(Event{Kind: EventChanged, Flags: changed})
	}
}

// confirm notes that the copy was the store's at that time.
func (c *Client) confirm(at time.Time) {
	c.mu.Lock()
	c.confirmed = at
	c.mu.Unlock()
	c.measure()
}

// watch keeps the age of the copy, whatever the poller may be waiting for.
func (c *Client) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.measure()
		}
	}
}

// measure takes the age of the copy. The monotonic clock makes jumps of the
// machine's clock harmless.
func (c *Client) measure() {
	c.mu.Lock()
	age := UnknownAge
	if !c.confirmed.IsZero() {
		age = time.Since(c.confirmed)
	}
	was := time.Duration(c.age.Swap(int64(age)))
	c.mu.Unlock()
	c.cfg.Metrics.Aged(age)
	if wasStale, isStale := was > c.cfg.MaxAge, age > c.cfg.MaxAge; wasStale != isStale && c.copy.Load() != nil {
		kind := EventFresh
		if isStale {
			kind = EventStale
		}
		c.tell(Event{Kind: kind})
	}
}

// ended notes how a poll ended, and tells the first of a row of failures.
func (c *Client) ended(err error) {
	c.mu.Lock()
	first := err != nil && c.last == nil
	c.last = err
	c.mu.Unlock()
	if first {
		c.tell(Event{Kind: EventFailed, Err: err})
	}
}

// useLog remembers what it has reported today.
type useLog struct{ today map[string]string }

// report tells which flags were evaluated since the last report, once a day and
// flag.
func (u *useLog) report(ctx context.Context, r UseRecorder, s *snapshot) error {
	if s == nil {
		return nil
	}
	day := time.Now().UTC().Format(time.DateOnly)
	var names []string
	for name, f := range s.flags {
		if f.used.Swap(false) && u.today[name] != day {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := r.RecordUse(ctx, names); err != nil {
		for _, name := range names {
			s.flags[name].used.Store(true) // for the next time
		}
		return err
	}
	for _, name := range names {
		u.today[name] = day
	}
	return nil
}
