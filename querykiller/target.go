package querykiller

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxAttempts is how often the answer to a kill may be lost before that is an
// alarm. The kill is tried again all the same.
const maxAttempts = 3

// repeatAfter is how long a statement may run on after the server took its kill,
// and shows no sign of it, until the kill is repeated: MariaDB loses one now and then
// (on a busy machine six of 1 500 that were aimed at statements of several SLEEPs; the
// second ended each). Once the alarm is raised, after [Config.VerifyWithin], it is left
// to people.
const repeatAfter = time.Second

// target is a statement that something was decided about. It is kept for as long
// as polls see the statement.
type target struct {
	kill     *Decision // the kill under way; nil if there is none
	killedAt time.Time // by our clock
	sentAt   time.Time // the last that the server took
	accepted bool      // by the server; else its answer was lost
	attempts int       // whose answers were lost
	misses   int       // attempts that came to nothing, repeats aside
	denied   bool
	told     map[Outcome]bool // what was recorded about it
}

// dying says whether the statement was killed.
func (t *target) dying() bool { return t.kill != nil }

// watched says whether what becomes of a kill is still to be told.
func (t *target) watched() bool {
	return t.dying() && !t.told[OutcomeSurvived] && !t.told[OutcomeRollingBack]
}

// carryOut does what follows from a poll that took so long.
func (k *Killer) carryOut(ctx context.Context, s *Snapshot, took time.Duration) []Verdict {
	polled := k.Clock.Now()
	rules := k.current(ctx)
	k.judging = rules
	if s.Boot != k.boot {
		if k.boot != "" {
			k.Logger.WarnContext(ctx, "the server has restarted", "server", k.Name)
			k.abandon(ctx, "the server restarted")
		}
		k.boot = s.Boot
	}
	if k.overload.update(rules.Overload, s.Load, polled) {
		k.Logger.WarnContext(ctx, "overload", "server", k.Name, "on", k.overload.on, "cause", k.overload.cause)
	}
	k.settle(ctx, s, polled)
	st := State{Overload: k.overload.on, Dying: map[StatementID]string{}}
	if k.UndoRate != nil {
		st.UndoRate = k.UndoRate()
	}
	for id, t := range k.targets {
		if t.dying() {
			st.Dying[id] = t.kill.Rule
		}
	}
	room := newRoom(s)
	verdicts := rules.judge(room, st)
	if st.Ahead = k.ahead(s, verdicts, took); st.Ahead > 0 {
		verdicts = rules.judge(room, st)
	}
	for i, v := range verdicts {
		t := k.targets[s.Sessions[i].Statement]
		dying := t != nil && t.dying()
		if !dying && v.Act == "" && !v.Refused {
			continue // it is left alone
		}
		c := &judged{snap: s, Session: &s.Sessions[i], verdict: v, polled: polled, rules: rules}
		if dying {
			k.attend(ctx, t, c)
		} else if v.Due > 0 && (v.Refused || v.Act != "" && k.crowded(c)) {
			verdicts[i].Act, verdicts[i].Refused = "", false // not before its time
		} else {
			k.decide(ctx, c)
		}
	}
	k.flush(ctx)
	return verdicts
}

// judged is a session with its verdict and the poll they are from.
type judged struct {
	*Session
	verdict Verdict
	snap    *Snapshot
	polled  time.Time
	rules   *Rules
}

// current returns the rules, after a reset of the breaker if one was asked for.
func (k *Killer) current(ctx context.Context) *Rules {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reset {
		k.reset, k.all = false, meter{}
		if k.status.Stopped != "" {
			k.status.Stopped = ""
			k.Logger.InfoContext(ctx, "the breaker is reset: the killer kills again", "server", k.Name)
		}
	}
	return k.rules
}

