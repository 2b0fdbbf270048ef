package demo

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/demo/history"
)

// recorder hears what the processes of the application tell and writes the book
// from it.
type recorder struct {
	admin *sql.DB

	mu       sync.Mutex
	book     *history.Book
	pending  map[*process]map[uint64]event
	inserted map[int]map[uint64]bool // by slot: rows that are there for certain
	errors   []string
	failed   uint64 // requests that a user would have seen fail
	longest  operation
	tempo    tempo
}

// operation is one request that succeeded.
type operation struct {
	by   string
	what action
	key  uint64
	at   int64
	took time.Duration
}

func (o operation) String() string {
	return fmt.Sprintf("%s of row %d by %s", o.what, o.key, o.by)
}

func newRecorder(admin *sql.DB, seeds uint64) *recorder {
	return &recorder{
		admin: admin, book: history.NewBook(seeds, seedRow), pending: map[*process]map[uint64]event{},
		inserted: map[int]map[uint64]bool{}, tempo: tempo{start: clock()},
	}
}

// hear takes a line of a process of the application.
func (r *recorder) hear(p *process, line []byte) {
	e, ok := decode(line)
	if !ok {
		if !p.wasKilled() {
			r.complain(fmt.Sprintf("%s told something that is no event: %.200q", p.place, line))
		}
		return
	}
	r.record(p, e)
	p.note(e)
}

func (r *recorder) complain(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	if len(r.errors) < maxExamples {
		r.errors = append(r.errors, text)
	}
}

// maxExamples bounds how many examples of a kind of trouble are shown.
const maxExamples = 10

func (r *recorder) record(p *process, e event) {
	switch e.Kind {
	case kindBegin:
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.pending[p] == nil {
			r.pending[p] = map[uint64]event{}
		}
		r.pending[p][e.Number] = e
	case kindEnd:
		r.end(p, e)
	case kindRead:
		r.read(p, e)
	}
}

// end records a write whose answer arrived.
func (r *recorder) end(p *process, e event) {
	r.mu.Lock()
	begun, ok := r.pending[p][e.Number]
	delete(r.pending[p], e.Number)
	r.mu.Unlock()
	if !ok {
		r.complain(fmt.Sprintf("%s ended write %d, which it had not begun", p.place, e.Number))
		return
	}
	span := history.Span{Begin: begun.At, End: e.At, By: p.place}
	if e.Error != "" {
		r.complain(fmt.Sprintf("%s: %s of row %d: %s", p.place, begun.Action, begun.Key, e.Error))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Answer {
	case answerDone:
		r.succeeded(p, begun.Action, e.Key, span)
		r.write(begun, e.Key, span, history.Acknowledged)
		if begun.Action == actionSave {
			r.book.Glimpse(e.Key, span, e.Value)
		}
	case answerMissed:
		r.book.Glimpse(e.Key, span, history.Value{})
	case answerUnknown:
		span.End = history.Never
		r.write(begun, e.Key, span, history.Unknown)
	}
}

// write records what a write did. r.mu is held.
func (r *recorder) write(e event, key uint64, s history.Span, o history.Outcome) {
	switch e.Action {
	case actionInsert:
		r.book.Insert(key, s, o, history.Row{Value: e.Value, Mail: e.Mail})
	case actionRename:
		r.book.Rename(key, s, o, e.Value)
	case actionDelete:
		r.book.Rename(key, s, o, history.Value{})
	case actionMail:
		r.book.Mail(key, s, o, e.Mail)
	case actionVisit, actionSave:
		r.book.Visit(key, s, o)
	}
	mine := r.inserted[e.Slot]
	switch {
	case e.Action == actionDelete:
		delete(mine, key)
	case e.Action == actionInsert && o == history.Acknowledged && len(mine) < maxInserted:
		if mine == nil {
			mine = map[uint64]bool{}
			r.inserted[e.Slot] = mine
		}
		mine[key] = true
	}
}

func (r *recorder) read(p *process, e event) {
	if e.Error != "" {
		r.complain(fmt.Sprintf("%s: read of row %d: %s", p.place, e.Key, e.Error))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	span := history.Span{Begin: e.Began, End: e.At, By: p.place}
	r.succeeded(p, actionRead, e.Key, span)
	r.book.Read(e.Key, span, history.Row{Value: e.Value, Mail: e.Mail, Visits: e.Visits})
}

// succeeded counts a request that was answered. r.mu is held.
func (r *recorder) succeeded(p *process, what action, key uint64, s history.Span) {
	r.tempo.add(s.End)
	if took := time.Duration(s.End - s.Begin); took > r.longest.took {
		r.longest = operation{by: p.place, what: what, key: key, at: s.End, took: took}
	}
}

// slot returns a slot with its rows, to be handed to its next holder.
func (r *recorder) slot(number int) slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := slot{Number: number}
	for key := range r.inserted[number] {
		s.Inserted = append(s.Inserted, key)
	}
	slices.Sort(s.Inserted)
	return s
}

// inFlight reports whether a process is in the middle of a write.
func (r *recorder) inFlight(p *process) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pending[p]) > 0
}

const lockUser = `/* underpin demo */
SELECT COUNT(*)
FROM users
WHERE id = ?
FOR UPDATE`

// bury records the writes that a killed process was in the middle of: each may
// have taken effect or not. A COMMIT that the server had received holds the lock
// of its row until it is done, so once we have had that lock ourselves nothing
// can come any more.
func (r *recorder) bury(ctx context.Context, p *process) (unknown int, err error) {
	r.mu.Lock()
	left := r.pending[p]
	delete(r.pending, p)
	r.mu.Unlock()
	for _, e := range left {
		span := history.Span{Begin: e.At, End: history.Never, By: p.place + " (killed)"}
		// Statements that commit by themselves, as a visit may, hold nothing
		// before they run; but nothing is ever ordered after a visit either.
		if e.Key != 0 && e.Action != actionVisit {
			var n int
			if err := r.admin.QueryRowContext(ctx, lockUser, e.Key).Scan(&n); err != nil {
				return 0, fmt.Errorf("settle row %d, which %s was writing: %w", e.Key, p.place, err)
			}
			span.End = clock()
		}
		r.mu.Lock()
		r.write(e, e.Key, span, history.Unknown)
		r.mu.Unlock()
	}
	return len(left), nil
}
