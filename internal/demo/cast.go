package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// cast is the processes of the application that are on stage, and who holds
// which slot.
type cast struct {
	cfg    Config
	arena  *arena
	rec    *recorder
	live   []*process
	holder map[int]*process
	count  map[string]int
}

func newCast(cfg Config, a *arena, rec *recorder) *cast {
	return &cast{cfg: cfg, arena: a, rec: rec, holder: map[int]*process{}, count: map[string]int{}}
}

// start starts a process of a release and waits until it serves.
func (c *cast) start(ctx context.Context, release string) (*process, error) {
	c.count[release]++
	load := c.cfg.load()
	if release == releaseIdleOld {
		load.Readers = 0
	}
	t := task{
		Release: release, Place: fmt.Sprintf("%s/%d", release, c.count[release]),
		DSN: c.arena.dsn(release), Table: c.cfg.layout(), Load: load,
	}
	p, err := launch(ctx, append(slices.Clone(c.cfg.Command), "app"), t.Place, release, t, c.rec.hear)
	if err != nil {
		return nil, err
	}
	c.live = append(c.live, p)
	return p, p.serve(ctx)
}

// give hands slots to a process. Those who hold them finish what they are doing
// first.
func (c *cast) give(ctx context.Context, to *process, numbers ...int) error {
	by := map[*process][]slot{}
	for _, n := range numbers {
		if h := c.holder[n]; h != nil && h != to {
			by[h] = append(by[h], slot{Number: n})
		}
	}
	for h, list := range by {
		if err := h.letGo(ctx, list); err != nil {
			return err
		}
	}
	var list []slot
	for _, n := range numbers {
		if c.holder[n] != to {
			list = append(list, c.rec.slot(n))
			c.holder[n] = to
		}
	}
	if err := to.orders.send(command{Order: orderHold, Slots: list}); err != nil {
		return fmt.Errorf("give slots to %s: %w", to.place, err)
	}
	return nil
}

// heldBy returns the slots of a process.
func (c *cast) heldBy(p *process) []int {
	var out []int
	for n, h := range c.holder {
		if h == p {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// of returns the live processes of a release.
func (c *cast) of(release string) []*process {
	var out []*process
	for _, p := range c.live {
		if p.release == release {
			out = append(out, p)
		}
	}
	return out
}

// leave takes a process off stage that has ended or is about to.
func (c *cast) leave(p *process) {
	c.live = slices.DeleteFunc(c.live, func(q *process) bool { return q == p })
	for n, h := range c.holder {
		if h == p {
			delete(c.holder, n)
		}
	}
}

// stop ends a process in order.
func (c *cast) stop(ctx context.Context, p *process) error {
	c.leave(p)
	err := p.stop(ctx)
	if err != nil {
		p.kill()
	}
	return err
}

// kill ends a process with SIGKILL in the middle of a write, and returns the
// slots it held and how many writes were cut short.
func (c *cast) kill(ctx context.Context, p *process) (held []int, unknown int, err error) {
	held = c.heldBy(p)
	for !c.rec.inFlight(p) && ctx.Err() == nil {
		if err := p.breathe(ctx); err != nil {
			return nil, 0, err
		}
	}
	p.kill()
	c.leave(p)
	unknown, err = c.rec.bury(ctx, p)
	return held, unknown, err
}

// replace starts a process of a release in the place of another: the new one
// serves before the old one ends.
func (c *cast) replace(ctx context.Context, old *process, release string) error {
	p, err := c.start(ctx, release)
	if err != nil {
		return err
	}
	if err := c.give(ctx, p, c.heldBy(old)...); err != nil {
		return err
	}
	return c.stop(ctx, old)
}

// check returns an error if a process has ended that nobody stopped.
func (c *cast) check() error {
	for _, p := range c.live {
		select {
		case <-p.ended:
			return fmt.Errorf("%s: %w", p.place, p.failure())
		default:
		}
	}
	return nil
}

// clear ends everybody, in order if that is still possible.
func (c *cast) clear(ctx context.Context) error {
	life, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	var errs []error
	for _, p := range slices.Clone(c.live) {
		c.leave(p)
		if ctx.Err() != nil { // interrupted: nobody will judge
			p.kill()
			continue
		}
		if err := p.stop(life); err != nil {
			p.kill()
			_, buried := c.rec.bury(life, p)
			errs = append(errs, err, buried)
		}
	}
	return errors.Join(errs...)
}
