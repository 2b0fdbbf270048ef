package preflight

import (
	"cmp"
	"math"
)

// size is what a forecast knows of a table.
type size struct {
	rows       uint64
	indexShare float64
	// work says whether it is rows that take the time.
	work work
	// pool is the buffer pool in bytes, table what data and indexes will take.
	pool, table float64
	// later is how many seconds more are to be expected than the rows take.
	later float64
}

// work is what a statement spends its time on; the zero value is each row.
type work string

// dictionary is the work of a statement that may not touch rows at all.
const dictionary work = "dictionary"

// A forecast's range reaches this share of it up and down, and no less than this
// many seconds: what a server does beside may keep any work waiting as long.
const (
	around = 0.3
	moment = 1.0
)

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

// copied is a sample of a copy that took so long on no rows, on part of the
// sample's, on all of them, and on as many again in tables of their own. It makes
// no sort files and starts no threads, so what it takes on no rows is all that
// does not depend on them; that may have been kept waiting, and is no more than
// where the line through the next two meets none.
func copied(none float64, part, once Sample, again ...float64) Sample {
	once.Fixed = min(none, once.Seconds)
	if once.Rows > part.Rows && part.Rows > 0 {
		once.Fixed = max(0, min(once.Fixed, meeting(part, once)))
	}
	all := once
	for _, seconds := range again {
		all.Rows, all.Seconds = all.Rows+once.Rows, all.Seconds+max(0, seconds-once.Fixed)
	}
	return repeated(once, all)
}

// repeated is a sample that was done once and then again, all of which took so
// long: rows beyond it take what the later ones did.
func repeated(once, all Sample) Sample {
	if all.Rows > once.Rows {
		all.Fixed, all.once = meeting(once, all), once.Rows
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
	once := cmp.Or(s.once, s.Rows)
	if of.rows > once {
		fixed := min(s.Fixed, s.Seconds)
		if of.work != dictionary && s.Seconds-fixed < noise {
			fixed = 0 // what rows take was not measured: rather too long than nothing
		}
		seconds = fixed + (s.Seconds-fixed)*float64(of.rows)/float64(s.Rows)*growth(once, of)
		if of.work == dictionary && s.Seconds-fixed < noise {
			out := span(fixed)
			out.High = max(out.High, seconds)
			return out
		}
	}
	seconds += of.later
	out := span(seconds)
	if beyond := of.table > of.pool; beyond && of.rows > once && of.indexShare > 0 {
		out.High = max(out.High, seconds*fromDisk)
	}
	return out
}

// span is the range around a forecast.
func span(seconds float64) *Span {
	wide := max(seconds*around, moment)
	return &Span{Low: max(0, seconds-wide), Expected: seconds, High: seconds + wide}
}

// growth is how much longer a row takes in the whole table than in a sample of n
// rows.
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
