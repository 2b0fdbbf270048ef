package history

import (
	"cmp"
	"fmt"
	"slices"
)

// Verdict is what a book's histories come to.
type Verdict struct {
	Counts
	// Lost are rows whose end is not what was last acknowledged.
	Lost []Problem
	// Wrong are reads that nothing explains.
	Wrong []Problem
	// Different are rows that nobody wrote and that are not what they were.
	Different []Problem
	// Rows is how many rows there were at the end.
	Rows uint64

	zero int64
}

// when says when something was under way, in seconds since the book's Zero.
func (v *Verdict) when(s Span) string {
	if s.Begin == Start {
		return "at the start"
	}
	seconds := func(at int64) string {
		if at == Never {
			return "the end"
		}
		return fmt.Sprintf("%.4f s", float64(at-v.zero)/1e9)
	}
	return "between " + seconds(s.Begin) + " and " + seconds(s.End)
}

// Judge compares every read with what was written, and the table as it is at
// the end, when nobody writes any more, with what was acknowledged. last yields
// every row of the table, each once.
func (b *Book) Judge(at int64, last func(yield func(key uint64, v Row) bool)) Verdict {
	v := Verdict{Counts: b.counts, zero: b.Zero}
	ends := b.ends(at, last, &v)
	b.adopt()
	keys := make([]uint64, 0, len(b.rows))
	for key := range b.rows {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		r := b.rows[key]
		if key <= b.seeds && key > 0 && !r.written {
			v.compare(key, b.seed(key), ends[key])
		}
		r.judge(key, &v)
	}
	return v
}

// ends reads the table to its end. Rows that the book knows get a last read,
// whose place among their reads is returned; the others are compared with their
// seed at once.
func (b *Book) ends(at int64, last func(yield func(key uint64, v Row) bool), v *Verdict) map[uint64]Row {
	ends := make(map[uint64]Row, len(b.rows))
	seen := make([]bool, b.seeds+1)
	for key, found := range last {
		v.Rows++
		if key <= b.seeds {
			seen[key] = true
		}
		if _, known := b.rows[key]; known || key > b.seeds || key == 0 {
			b.row(key)
			ends[key] = found
			continue
		}
		v.compare(key, b.seed(key), found)
	}
	for key := uint64(1); key <= b.seeds; key++ {
		if _, known := b.rows[key]; !known && !seen[key] {
			v.Different = append(v.Different, Problem{key, "nobody wrote it, and it is gone"})
		}
	}
	for key, r := range b.rows {
		r.read(lastSpan(at), ends[key])
	}
	return ends
}

func lastSpan(at int64) Span { return Span{Begin: at, End: at, By: "the end"} }

// compare judges a row that nobody wrote or read.
func (v *Verdict) compare(key uint64, seed, found Row) {
	if !seed.Value.Shows(found.Value) || seed.Mail != found.Mail || seed.Visits != found.Visits || seed.Stamp != found.Stamp {
		v.Different = append(v.Different, Problem{key, fmt.Sprintf("nobody wrote it; it was %s and is %s", seed, found)})
	}
}

// judge judges one row. A wrong read at the end is a lost write, or a row that
// differs if nobody wrote it; seeded ones of those have been compared already.
func (r *row) judge(key uint64, v *Verdict) {
	put := func(s Span, text string) {
		p := Problem{key, text}
		switch {
		case s.By != lastSpan(0).By:
			v.Wrong = append(v.Wrong, p)
		case r.written:
			v.Lost = append(v.Lost, p)
		case !r.seeded:
			v.Different = append(v.Different, p)
		}
	}
	for _, rd := range r.names.judge(Value.Shows) {
		put(rd.Span, fmt.Sprintf("%s saw %s %s; %s", rd.By, rd.value, v.when(rd.Span), around(v, r.names.writes, rd.Span, Value.String)))
	}
	for _, rd := range r.mails.judge(func(a, b string) bool { return a == b }) {
		put(rd.Span, fmt.Sprintf("%s saw email %q %s; %s", rd.By, rd.value, v.when(rd.Span), around(v, r.mails.writes, rd.Span, func(s string) string { return s })))
	}
	for _, rd := range r.visits.judge() {
		low, high := r.visits.bounds(rd.Span)
		put(rd.Span, fmt.Sprintf("%s saw %d visits %s; %d to %d are possible", rd.By, rd.value, v.when(rd.Span), low, high))
	}
}

// around shows the writes nearest to a read, for people.
func around[V any](v *Verdict, writes []write[V], s Span, text func(V) string) string {
	near := slices.Clone(writes)
	slices.SortStableFunc(near, func(a, b write[V]) int {
		return cmp.Compare(distance(a.Span, s), distance(b.Span, s))
	})
	near = near[:min(4, len(near))]
	slices.SortFunc(near, func(a, b write[V]) int { return cmp.Compare(a.Begin, b.Begin) })
	out := "the writes around it:"
	for _, w := range near {
		out += fmt.Sprintf(" [%s wrote %s %s, %s]", w.By, text(w.value), v.when(w.Span), cmp.Or(w.outcome, "unknown"))
	}
	return out
}

// distance is how far apart two spans are; 0 if they overlap.
func distance(a, b Span) uint64 {
	switch {
	case a.End < b.Begin:
		return uint64(b.Begin) - uint64(a.End)
	case b.End < a.Begin:
		return uint64(a.Begin) - uint64(b.End)
	}
	return 0
}
