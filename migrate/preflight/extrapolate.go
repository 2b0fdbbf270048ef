package preflight

import "math"

// size is what a forecast knows of a table.
type size struct {
	rows       uint64
	indexShare float64
	// work says whether it is rows that take the time.
	work work
	// pool is the buffer pool in bytes, table what data and indexes will take.
	pool, table float64
}

// work is what a statement spends its time on; the zero value is each row.
type work string

// dictionary is the work of a statement that may not touch rows at all.
const dictionary work = "dictionary"

// around is half the width of a forecast's range.
const around = 0.3

// noise is the difference in seconds below which a statement on rows cannot be
// told from one on an empty table: it may not depend on the rows at all, or a
// busy server kept the empty one waiting.
const noise = 0.02

// fromDisk is the upper end of a forecast for a table beyond the buffer pool.
const fromDisk = 3

// statement is a sample of a statement that took so long on no rows, on part of
// the sample's and on all of them. What does not depend on the rows is where the
// line through part and all meets none: with the first rows come costs that an
// empty table does not have. It is no less than on no rows, and it leaves half
// of what is above that to the rows: a line that leaves them less is one of a
// sample too small to tell.
func statement(none float64, part, all Sample) Sample {
	none = min(none, all.Seconds)
	all.Fixed = none
	if all.Rows > part.Rows && part.Rows > 0 {
		all.Fixed = max(none, min(meeting(part, all), (none+all.Seconds)/2))
	}
	return all
}

// meeting is where the line through two samples meets no rows: below zero
// where the later rows have taken longer than the first.
func meeting(part, all Sample) float64 {
	return all.Seconds - (all.Seconds-part.Seconds)*float64(all.Rows)/float64(all.Rows-part.Rows)
}

// forecast is the time for all rows after a sample's; see the package comment.
// It is nil for a sample of no rows of a table that has some.
func (s Sample) forecast(of size) *Span {
	if s.Rows == 0 && of.rows > 0 {
		return nil
	}
	seconds := s.Seconds
	if of.rows > s.Rows {
		fixed := min(s.Fixed, s.Seconds)
		if of.work != dictionary && s.Seconds-fixed < noise {
			fixed = 0 // what rows take was not measured: rather too long than nothing
		}
		seconds = fixed + (s.Seconds-fixed)*float64(of.rows)/float64(s.Rows)*growth(s.Rows, of)
		if of.work == dictionary && s.Seconds-fixed < noise {
			return &Span{Low: fixed * (1 - around), Expected: fixed, High: max(seconds, fixed*(1+around))}
		}
	}
	out := &Span{Low: seconds * (1 - around), Expected: seconds, High: seconds * (1 + around)}
	if beyond := of.table > of.pool; beyond && of.rows > s.Rows && of.indexShare > 0 {
		out.High = seconds * fromDisk
	}
	return out
}

// and is the forecast with so many seconds more to be expected.
func (s *Span) and(seconds float64) *Span {
	if s == nil || s.Expected == 0 {
		return s
	}
	longer := 1 + seconds/s.Expected
	return &Span{s.Low * longer, s.Expected * longer, s.High * longer}
}

// growth is how much longer a row takes in the whole table than in the sample.
func growth(n uint64, of size) float64 {
	if n < 2 || of.rows <= n {
		return 1
	}
	return 1 + of.indexShare*(math.Log(float64(of.rows))/math.Log(float64(n))-1)
}

// scaled is what n rows' bytes are for more rows; it saturates.
func scaled(bytes, n, rows uint64) uint64 {
	if n == 0 || rows <= n {
		return bytes
	}
	out := float64(bytes) * float64(rows) / float64(n)
	if out >= math.MaxInt64 {
		return math.MaxInt64
	}
	return uint64(out)
}

// sum adds without wrapping around.
func sum(list ...uint64) (total uint64) {
	for _, n := range list {
		if total += n; total < n {
			return math.MaxUint64
		}
	}
	return total
}