// settle lets go of the statements that the poll does not show any more.
func (k *Killer) settle(ctx context.Context, s *Snapshot, polled time.Time) {
	present := make(map[StatementID]bool, len(s.Sessions))
	for i := range s.Sessions {
		present[s.Sessions[i].Statement] = true
	}
	for _, id := range k.inOrder() {
		t := k.targets[id]
		if present[id] {
			continue
		}
		if t.dying() {
			after := polled.Sub(t.killedAt)
			t.kill.DeadAfter = &after
			k.once(ctx, t, *t.kill, OutcomeDead)
		}
		delete(k.targets, id)
	}
}

// inOrder returns the targets by session, so that decisions come in an order.
func (k *Killer) inOrder() []StatementID {
	return slices.SortedFunc(maps.Keys(k.targets), func(a, b StatementID) int { return cmp.Compare(a.Session, b.Session) })
}

// decide acts on a session that is due, or is sent to its kill ahead of that.
func (k *Killer) decide(ctx context.Context, c *judged) {
	t := k.targets[c.Statement]
	if t == nil {
		t = &target{told: map[Outcome]bool{}}
		k.targets[c.Statement] = t
	}
	instead, why := k.instead(ctx, t, c)
	switch {
	case t.told[instead]:
	case c.Remembered > 0: // it may have done something since: nothing is said of it unseen
		k.unseen = true
	case instead == "":
		k.strike(t, c, k.decision(c, c.verdict.Act))
	default:
		d := k.decision(c, c.verdict.Act)
		d.Reason += why
		k.once(ctx, t, d, instead)
	}
}

// instead returns what becomes of a session that is due and is not killed, and
// why if the verdict does not say so; an empty outcome means that it is killed.
func (k *Killer) instead(ctx context.Context, t *target, c *judged) (o Outcome, why string) {
	rule := c.rule()
	switch {
	case c.verdict.Refused:
		return OutcomeRefused, ""
	case c.verdict.Act == ActWarn:
		return OutcomeWarned, ""
	case !c.Statement.Known():
		return OutcomeRefused, "; the server does not tell this statement from the next one of its session"
	case k.Mode == ModeDryRun:
		return OutcomeDryRun, ""
	case t.denied:
		return OutcomeFailed, ""
	case !k.mayKill(ctx, c):
		return OutcomeStopped, ""
	case k.full(ctx, k.meter(rule.Name), rule.Rate):
		return OutcomeLimited, "; the rule's limit is " + rule.Rate.String()
	}
	return "", ""
}

// rule returns the rule that matched.
func (c *judged) rule() *Rule { return c.rules.named(c.verdict.Rule) }

// named returns the rule of that name, or an empty one.
func (r *Rules) named(name string) *Rule {
	for i := range r.Rules {
		if r.Rules[i].Name == name {
			return &r.Rules[i]
		}
	}
	return &Rule{}
}

// mayKill heeds the breaker: once it has opened, it stays so until it is reset.
func (k *Killer) mayKill(ctx context.Context, c *judged) bool {
	full := k.full(ctx, &k.all, c.rules.Breaker)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.status.Stopped == "" && full {
		k.status.Stopped = fmt.Sprintf("there were %s: more would do harm, or the rules are wrong", c.rules.Breaker)
		k.Logger.ErrorContext(ctx, "the breaker has stopped the killer: it only watches until it is reset", "server", k.Name, "why", k.status.Stopped)
	}
	return k.status.Stopped == ""
}

// crowded says whether a limit might forbid one more kill.
func (k *Killer) crowded(c *judged) bool {
	now, rule := k.Clock.Now(), c.rule()
	return k.Status().Stopped != "" || k.all.full(c.rules.Breaker, now, len(k.strikes)) ||
		k.meter(rule.Name).full(rule.Rate, now, len(k.strikes))
}

