package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/underpin-db/underpin/internal/demo/history"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// part is what one process plays: a writer for every slot that it holds, and
// some readers.
type part struct {
	task  task
	users users
	out   *lines
	group sync.WaitGroup

	writes atomic.Uint64 // the number of the last write
	newest atomic.Uint64 // the highest key that was inserted here
	// recent are the keys that were written here last: a wrong read shows most
	// easily right behind a write.
	recent [16]atomic.Uint64

	mu    sync.Mutex
	held  map[int]*holding
	error error
}

// holding is a slot that is held, and its writer.
type holding struct {
	stop context.CancelFunc
	done chan struct{}
}

func newPart(t task, u users, out *lines) *part {
	p := &part{task: t, users: u, out: out, held: map[int]*holding{}}
	p.newest.Store(t.Table.Seeds)
	return p
}

// tell tells the parent. If that is impossible the parent is gone, and so are
// we in a moment.
func (p *part) tell(e event) {
	if err := p.out.send(e); err != nil {
		p.fail(err)
	}
}

func (p *part) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.error = errors.Join(p.error, err)
}

func (p *part) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.error
}

// hold starts the writer of a slot.
func (p *part) hold(ctx context.Context, s slot) {
	ctx, stop := context.WithCancel(ctx)
	h := &holding{stop, make(chan struct{})}
	p.held[s.Number] = h
	p.group.Go(func() {
		defer close(h.done)
		w := &writer{part: p, slot: s, random: rand.New(rand.NewPCG(uint64(clock()), uint64(s.Number)))}
		w.run(ctx)
	})
}

// release stops the writer of a slot; what it has begun is finished first.
func (p *part) release(number int) {
	if h := p.held[number]; h != nil {
		h.stop()
		<-h.done
		delete(p.held, number)
	}
}

// reader reads rows until ctx ends. A read that has begun is finished.
func (p *part) reader(ctx context.Context, number int) {
	random := rand.New(rand.NewPCG(uint64(clock()), uint64(number)))
	for pause(ctx, random, p.task.Load.ReadPause) {
		key := p.anyKey(random)
		if recent := p.recent[random.IntN(len(p.recent))].Load(); recent != 0 && random.IntN(3) == 0 {
			key = recent
		}
		began := clock()
		row, err := p.users.read(context.WithoutCancel(ctx), key)
		e := event{Kind: kindRead, Action: actionRead, Key: key, Began: began, At: clock(), Answer: answerDone,
			Value: row.Value, Mail: row.Mail, Visits: row.Visits}
		if err != nil {
			e.Answer, e.Error = answerFailed, err.Error()
		}
		p.tell(e)
	}
}

// anyKey returns a key to read: as a rule a hot one, at times any, at times one
// of the newest, which may not be there yet or not any more.
func (p *part) anyKey(r *rand.Rand) uint64 {
	switch n := r.IntN(100); {
	case n < 70:
		return p.task.Table.hot(r.IntN(p.task.Table.Hot))
	case n < 85:
		return 1 + r.Uint64N(p.task.Table.Seeds)
	}
	newest := p.newest.Load()
	return newest + 3 - min(newest, r.Uint64N(60))
}

// pause waits a while as people do, and reports whether to go on.
func pause(ctx context.Context, r *rand.Rand, micros int) bool {
	if micros == 0 {
		return ctx.Err() == nil
	}
	return mysqlx.Wait(ctx, time.Duration(micros/2+r.IntN(micros))*time.Microsecond) == nil
}

// writer writes on behalf of one slot, one request after the other.
type writer struct {
	part   *part
	slot   slot
	random *rand.Rand
}

func (w *writer) run(ctx context.Context) {
	life := context.WithoutCancel(ctx) // a request that has begun is finished
	for pause(ctx, w.random, w.part.task.Load.WritePause) {
		switch n := w.random.IntN(100); {
		case n < 45:
			w.rename(life)
		case n < 60:
			w.visit(life)
		case n < 72:
			w.save(life)
		case n < 82:
			w.mail(life)
		case n < 93:
			w.insert(life)
		default:
			w.remove(life)
		}
	}
}

// token returns a word that nobody writes a second time.
func (w *writer) token(number uint64) string {
	return fmt.Sprintf("%s-%d", w.part.task.Place, number)
}

