package querykiller

import (
	"slices"
	"time"
)

// lookKind is what a look has read: one costs what others of its kind do.
type lookKind struct {
	list  list
	parts int // queries
	waits int // queries for who waits for whom, which have round trips of their own
}

// list is which sessions a look has read, and how.
type list int

const (
	listBusy list = iota
	listAll
	listGlance
)

// work knows what looks cost the server.
type work map[lookKind]*kindWork

// kindWork is how long the looks of a kind took by the clock, from the first answer
// to the last.
type kindWork struct {
	row     []time.Duration // the looks of a row that is not full yet
	medians []time.Duration // of the last full rows
}

// A single look tells little: it seems too short if we were late for its first
// answer, and too long if a thread waited for a processor. In the median of a row
// of workRow looks neither counts while they are the exception. On a busy server
// waiting is the rule, so of the last workRows rows the least counts.
const (
	workRow  = 15
	workRows = 8
)

// unseen is the part of a look that is not seen from here, beside what is: to take
// the queries and to find the first answer. With 1000 connections the servers used
// 1.0 to 1.8 times what was seen.
const unseen = 0.6

// cost takes in how long a look took, and returns what such a one costs.
func (w work) cost(kind lookKind, took time.Duration) time.Duration {
	k := w[kind]
	if k == nil {
		k = &kindWork{}
		w[kind] = k
	}
	k.row = append(k.row, took)
	cost := slices.Sorted(slices.Values(k.row))[len(k.row)/2]
	if len(k.row) == workRow {
		k.row, k.medians = nil, append(k.medians, cost)
		k.medians = k.medians[max(len(k.medians)-workRows, 0):]
	}
	if len(k.medians) > 0 {
		cost = slices.Min(k.medians)
	}
	return time.Duration((1 + unseen) * float64(cost))
}
