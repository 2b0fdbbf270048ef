package querykiller_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/underpin-db/underpin/querykiller"
)

// The simulated server has the times and the faults of a real one and a clock of
// its own, so that many thousand schedules run in a minute. What may be killed is
// written down by whoever makes a session, and not derived from the rules: the
// world is the judge of the killer.
const (
	simBudget     = 600 * time.Millisecond  // of a statement
	simIdleBudget = 900 * time.Millisecond  // of sleeping in a transaction
	simLength     = 2000 * time.Millisecond // of a schedule
	simInterval   = 200 * time.Millisecond
	simEscalate   = 300 * time.Millisecond
	simFactor     = 0.5 // under overload
	simCalm       = 300 * time.Millisecond
	// simBound is how long past its budget a statement may live: the killer
	// polls when a budget runs out, so it is less than the interval.
	simBound = 80 * time.Millisecond
	// simAhead is how long before its time a kill may be sent.
	simAhead = simBudget / 2
	// simRound is the longest that one more poll can take.
	simRound = simInterval + simBound
)

// activity is a statement that runs, or the idling after one.
type activity struct {
	querykiller.Session                           // as a poll shows it, but for ages
	began, ends         time.Duration             // by the world's clock
	inTransaction       bool                      //
	may                 time.Duration             // the age from which it may be killed; 0 is never
	deaf                bool                      // to KILL QUERY
	killed              time.Duration             // when it was first; 0 if it was not
	act                 querykiller.Act           // the strongest so far
	patience            time.Duration             // allowed beyond the bound: answers that were lost
	next                func(*rand.Rand) activity // what the same session does next, if it is fixed
}

// client is a session and who is behind it.
type client struct {
	id, thread uint64
	role       func(*rand.Rand) activity
	now        activity
	since      time.Duration // of the open transaction
}

// world is a server with its clients. It is one goroutine's.
type world struct {
	rng     *rand.Rand
	clock   time.Duration
	stop    context.CancelFunc
	boot    int
	polled  int // the run that the last poll saw
	clients []*client
	ids     uint64
	events  uint64
	threads uint64
	kills   int // statements that were killed
	// The schedule's troubles: restart, and spans in which polls fail and in
	// which the server is overloaded.
	restart            time.Duration
	crowd              [2]time.Duration
	outages            [][2]time.Duration
	flavour            querykiller.Flavour
	slip               slip
	violations         []string
	late, early, wrong int
	afterBudget        time.Duration // the latest kill
}

// slip is a fault planted into the simulated server, to see that it is noticed.
type slip string

const (
	slipNone      slip = ""
	slipNoRecheck slip = "kills whatever runs"
	slipEarly     slip = "tells ages that are too long"
	slipImpatient slip = "kills before the time that it was given"
	slipDead      slip = "says that it kills and does not"
	slipRestart   slip = "kills after a restart on an older poll"
)

var simEpoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (w *world) Now() time.Time { return simEpoch.Add(w.clock) }

func (w *world) Wait(ctx context.Context, d time.Duration) error {
	w.advance(d)
	return ctx.Err()
}

// within returns a random duration.
func within(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(d) + 1))
}

// advance lets time go by.
func (w *world) advance(d time.Duration) {
	to := w.clock + d
	if w.restart > 0 && w.restart <= to {
		w.run(w.restart)
		w.reboot()
	}
	w.run(to)
	if w.clock >= simLength {
		w.stop()
	}
}

// run moves every client on to the moment.
func (w *world) run(to time.Duration) {
	w.clock = to
	for _, c := range w.clients {
		for c.now.ends <= to {
			w.finish(c, c.now.ends)
			w.follow(c, c.now.ends)
		}
	}
}