// name returns a name in the shape that the release writes.
func (w *writer) name(token string) history.Value {
	if w.part.task.Release == releaseNew {
		return targetName(w.random, token)
	}
	return sourceName(w.random, token)
}

// request tells that a write is about to be sent, sends it, and tells how it
// ended. send may fill in what it learned.
func (w *writer) request(e event, send func(e *event) error) answer {
	e.Kind, e.Slot, e.At = kindBegin, w.slot.Number, clock()
	w.part.tell(e)
	end := event{Kind: kindEnd, Number: e.Number, Key: e.Key}
	err := send(&end)
	end.At, end.Answer = clock(), answerTo(err)
	if err != nil && end.Answer != answerMissed {
		end.Error = err.Error()
	}
	w.part.tell(end)
	if end.Key != 0 {
		w.part.recent[end.Number%uint64(len(w.part.recent))].Store(end.Key)
	}
	return end.Answer
}

// ownKey returns a key whose name is ours to write.
func (w *writer) ownKey() uint64 {
	if n := len(w.slot.Inserted); n > 0 && w.random.IntN(4) == 0 {
		return w.slot.Inserted[w.random.IntN(n)]
	}
	return w.part.task.Table.hot(w.part.task.Table.hotOf(w.slot.Number, int(w.random.Int32())))
}

func (w *writer) rename(ctx context.Context) {
	number := w.part.writes.Add(1)
	e := event{Number: number, Action: actionRename, Key: w.ownKey(), Value: w.name(w.token(number))}
	w.request(e, func(*event) error { return w.part.users.rename(ctx, e.Key, e.Value) })
}

func (w *writer) mail(ctx context.Context) {
	number := w.part.writes.Add(1)
	l := w.part.task.Table
	e := event{Number: number, Action: actionMail, Mail: w.token(number) + "@example.com",
		Key: l.hot(l.mailOf(w.slot.Number, int(w.random.Int32())))}
	w.request(e, func(*event) error { return w.part.users.mail(ctx, e.Key, e.Mail) })
}

func (w *writer) visit(ctx context.Context) {
	e := event{Number: w.part.writes.Add(1), Action: actionVisit, Key: w.part.anyKey(w.random)}
	w.request(e, func(*event) error { return w.part.users.visit(ctx, e.Key) })
}

func (w *writer) save(ctx context.Context) {
	e := event{Number: w.part.writes.Add(1), Action: actionSave, Key: w.part.anyKey(w.random)}
	w.request(e, func(end *event) (err error) {
		end.Value, err = w.part.users.save(ctx, e.Key)
		return err
	})
}

// maxInserted bounds how many rows a slot keeps in mind.
const maxInserted = 200

func (w *writer) insert(ctx context.Context) {
	number := w.part.writes.Add(1)
	token := w.token(number)
	e := event{Number: number, Action: actionInsert, Mail: token + "@example.com", Value: w.name(token)}
	var key uint64
	done := w.request(e, func(end *event) (err error) {
		key, err = w.part.users.insert(ctx, e.Value, e.Mail)
		end.Key = key
		return err
	})
	if done != answerDone {
		return
	}
	for newest := w.part.newest.Load(); key > newest; newest = w.part.newest.Load() {
		w.part.newest.CompareAndSwap(newest, key)
	}
	if len(w.slot.Inserted) < maxInserted {
		w.slot.Inserted = append(w.slot.Inserted, key)
	}
}

// remove deletes a row that was inserted on behalf of the slot, or a seeded row
// outside the hot ones, which may be gone already.
func (w *writer) remove(ctx context.Context) {
	key, ok := w.part.task.Table.coldOf(w.slot.Number, w.random.Uint64())
	if n := len(w.slot.Inserted); n > 5 && w.random.IntN(8) > 0 {
		i := w.random.IntN(n)
		key, ok = w.slot.Inserted[i], true
		w.slot.Inserted = slices.Delete(w.slot.Inserted, i, i+1)
	}
	if !ok {
		return
	}
	e := event{Number: w.part.writes.Add(1), Action: actionDelete, Key: key}
	w.request(e, func(*event) error { return w.part.users.remove(ctx, e.Key) })
}
