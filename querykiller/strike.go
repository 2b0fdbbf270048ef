package querykiller

import (
	"context"
	"errors"
	"strings"
	"time"
)

// strike is a kill that was decided on. Those of a poll are carried out
// together: on a server whose processors are taken every round trip waits for its
// turn, and one after the other the last victim would wait for all of them.
type strike struct {
	target   *target
	judged   *judged
	decision Decision
}

// strike adds a kill to those that wait to be carried out.
func (k *Killer) strike(t *target, c *judged, d Decision) {
	k.strikes = append(k.strikes, strike{t, c, d})
}

// flush carries out the kills that wait, each before its snapshot is too old.
func (k *Killer) flush(ctx context.Context) {
	waiting := k.strikes
	k.strikes = nil
	if len(waiting) == 0 || ctx.Err() != nil {
		return
	}
	victims := make([]Victim, len(waiting))
	var longest time.Duration
	for i, s := range waiting {
		victims[i] = Victim{Statement: s.judged.Statement, Act: s.decision.Action, Before: s.judged.polled.Add(maxSnapshotAge)}
		if v := s.judged.verdict; s.judged.rule().ahead() && !s.judged.Statement.Idle {
			victims[i].Age, victims[i].Wait = v.Budget, v.Due
			longest = max(longest, v.Due)
		}
	}
	call, cancel := context.WithTimeout(ctx, longest+k.Timeout)
	killings := k.Server.Kill(call, victims)
	cancel()
	now := k.Clock.Now()
	for i, s := range waiting {
		k.struck(ctx, s, killings[i], now)
	}
}

// killedAgain is what a decision says whose kill was repeated.
const killedAgain = "; it did not react, and was killed again"

// struck enters what a kill came to. It is counted once, however often its answer
// is lost.
func (k *Killer) struck(ctx context.Context, s strike, killing Killing, now time.Time) {
	t, d := s.target, s.decision
	d.Window = killing.Window
	killed := d.at(s.judged, killing.Age, now)
	if killing.Err != nil {
		d.Error = killing.Err.Error()
	}
	again := t.dying() && t.accepted && t.kill.Action == d.Action
	if errors.Is(killing.Err, ErrStale) || errors.Is(killing.Err, ErrExpired) { // nothing was killed; the next poll tells anew
		if again {
			return // the server has the kill that this repeats: the statement will be dead, or has survived it
		}
		if t.misses++; t.misses >= maxAttempts {
			k.once(ctx, t, d, OutcomeFailed)
		}
		return
	}
	first := t.attempts == 0 && !again
	switch killing.Result {
	case Killed:
		t.sentAt = now
		if again {
			t.kill.Reason = strings.TrimSuffix(t.kill.Reason, killedAgain) + killedAgain
			return
		}
		t.kill, t.killedAt, t.accepted, t.attempts = &d, killed, true, 0
	case Gone:
		if !first || s.judged.verdict.Due > 0 {
			return // an attempt whose answer was lost has worked, or it ended within its budget
		}
		t.kill = nil
		k.once(ctx, t, d, OutcomeGone)
	case Denied:
		t.kill, t.denied = nil, true
		k.once(ctx, t, d, OutcomeFailed)
	default: // it may have been killed: the next poll tells
		t.kill, t.killedAt, t.accepted = &d, now, false
		t.attempts++
	}
	if first && t.dying() {
		k.count(s.judged, now)
	}
}

// at enters the age that the statement had when it was killed, and returns when
// that was.
func (d *Decision) at(c *judged, age time.Duration, now time.Time) time.Time {
	if age == 0 || age < c.Age || !c.rule().ahead() {
		return now
	}
	d.Reason = short(age) + strings.TrimPrefix(d.Reason, short(d.Measured))
	d.Age, d.Measured = age, age
	if at := c.polled.Add(age - c.Age); at.Before(now) {
		return at
	}
	return now
}

// count enters a kill into the limits.
func (k *Killer) count(c *judged, now time.Time) {
	if c.rules.Breaker.Kills > 0 {
		k.all.add(now)
	}
	if rule := c.rule(); rule.Rate.Kills > 0 {
		k.meter(rule.Name).add(now)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Kills++
}

// full says whether a limit is used up. If it is by kills that wait, these are
// carried out first: not all of them may count.
func (k *Killer) full(ctx context.Context, m *meter, l Limit) bool {
	if m.full(l, k.Clock.Now(), len(k.strikes)) {
		k.flush(ctx)
	}
	return m.full(l, k.Clock.Now(), 0)
}

// meter returns the count of a rule's kills.
func (k *Killer) meter(rule string) *meter {
	m := k.byRule[rule]
	if m == nil {
		m = &meter{}
		k.byRule[rule] = m
	}
	return m
}
