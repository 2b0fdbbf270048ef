package backfill

import "time"

// pace is how many rows the next chunk gets. Each worker has its own; it is
// not safe for concurrent use.
type pace struct {
	target   time.Duration
	min, max int
	rows     int           // by time
	limit    int           // while a row that does not fit is looked for; 0 is none
	fastest  time.Duration // of a row, so far
}

// firstRows is the size of the first chunk: a millisecond's work or ten.
const firstRows = 500

func newPace(c Config) *pace {
	return &pace{target: c.ChunkTarget, min: c.ChunkMin, max: c.ChunkMax, rows: min(max(firstRows, c.ChunkMin), c.ChunkMax)}
}

// next is the size of the next chunk.
func (p *pace) next() int {
	if p.limit > 0 {
		return min(p.limit, p.rows)
	}
	return p.rows
}

// done hears of a chunk of a size that took so long.
func (p *pace) done(size int, took time.Duration) {
	if p.limit > 0 {
		if p.limit *= 2; p.limit >= p.rows {
			p.limit = 0
		}
		return // a chunk that small says nothing about time
	}
	if took <= 0 {
		took = 1
	}
	ideal := int(float64(size) * float64(p.target) / float64(took))
	p.rows = clamp(clamp(ideal, size/2, size*2), p.min, p.max)
}

// blocked hears that a chunk had to wait for a lock, or was rolled back.
func (p *pace) blocked() { p.rows = max(p.rows/2, p.min) }

// misfit hears that a chunk of a size holds a row that does not fit.
func (p *pace) misfit(size int) { p.limit = max(size/2, 1) }

// The rest after a chunk begins when rows take twice as long as at their fastest
// and is never more than twice the chunk. The fastest is forgotten by a
// twentieth a chunk: rows that are not in memory, or longer, are slow without
// anybody's waiting, and after some thirty chunks that is what is usual.
const (
	slowdownBorne = 2
	mostRest      = 2
	forgetting    = 20
)

// rest is how long to leave the server alone after a chunk of so many rows: not
// at all while rows take about what they took at their fastest, and in
// proportion when they suddenly take longer, for then somebody else wants the
// server, or its machine.
func (p *pace) rest(rows int, took time.Duration) time.Duration {
	row := max(took/time.Duration(rows), 1)
	p.fastest += p.fastest / forgetting
	if p.fastest == 0 || row < p.fastest {
		p.fastest = row
	}
	slowdown := float64(row) / float64(p.fastest)
	if slowdown < slowdownBorne {
		return 0
	}
	return time.Duration(float64(took) * min(slowdown-1, mostRest))
}

func clamp(v, low, high int) int { return max(low, min(v, high)) }
