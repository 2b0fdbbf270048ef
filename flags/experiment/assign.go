package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/internal/control"
)

// Unit is who takes part: a user, an account, a device.
type Unit struct {
	// Key identifies the unit for ever, in 1 to 255 bytes. It is compared byte by
	// byte.
	Key string
	// Attributes may hold the experiment's segments; others are not recorded.
	Attributes map[string]string
}

// Standing says where a branch comes from.
type Standing string

// The standings.
const (
	// Stored: the branch is in the table, for good.
	Stored Standing = "stored"
	// Drawn: the branch is the hash's; the table has not answered yet.
	Drawn Standing = "drawn"
	// Outside: the unit takes no part. There is no branch.
	Outside Standing = "outside"
	// NotRunning: no experiment of that name runs. There is no branch.
	NotRunning Standing = "not running"
)

// Assignment is a unit's branch.
type Assignment struct {
	Experiment string
	Branch     string // empty where the unit takes no part
	Standing   Standing
}

// Errors of an assignment.
var (
	// ErrNotStored says that the branch could not be made permanent: the one
	// returned with it is the hash's. It wraps why.
	ErrNotStored = errors.New("the assignment was not stored")
	// ErrNotReadBack says that rows which have been stored are not seen: the pool's
	// reads go to another server than its writes.
	ErrNotReadBack = control.ErrNotReadBack
	// ErrNoAutocommit says that the pool's statements do not commit by themselves.
	ErrNoAutocommit = control.ErrNoAutocommit
	// ErrUnit says that a key is empty or longer than [MaxUnit].
	ErrUnit = errors.New("the key of a unit has 1 to 255 bytes")
)

// Assign returns the unit's permanent branch. At the unit's first exposure it
// waits until the branch is stored; afterwards, in the same process, it answers
// from memory. Call it where the unit is about to see the branch: the call is
// the exposure. Many calls at once share statements.
//
// A unit that takes no part, and an experiment that does not run, are no errors:
// the branch is empty then. If the branch could not be stored, or ctx has ended,
// the error is [ErrNotStored] and the branch the hash's, which is right unless
// the shares have changed.
func (c *Client) Assign(ctx context.Context, experiment string, unit Unit) (Assignment, error) {
	if len(unit.Key) == 0 || len(unit.Key) > MaxUnit {
		return Assignment{experiment, "", Outside}, ErrUnit
	}
	e, a := c.draw(c.now.Load().byName[experiment], experiment, unit.Key)
	if e == nil {
		return a, nil
	}
	at := member{e.id, unit.Key}
	if r, ok := c.memory.get(at); ok && r.stored {
		return Assignment{experiment, r.branch, Stored}, nil
	}
	r := newRequest(e, unit, a.Branch)
	r.answer = make(chan answer, 1)
	if err := c.queue(ctx, r); err != nil {
		return a, fmt.Errorf("%w: %w", ErrNotStored, err)
	}
	select {
	case got := <-r.answer:
		return got.of(a)
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) { // the writer will know that the hash's was shown
			return a, fmt.Errorf("%w: %w", ErrNotStored, context.Cause(ctx))
		}
		return (<-r.answer).of(a)
	}
}

// Expose returns the unit's branch at once and stores the first exposure in the
// background: from memory what is stored, else the hash's branch. It never waits
// for the database. If the queue is full the exposure is dropped and counted; the
// unit's next one is another chance.
func (c *Client) Expose(experiment string, unit Unit) Assignment {
	e := c.now.Load().byName[experiment]
	a, met := c.meet(e, experiment, unit.Key)
	if met == metFirst {
		c.record(newRequest(e, unit, a.Branch))
	}
	return a
}

var _ flags.Assigner = (*Client)(nil)

// Assigns implements [flags.Assigner]: it reports whether an experiment runs on
// the flag.
func (c *Client) Assigns(flag string) bool { return len(c.now.Load().byFlag[flag]) > 0 }

// Variant implements [flags.Assigner]: it returns the branch of a target that
// takes part in an experiment on the flag, and exposes it as Expose does. The
// target's key is the unit's, and the text of its attributes that of the
// segments. A target that the process has met costs no allocation.
func (c *Client) Variant(flag string, t flags.Target) (variant string, ok bool) {
	for _, e := range c.now.Load().byFlag[flag] {
		a, met := c.meet(e, e.name, t.Key())
		if met == metFirst {
			c.record(newRequest(e, unitOf(t, e.segments), a.Branch))
		}
		if a.Branch != "" {
			return a.Branch, true
		}
	}
	return "", false
}

