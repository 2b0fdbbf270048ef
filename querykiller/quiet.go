package querykiller

import (
	"slices"
	"time"
)

// Quiet are hours of the day in which a rule does nothing. They are local to
// Zone, with its summer time. To at or before From ends on the next day; Days
// are those on which the hours begin, none is every day.
type Quiet struct {
	From, To int // minutes after midnight
	Days     []time.Weekday
	Zone     *time.Location // nil is UTC
}

// until says whether the moment lies in the hours, and when they end.
func (q Quiet) until(at time.Time) (end time.Time, in bool) {
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	at = at.In(zone)
	for _, begun := range []int{-1, 0} { // yesterday, today
		y, m, d := at.Date()
		d += begun
		from := time.Date(y, m, d, 0, q.From, 0, 0, zone)
		if q.To <= q.From {
			d++
		}
		to := time.Date(y, m, d, 0, q.To, 0, 0, zone)
		on := len(q.Days) == 0 || slices.Contains(q.Days, from.Weekday())
		if on && !at.Before(from) && at.Before(to) {
			return to, true
		}
	}
	return time.Time{}, false
}

// quietUntil says whether any of the hours hold, and when the last of those ends.
// A moment that is not known, as in a plain process list, is in none.
func quietUntil(all []Quiet, at time.Time) (end time.Time, in bool) {
	if at.IsZero() {
		return time.Time{}, false
	}
	for _, q := range all {
		if to, ok := q.until(at); ok && to.After(end) {
			end, in = to, true
		}
	}
	return end, in
}
