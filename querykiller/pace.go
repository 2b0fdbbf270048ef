package querykiller

import (
	"context"
	"time"
)

// DefaultShare is how much of one core of the server looks may take.
const DefaultShare = 0.02

// maxStretch is the longest that an interval is stretched to.
const maxStretch = time.Second

// pace is how often the server is looked at while nothing is due. A look that
// costs much is followed by a longer wait, as long as that makes no kill late.
type pace struct {
	cost      time.Duration // of the last looks, in the mean
	interval  time.Duration
	stretched bool // it was said that the interval is
}

// costOf is over about how many looks the mean goes: dear ones and cheap ones take
// turns.
const costOf = 16

// keepPace takes in what a look has cost.
func (k *Killer) keepPace(ctx context.Context, s *Snapshot) {
	p := &k.pace
	if p.cost == 0 {
		p.cost = s.Work
	}
	p.cost += (s.Work - p.cost) / costOf
	p.interval = max(k.Interval, min(time.Duration(float64(p.cost)/k.Share), k.slack()))
	switch {
	case !p.stretched && p.interval > k.Interval*5/4: // not back and forth at the border
		p.stretched = true
		k.Logger.InfoContext(ctx, "a look costs the server much: it comes less often than asked for", "server", k.Name,
			"look", short(p.cost), "asked", k.Interval, "kept", short(p.interval))
	case p.stretched && p.interval == k.Interval:
		p.stretched = false
		k.Logger.InfoContext(ctx, "looks come as often as asked for again", "server", k.Name, "look", short(p.cost), "kept", k.Interval)
	}
}

// slack is how long nobody may look without making a kill late: what begins
// meanwhile has to be seen while it is half as old as it may become, under
// overload as well, which may begin meanwhile too.
func (k *Killer) slack() time.Duration {
	slack := maxStretch
	for i := range k.judging.Rules {
		r := &k.judging.Rules[i]
		if r.Action == ActLeave {
			continue
		}
		if !r.foreseen() {
			return 0
		}
		least := r.least()
		if factor := k.judging.Overload.Factor; factor > 0 {
			least = time.Duration(float64(least) * min(factor, 1))
		}
		slack = min(slack, least/2)
	}
	return slack
}

// foreseen says whether a look tells when the rule's budget is used up: not if that
// hangs on what begins between two looks and has no beginning that the server tells.
func (r *Rule) foreseen() bool {
	return r.Measure != MeasureLockWait && r.Measure != MeasureBlocking && r.Match.lasting()
}

// lasting says whether what is asked for stays as it is for as long as a session
// does the same thing.
func (m *Match) lasting() bool {
	return len(m.State) == 0 && m.Blocks.empty() &&
		m.SameDigest == Span[int]{} && m.RowsExamined == Span[uint64]{} && m.RowsModified == Span[uint64]{} &&
		m.Age == Span[time.Duration]{} && m.LockWait == Span[time.Duration]{} && m.Transaction == Span[time.Duration]{}
}