// unitOf is the unit that a target is, with what an experiment records of it.
func unitOf(t flags.Target, segments []string) Unit {
	u := Unit{Key: t.Key(), Attributes: make(map[string]string, len(segments))}
	for _, name := range segments {
		if text, ok := t.Text(name); ok {
			u.Attributes[name] = text
		}
	}
	return u
}

// meeting says whether this process has met a unit in an experiment.
type meeting uint8

const (
	metBefore meeting = iota // or it takes no part: there is nothing to record
	metFirst
)

// meet returns the unit's branch from memory, else the hash's, which it keeps.
func (c *Client) meet(e *running, experiment, key string) (Assignment, meeting) {
	if len(key) == 0 || len(key) > MaxUnit {
		return Assignment{experiment, "", Outside}, metBefore
	}
	e, a := c.draw(e, experiment, key)
	if e == nil {
		return a, metBefore
	}
	at := member{e.id, key}
	r, known := c.memory.get(at)
	if !known {
		r, known = c.memory.add(at, remembered{branch: a.Branch})
	}
	if r.stored {
		a.Standing = Stored
	}
	a.Branch = r.branch
	if known {
		return a, metBefore
	}
	return a, metFirst
}

// record queues a first exposure, or drops and counts it.
func (c *Client) record(r *request) {
	if !c.offer(r) {
		c.memory.forget(member{r.experiment.id, r.unit})
		c.counts.droppedExposures.Add(1)
	}
}

// draw returns the unit's branch by hash; no experiment where it has none.
func (c *Client) draw(e *running, name, key string) (*running, Assignment) {
	if e == nil {
		return nil, Assignment{name, "", NotRunning}
	}
	branch := e.drawer.draw(key)
	if branch == "" {
		return nil, Assignment{name, "", Outside}
	}
	return e, Assignment{name, branch, Drawn}
}

// request is a first exposure on its way to the table.
type request struct {
	experiment *running
	unit       string
	branch     string // the hash's
	segments   string // JSON
	at         time.Time
	// answer is where somebody waits; nil where nobody does and the hash's branch
	// has been shown.
	answer chan answer
	// taken is set by whoever is first: the writer that answers, or the caller who
	// gives up and goes by the hash.
	taken atomic.Bool
}

// answer is what became of a request.
type answer struct {
	branch string
	err    error
}

func (a answer) of(drawn Assignment) (Assignment, error) {
	if a.err != nil {
		return drawn, fmt.Errorf("%w: %w", ErrNotStored, a.err)
	}
	return Assignment{drawn.Experiment, a.branch, Stored}, nil
}

func newRequest(e *running, unit Unit, branch string) *request {
	return &request{experiment: e, unit: unit.Key, branch: branch, segments: segmentsOf(e.segments, unit.Attributes), at: time.Now()}
}

// segmentsOf is the part of the attributes that is recorded, as a JSON object.
// What is not valid UTF-8 is replaced, and what is too long is cut.
func segmentsOf(names []string, attributes map[string]string) string {
	kept := map[string]string{}
	for _, name := range names {
		value, ok := attributes[name]
		if !ok {
			continue
		}
		for len(value) > MaxSegment {
			_, n := utf8.DecodeLastRuneInString(value)
			value = value[:len(value)-n]
		}
		kept[name] = value
	}
	text, err := json.Marshal(kept)
	if err != nil { // strings can always be encoded
		return "{}"
	}
	return string(text)
}

// queue adds a request, and waits for room as long as ctx lets it.
func (c *Client) queue(ctx context.Context, r *request) error {
	c.closing.RLock()
	defer c.closing.RUnlock()
	if c.closed {
		return ErrClosed
	}
	select {
	case c.exposures <- r:
		return nil
	case <-c.leaving:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// offer adds a request if there is room.
func (c *Client) offer(r *request) bool {
	c.closing.RLock()
	defer c.closing.RUnlock()
	if c.closed {
		return false
	}
	select {
	case c.exposures <- r:
		return true
	default:
		return false
	}
}
