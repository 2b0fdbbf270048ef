package history

import (
	"math"
	"slices"
	"sort"
)

// The ends of time.
const (
	Start = math.MinInt64
	Never = math.MaxInt64
)

// Outcome says what is known of a write.
type Outcome string

// The outcomes. The zero value claims the least.
const (
	// Unknown: its process was killed, or its connection broke at the commit.
	Unknown Outcome = ""
	// Acknowledged: the application was told that it is durable.
	Acknowledged Outcome = "acknowledged"
)

// Span is when an operation was under way, in nanoseconds of the machine's
// monotonic clock, and who did it.
type Span struct {
	Begin, End int64
	By         string
}

// write is a write of a register.
type write[V any] struct {
	Span
	outcome Outcome
	value   V
	// effect is when the write had had its effect at the latest.
	effect int64
}

// read is a read of a register.
type read[V any] struct {
	Span
	value V
}

// register is one value that is written and read as a whole.
type register[V any] struct {
	writes []write[V]
	reads  []read[V]
}

func (r *register[V]) write(span Span, outcome Outcome, v V) {
	w := write[V]{Span: span, outcome: outcome, value: v, effect: Never}
	if outcome == Acknowledged {
		w.effect = span.End
	}
	r.writes = append(r.writes, w)
}

func (r *register[V]) read(span Span, v V) { r.reads = append(r.reads, read[V]{span, v}) }

// judge returns the reads that no write explains.
func (r *register[V]) judge(shows func(written, seen V) bool) (wrong []read[V]) {
	slices.SortStableFunc(r.writes, func(a, b write[V]) int { return compare(a.Begin, b.Begin) })
	seen := make([][]int, len(r.reads))
	for i, rd := range r.reads {
		for j, w := range r.writes {
			if w.Begin <= rd.End && shows(w.value, rd.value) {
				seen[i] = append(seen[i], j)
			}
		}
		if len(seen[i]) == 1 {
			w := &r.writes[seen[i][0]]
			w.effect = min(w.effect, rd.End)
		}
	}
	earliest := r.earliestEffects()
	for i, rd := range r.reads {
		right := slices.ContainsFunc(seen[i], func(j int) bool {
			return !r.overwritten(earliest, r.writes[j], rd.Begin)
		})
		if !right {
			wrong = append(wrong, rd)
		}
	}
	return wrong
}

// earliestEffects is, for every write, the earliest time by which it or one
// that began later had its effect.
func (r *register[V]) earliestEffects() []int64 {
	out := make([]int64, len(r.writes)+1)
	out[len(r.writes)] = Never
	for i := len(r.writes) - 1; i >= 0; i-- {
		out[i] = min(out[i+1], r.writes[i].effect)
	}
	return out
}

// overwritten reports whether a write that began after w had ended had its
// effect before a time.
func (r *register[V]) overwritten(earliest []int64, w write[V], before int64) bool {
	after := sort.Search(len(r.writes), func(i int) bool { return r.writes[i].Begin > w.End })
	return earliest[after] < before
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// counter is a number that is only ever raised by one.
type counter struct {
	base  uint64
	adds  []write[struct{}]
	reads []read[uint64]
}

func (c *counter) add(span Span, outcome Outcome) {
	c.adds = append(c.adds, write[struct{}]{Span: span, outcome: outcome})
}

func (c *counter) read(span Span, n uint64) { c.reads = append(c.reads, read[uint64]{span, n}) }

// bounds returns between which numbers a read has to lie.
func (c *counter) bounds(s Span) (low, high uint64) {
	low, high = c.base, c.base
	for _, a := range c.adds {
		if a.outcome == Acknowledged && a.End < s.Begin {
			low++
		}
		if a.Begin <= s.End {
			high++
		}
	}
	return low, high
}

func (c *counter) judge() (wrong []read[uint64]) {
	for _, r := range c.reads {
		if low, high := c.bounds(r.Span); r.value < low || r.value > high {
			wrong = append(wrong, r)
		}
	}
	return wrong
}