// attend looks after a statement that was killed and is still there.
func (k *Killer) attend(ctx context.Context, t *target, c *judged) {
	lived := k.Clock.Now().Sub(t.killedAt)
	v := c.verdict
	rolling := v.Class == ClassRollingBack && v.Reason != "protected: "+killedAlready
	escalates := v.Escalate.To != "" && v.Escalate.To != t.kill.Action && !t.kill.Escalation
	switch {
	case rolling:
		if lived >= k.VerifyWithin {
			k.once(ctx, t, *t.kill, OutcomeRollingBack)
		}
	case !t.accepted:
		if t.attempts >= maxAttempts {
			d := *t.kill
			d.Reason += fmt.Sprintf("; the answer was lost %d times, and it is tried on", t.attempts)
			k.once(ctx, t, d, OutcomeFailed)
		}
		if v.Act != "" && k.mayKill(ctx, c) {
			d := k.decision(c, t.kill.Action)
			d.Escalation = t.kill.Escalation
			k.strike(t, c, d)
		}
	case escalates && lived >= v.Escalate.After && v.EscalateRefused == "" && k.mayKill(ctx, c):
		k.escalate(ctx, t, c)
	case lived < k.VerifyWithin:
		k.repeat(ctx, t, c)
	case escalates && lived < v.Escalate.After:
	default:
		if escalates && v.EscalateRefused != "" {
			t.kill.Reason += "; not escalated: " + v.EscalateRefused
		}
		k.once(ctx, t, *t.kill, OutcomeSurvived)
	}
}

// repeat sends a kill again that was lost, as it seems: the statement is due as it
// was, and nothing shows that it was killed.
func (k *Killer) repeat(ctx context.Context, t *target, c *judged) {
	lost := c.verdict.Act != "" && c.Remembered == 0 && !strings.EqualFold(c.Command, "Killed")
	if lost && k.Clock.Now().Sub(t.sentAt) >= repeatAfter && k.mayKill(ctx, c) {
		k.strike(t, c, *t.kill)
	}
}

// escalate closes the first kill and begins the second. One that came too late for
// what the server runs is begun again by the next look.
func (k *Killer) escalate(ctx context.Context, t *target, c *judged) {
	k.once(ctx, t, *t.kill, OutcomeEscalated)
	d := k.decision(c, c.verdict.Escalate.To)
	d.Escalation = true
	d.Reason += fmt.Sprintf("; it outlived %s for %s", t.kill.Action, short(c.verdict.Escalate.After))
	delete(t.told, OutcomeSurvived)
	k.strike(t, c, d)
}

// decision describes what is done to a session.
func (k *Killer) decision(c *judged, act Act) Decision {
	v := c.verdict
	if act == "" {
		act = c.rule().Action
	}
	digest := c.Digest
	if digest == "" {
		digest = Digest(c.Text)
	}
	return Decision{
		At: c.snap.At, Server: k.Name, Rule: v.Rule, Reason: v.Reason, Action: act, Overload: k.overload.on,
		Session: c.ID, Statement: c.Statement, User: c.User, Host: c.Host, Database: c.Database,
		Program: c.Program, Release: c.Release, Owner: ParseTag(c.Text)["owner"],
		Kind: c.Kind, Digest: digest, Text: Redact(c.Text),
		Measured: v.Measured, Budget: v.Budget, Age: c.Age,
		RowsExamined: c.RowsExamined, RowsModified: c.RowsModified, Rollback: v.Rollback,
	}
}

// once records an outcome, if it was not recorded of this statement before.
func (k *Killer) once(ctx context.Context, t *target, d Decision, o Outcome) {
	if t.told[o] || o == OutcomeDead && (t.told[OutcomeSurvived] || t.told[OutcomeRollingBack]) {
		return
	}
	t.told[o] = true
	d.Outcome = o
	if k.Recorder == nil {
		k.Logger.InfoContext(ctx, "decision", "decision", d)
		return
	}
	if err := k.Recorder.Record(ctx, d); err != nil {
		k.Logger.ErrorContext(ctx, "a decision could not be recorded", "decision", d, "error", err)
	}
}

// abandon records the kills whose end will not be seen.
func (k *Killer) abandon(ctx context.Context, why string) {
	for _, id := range k.inOrder() {
		t := k.targets[id]
		if t.watched() {
			t.kill.Reason += "; " + why
			k.once(ctx, t, *t.kill, OutcomeUnverified)
		}
	}
	clear(k.targets)
}
