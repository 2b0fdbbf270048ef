package history

import (
	"fmt"
	"slices"
)

// Row is everything a read returns.
type Row struct {
	Value  Value
	Mail   string
	Visits uint64
	// Stamp is when the row was last written, in seconds, as the table says.
	// It is looked at in rows that nobody wrote.
	Stamp int64
}

// Book holds the history of every row that anybody wrote or read. It is not
// safe for concurrent use.
type Book struct {
	// Zero is the time from which messages count.
	Zero int64

	seed  func(key uint64) Row
	seeds uint64
	rows  map[uint64]*row
	// nameless are inserts whose key nobody was told.
	nameless []nameless
	counts   Counts
}

// Counts is how much a book holds.
type Counts struct {
	Acknowledged uint64 // writes
	Unknown      uint64 // writes
	Reads        uint64
}

// row is the history of one row.
type row struct {
	names  register[Value]
	mails  register[string]
	visits counter
	// written is set once anybody but the seed has written.
	written bool
	// seeded says that the table began with it, inserted that an insert with
	// this key is known.
	seeded, inserted bool
}

type nameless struct {
	span Span
	row  Row
}

// NewBook returns a book for a table that begins with the rows 1 to seeds,
// which hold what seed says.
func NewBook(seeds uint64, seed func(key uint64) Row) *Book {
	return &Book{seed: seed, seeds: seeds, rows: map[uint64]*row{}}
}

// Counts returns how much the book holds.
func (b *Book) Counts() Counts { return b.counts }

// row returns the history of a key, which begins with its seed or with no row.
func (b *Book) row(key uint64) *row {
	if r := b.rows[key]; r != nil {
		return r
	}
	r := &row{}
	var s Row
	if key >= 1 && key <= b.seeds {
		s, r.seeded = b.seed(key), true
	}
	origin := Span{Begin: Start, End: Start, By: "seed"}
	r.names.write(origin, Acknowledged, s.Value)
	r.mails.write(origin, Acknowledged, s.Mail)
	r.visits.base = s.Visits
	b.rows[key] = r
	return r
}

// written returns the history of a key that is being written.
func (b *Book) written(key uint64, outcome Outcome) *row {
	if outcome == Acknowledged {
		b.counts.Acknowledged++
	} else {
		b.counts.Unknown++
	}
	r := b.row(key)
	r.written = true
	return r
}

// Insert records that a row was inserted. Key 0 says that the key never became
// known, because the process was killed before it learned it.
func (b *Book) Insert(key uint64, s Span, o Outcome, v Row) {
	if key == 0 {
		b.counts.Unknown++
		b.nameless = append(b.nameless, nameless{s, v})
		return
	}
	b.written(key, o).insert(s, o, v)
}

func (r *row) insert(s Span, o Outcome, v Row) {
	r.written, r.inserted = true, true
	r.names.write(s, o, v.Value)
	r.mails.write(s, o, v.Mail)
}

// Rename records a write of the name; the zero Value is a delete. Like the next
// two it met a row if it was acknowledged: see [Book.Glimpse] for one that did
// not.
func (b *Book) Rename(key uint64, s Span, o Outcome, v Value) {
	r := b.written(key, o)
	r.met(s, o)
	r.names.write(s, o, v)
}

// met records that a write met a row.
func (r *row) met(s Span, o Outcome) {
	if o == Acknowledged {
		r.names.read(s, Something())
	}
}

// Mail records a write of the e-mail address.
func (b *Book) Mail(key uint64, s Span, o Outcome, mail string) {
	r := b.written(key, o)
	r.met(s, o)
	r.mails.write(s, o, mail)
}

// Visit records that the visits were raised by one.
func (b *Book) Visit(key uint64, s Span, o Outcome) {
	r := b.written(key, o)
	r.met(s, o)
	r.visits.add(s, o)
}

// Read records what a read of a whole row returned.
func (b *Book) Read(key uint64, s Span, v Row) {
	b.counts.Reads++
	b.row(key).read(s, v)
}

func (r *row) read(s Span, v Row) {
	r.names.read(s, v.Value)
	if !v.Value.Absent() {
		r.mails.read(s, v.Mail)
		r.visits.read(s, v.Visits)
	}
}

// Glimpse records what a write saw of the name on its way: its row's value, or
// that there was no row.
func (b *Book) Glimpse(key uint64, s Span, v Value) {
	b.row(key).names.read(s, v)
}

// adopt gives the rows that appeared under keys nobody was told the insert they
// must have come from.
func (b *Book) adopt() {
	for _, r := range b.rows {
		if r.seeded || r.inserted {
			continue
		}
		if i := b.origin(r); i >= 0 {
			r.insert(b.nameless[i].span, Unknown, b.nameless[i].row)
			b.nameless = slices.Delete(b.nameless, i, i+1)
		}
	}
}

// origin finds the insert that a row must have come from, by what was read in
// it; -1 if there is none or none is needed. If nobody ever looked at the name,
// any insert explains the row as well as another.
func (b *Book) origin(r *row) int {
	found := -1
	for _, rd := range r.names.reads {
		if rd.value.Absent() {
			continue
		}
		found = slices.IndexFunc(b.nameless, func(n nameless) bool { return n.row.Value.Shows(rd.value) })
		if rd.value.Shape != something {
			return found
		}
	}
	return found
}

// Problem is something that the histories do not explain.
type Problem struct {
	Key  uint64 `json:"key"`
	What string `json:"what"`
}

func (r Row) String() string {
	return fmt.Sprintf("%s, email %q, %d visits, written at %d", r.Value, r.Mail, r.Visits, r.Stamp)
}

func (p Problem) String() string { return fmt.Sprintf("row %d: %s", p.Key, p.What) }