// follow begins what the client does next.
func (w *world) follow(c *client, at time.Duration) {
	last := c.now
	next := c.role
	if last.next != nil {
		next = last.next
	}
	if last.act == querykiller.ActConnection { // the pool opens another one
		w.connect(c)
		last, next = activity{}, c.role
	}
	c.now = next(w.rng)
	c.now.began, c.now.ends = at, at+c.now.ends
	id := last.Statement
	if c.now.Command != "Sleep" || !id.Known() {
		w.events++
		id = querykiller.StatementID{Session: c.id, Thread: c.thread, Event: w.events}
		if w.flavour == querykiller.MariaDB {
			id = querykiller.StatementID{Session: c.id, Query: w.events}
		}
	}
	id.Idle = c.now.Command == "Sleep"
	c.now.ID, c.now.Statement = c.id, id
	switch {
	case !c.now.inTransaction:
		c.since = 0
	case c.since == 0:
		c.since = at
	}
}

// connect gives the client a session.
func (w *world) connect(c *client) {
	w.ids++
	w.threads++
	c.id, c.thread = w.ids, w.threads
}

// reboot ends every session; the ids begin anew, so that identities repeat.
func (w *world) reboot() {
	for _, c := range w.clients {
		w.finish(c, w.clock)
	}
	w.restart, w.ids, w.events, w.threads = 0, 0, 0, 0
	w.boot++
	for _, c := range w.clients {
		c.now = activity{}
		w.connect(c)
		w.follow(c, w.clock)
	}
}

// finish checks that what ends was ended in time, if it had to be.
func (w *world) finish(c *client, at time.Duration) {
	a := &c.now
	if a.may == 0 {
		return
	}
	due := a.began + a.may + a.patience + simBound
	until := at
	if a.killed > 0 {
		until = a.killed
		w.afterBudget = max(w.afterBudget, a.killed-a.began-a.may)
	}
	due += w.blind(a.began, until)
	until = min(until, simLength) // then the killer is stopped
	if until > due {
		w.late++
		w.violate("late", c, fmt.Sprintf("lived until %s past %s", until-a.began, due-a.began))
	}
	at = min(at, simLength)
	if a.deaf && a.killed > 0 && a.act != querykiller.ActConnection && at > a.killed+simEscalate+simRound+a.patience+w.blind(a.killed, at) {
		w.late++
		w.violate("late", c, "was not escalated")
	}
}

// blind returns how long the killer may not have been able to poll in a span: the
// polls that failed, and as much as it may wait after each until it tries again.
func (w *world) blind(from, to time.Duration) time.Duration {
	var sum time.Duration
	for _, o := range w.outages {
		if o[0] < to && o[1]+time.Second > from {
			sum += o[1] - o[0] + time.Second + simRound
		}
	}
	return sum
}

func (w *world) violate(what string, c *client, why string) {
	w.violations = append(w.violations, fmt.Sprintf("%s at %s: session %d (%s, %s %q): %s",
		what, w.clock, c.id, c.now.User, c.now.Command, c.now.Text, why))
}

// Poll implements querykiller.Server.
func (w *world) Poll(context.Context) (*querykiller.Snapshot, error) {
	w.advance(within(w.rng, 4*time.Millisecond))
	for _, o := range w.outages {
		if w.clock >= o[0] && w.clock < o[1] {
			return nil, errors.New("connection refused")
		}
	}
	if w.rng.IntN(200) == 0 {
		w.outages = append(w.outages, [2]time.Duration{w.clock, w.clock + 1})
		return nil, errors.New("invalid connection")
	}
	s := &querykiller.Snapshot{At: w.Now(), Flavour: w.flavour, Boot: strconv.Itoa(w.boot), Load: w.load()}
	s.Sessions = make([]querykiller.Session, 0, len(w.clients)+1)
	for _, c := range w.clients {
		one := c.now.Session
		one.Age = w.told(c)
		if c.since > 0 {
			one.Transaction = w.clock - c.since
		}
		if c.now.killed > 0 && w.flavour == querykiller.MariaDB {
			one.Command = "Killed"
		}
		s.Sessions = append(s.Sessions, one)
	}
	w.polled = w.boot
	w.advance(within(w.rng, 4*time.Millisecond))
	return s, nil
}

