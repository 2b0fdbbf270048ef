package explore

import "github.com/underpin-db/underpin/migrate"

// state is everything, at one moment. It is small and comparable, and holds no
// epoch: what an instance has of an older epoch is a flag, so that the states
// are finite and a run explores any number of steps forward and back.
type state struct {
	source      sourceValue
	target      targetValue
	truth       write
	sourceThere bool
	targetThere bool

	// setting is the index of the control row's setting in model.settings.
	setting uint8
	// approved is 1 + the edge whose guards were looked at too early: only
	// without GuardedRecord.
	approved uint8
	// copied and verified are what this visit to a phase has found out.
	copied   bool
	verified bool
	worker   worker

	stranger stranger
	view     view
	damaged  bool
	// inside says that the key is in the share read from the target at a
	// partial ramp; it is sticky.
	inside bool
	// wrongReader says that release r1 misreads the target.
	wrongReader bool

	clients [3]client
}

// stranger is a connection of code without the library.
type stranger uint8

const (
	noStranger stranger = iota
	// newcomer has come and done nothing yet.
	newcomer
	// acting reads and writes: it came while that was allowed, or a check for
	// strangers has been passed with it in the house.
	acting
)

// view is an element of the schema, other than the change's, that names the
// source.
type view uint8

const (
	noView view = iota
	// trusted was created while the source was authoritative.
	trusted
	// late was created on a source that had been given up already: its author
	// reads old data, but must not be left with a broken view.
	late
)

// worker is a worker of the backfill that has claimed the key and not written
// yet.
type worker struct {
	work workerState
	// stale: the visit to the phase that started it is over.
	stale bool
	rule  uint8
	// got is what it has read: only without LockedBackfill.
	got sourceValue
}

type workerState uint8

const (
	noWorker workerState = iota
	copying
	reversing
)

// life is the state of an instance.
type life uint8

const (
	stopped life = iota
	live
	// paused: stopped by the operating system, its lease still stands.
	paused
	// expired: paused, and the controller no longer counts it.
	expired
	// lapsed: awake again after it expired.
	lapsed
)

// doing is what an instance has in flight.
type doing uint8

const (
	nothing doing = iota
	readingSource
	readingTarget
	readingOrCopying
	fillingIn // has read the source without lock: only without LockedCopy
	writing
	owingMirror // has committed its own shape: only without AtomicMirror
	ahead       // has written its own shape, without the fence so far: only with LateFences
	riding      // has then taken the fence and mirrored, and not committed
)

// client is one instance of the application.
type client struct {
	life  life
	doing doing
	// reads is what the setting that it has adopted says about the key.
	reads doing
	// current: it has acknowledged the present epoch.
	current bool
	// old: its read in flight was begun under an older epoch.
	old bool
	// under is the setting that its write goes by: only without Fence or
	// LateFenceObeyed, for with them that is the present one.
	under uint8
	// valid is what its read in flight may return: the values that were
	// current at some moment since it began.
	valid values
	got   sourceValue
}

func (c client) counted() bool { return c.life == live || c.life == paused }
func (c client) awake() bool   { return c.life == live || c.life == lapsed }

func (c client) reading() bool {
	return c.doing >= readingSource && c.doing <= fillingIn
}

// kind is the kind of an action.
type kind uint8

// action is one atomic step, as little of it as a trace needs.
type action struct {
	kind  kind
	who   uint8
	value uint8
}

const (
	joins kind = iota
	stops
	pauses
	wakes
	expires
	adopts
	beginsRead
	reads
	copies
	refusesRead
	beginsWrite
	writesAhead
	takesFence
	commits
	deletes
	touches
	rollsBack
	mirrors
	refusedByFence
	retries
	transition
	ramps
	looksAtGuards
	worksExpand
	worksDrop
	worksContract
	claims
	reconciles
	workerDies
	verifies
	strangerComes
	strangerGoes
	strangerWrites
	strangerReads
	viewCreated
	viewDropped
	viewRead
	damages
)

// record makes w the last committed write, and current for the reads in
// flight. A write that leaves the value as it was is no news: the other shape
// keeps what it had.
func (m *model) record(s *state, w write) {
	if s.truth.leftAsItWas(w) {
		return
	}
	s.truth = w
	for i := range s.clients {
		if c := &s.clients[i]; c.reading() {
			c.valid |= m.explained(*s, c.doing)
		}
	}
}

// leftAsItWas says whether the later write w, made in the other shape, writes
// what that shape says anyhow.
func (w write) leftAsItWas(later write) bool {
	if w.inTarget == later.inTarget {
		return w == later
	}
	if later.inTarget {
		return forward(w.source) == later.target
	}
	back, ok := backward(w.target)
	return ok && back == later.source
}

// explained returns what a read may return in the state.
func (m *model) explained(s state, d doing) values {
	if d == readingSource {
		return s.truth.inSource(m.config.Judgement)
	}
	return s.truth.inTargetShape(m.config.Judgement)
}

// stepper returns the rule of a setting.
func (m *model) stepper(setting uint8) stepper {
	return stepper{rule: m.settings[setting].Rule, blankCounts: m.off.without(MapUnmapped)}
}

// phase returns where the change stands.
func (m *model) phase(s state) migrate.Phase { return m.settings[s.setting].Phase }