// load is high in the crowded span.
func (w *world) load() querykiller.Load {
	l := querykiller.Load{ThreadsRunning: 3, Connections: len(w.clients), MaxConnections: 100}
	if w.clock >= w.crowd[0] && w.clock < w.crowd[1] {
		l.ThreadsRunning = 90
	}
	return l
}

// Renew implements querykiller.Server: nothing is remembered here.
func (w *world) Renew() {}

// Close implements querykiller.Server.
func (w *world) Close() error { return nil }

// Kill implements querykiller.Server: in any order that the ages allow, one after
// the other.
func (w *world) Kill(_ context.Context, victims []querykiller.Victim) []querykiller.Killing {
	out := make([]querykiller.Killing, len(victims))
	order := w.rng.Perm(len(victims))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(victims[a].Wait, victims[b].Wait) })
	for _, i := range order {
		v := victims[i]
		if c := w.find(v.Statement.Session); w.slip != slipImpatient && w.polled == w.boot && c != nil && c.now.Statement == v.Statement {
			w.advance(max(v.Age-w.told(c), 0))
		}
		out[i] = querykiller.Killing{Result: querykiller.Uncertain, Err: querykiller.ErrStale}
		if !w.Now().After(v.Before) {
			out[i] = w.kill(v.Statement, v.Act)
		}
	}
	return out
}

// told is how old the server says that the client's statement is.
func (w *world) told(c *client) time.Duration {
	age := w.clock - c.now.began
	if w.slip == slipEarly {
		age += 150 * time.Millisecond
	}
	return age
}

func (w *world) kill(id querykiller.StatementID, act querykiller.Act) querykiller.Killing {
	w.advance(within(w.rng, 3*time.Millisecond))
	gone := querykiller.Killing{Result: querykiller.Gone}
	c := w.find(id.Session)
	same := c != nil && c.now.Statement == id
	if w.slip != slipRestart && w.slip != slipNoRecheck {
		same = same && w.polled == w.boot
	}
	if w.slip == slipNoRecheck {
		same = c != nil
	}
	if !same {
		return gone
	}
	age := w.told(c)
	lost := w.rng.IntN(50) == 0
	if lost { // when it was killed is then known to the end of the call only
		c.now.patience += simRound + simAhead
	}
	if w.slip != slipDead && (!lost || w.rng.IntN(2) == 0) {
		w.end(c, act)
	}
	w.advance(within(w.rng, time.Millisecond))
	if lost {
		return querykiller.Killing{Err: errors.New("the connection broke")}
	}
	return querykiller.Killing{Result: querykiller.Killed, Age: age}
}

func (w *world) find(id uint64) *client {
	for _, c := range w.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

// end carries a kill out on whatever the session does now, and judges it.
func (w *world) end(c *client, act querykiller.Act) {
	a := &c.now
	idle := a.Command == "Sleep"
	if idle && act == querykiller.ActQuery {
		return
	}
	allowed := a.may
	if w.clock >= w.crowd[0] && w.clock < w.crowd[1]+simCalm+2*simRound+simAhead {
		allowed = time.Duration(float64(allowed) * simFactor)
	}
	switch age := w.clock - a.began; {
	case a.may == 0:
		w.wrong++
		w.violate("innocent", c, "was killed")
	case age < allowed:
		w.early++
		w.violate("early", c, fmt.Sprintf("was killed at %s of %s", age, allowed))
	}
	if a.killed == 0 {
		w.kills++
		a.killed = w.clock
	}
	a.act = act
	if a.deaf && act == querykiller.ActQuery {
		return
	}
	dies := w.clock + within(w.rng, 20*time.Millisecond)
	if idle {
		dies = w.clock
	}
	if a.RowsModified > 1000 {
		a.RollingBack = querykiller.Yes
		dies += time.Duration(a.RowsModified) * 20 * time.Microsecond
	}
	a.ends = min(max(dies, w.clock+1), max(a.ends, w.clock+1))
}
