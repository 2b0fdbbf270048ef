package querykiller

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// State is what a judgement knows beside the snapshot.
type State struct {
	// Overload tightens the budgets by the rules' factor.
	Overload bool
	// Ahead has statements judged that are due so soon as if they were due now,
	// with a [Verdict.Due]: their kills can be sent before their time.
	Ahead time.Duration
	// UndoRate is how many rows the server undoes in a second, as measured; zero
	// is the rules' rate.
	UndoRate float64
	// Dying are the statements that were killed and are not gone yet, with the
	// rule that did it.
	Dying map[StatementID]string
}

// Verdict is what the rules say of one session, with the reason in words.
type Verdict struct {
	Session uint64 `json:"session"`
	Rule    string `json:"rule,omitempty"`  // that matched
	Class   Class  `json:"class,omitempty"` // that protects it
	// Act is what is to be done; empty: the session is left alone.
	Act Act `json:"act,omitempty"`
	// Refused says that the session is due and a guard forbids the act.
	Refused bool   `json:"refused,omitempty"`
	Reason  string `json:"reason"`
	// Measured is what was held against Budget. Due is how long it has until the
	// budget is used up; what Act names is to be done then, and not before.
	Measured time.Duration `json:"measured,omitempty"`
	Budget   time.Duration `json:"budget,omitempty"`
	Due      time.Duration `json:"due,omitempty"`
	// Rollback is how long undoing would take by estimate; nil is not known.
	Rollback *time.Duration `json:"rollback,omitempty"`
	// Escalate is the act that follows if the victim outlives the first, and
	// EscalateRefused why it may not.
	Escalate        Escalation `json:"escalate,omitzero"`
	EscalateRefused string     `json:"escalate_refused,omitempty"`
}

// String returns the verdict on one line: "kill_query slow: 31.2s of 30s".
func (v Verdict) String() string {
	word, rule := string(v.Act), ""
	switch {
	case v.Refused:
		word = "refused"
	case v.Act == "":
		word = string(ActLeave)
	}
	if v.Rule != "" {
		rule = " " + v.Rule
	}
	return fmt.Sprintf("%s%s: %s", word, rule, v.Reason)
}

// Judge says of every session of a snapshot, in its order, what is to be done.
// It is a function of its arguments alone: it reads no clock and keeps nothing.
//
// A session is judged by the first rule whose conditions all hold. A protected
// session is seen only by rules that unprotect each of its classes, and by those
// that leave alone.
func (r *Rules) Judge(s *Snapshot, st State) []Verdict { return r.judge(newRoom(s), st) }

// judge is Judge for who judges a snapshot more than once.
func (r *Rules) judge(room *room, st State) []Verdict {
	b := &bench{Rules: r, State: st, at: room.at}
	out := make([]Verdict, len(room.all))
	groups := map[groupKey][]int{}
	for i, c := range room.all {
		v, rule := b.judge(c)
		v.Session = c.ID
		out[i] = v
		if rule != nil && v.Act != "" {
			key := rule.groupOf(c)
			groups[key] = append(groups[key], i)
		}
	}
	for key, due := range groups {
		key.rule.choose(out, room.all, due, st.Dying)
	}
	return out
}

// bench is a judgement under way.
type bench struct {
	*Rules
	State
	at time.Time
}

// judge finds the rule for one session and what it says; the rule is nil if
// there is none.
func (b *bench) judge(c *candidate) (Verdict, *Rule) {
	if v, rule := b.judgeDying(c); rule != nil {
		return v, rule
	}
	for i := range b.Rules.Rules {
		rule := &b.Rules.Rules[i]
		if !rule.sees(c.guarded) || !rule.matches(c) {
			continue
		}
		if rule.Action == ActLeave {
			return Verdict{Rule: rule.Name, Reason: "the rule leaves it alone"}, nil
		}
		if measured, ok := rule.measure(c); ok {
			return b.apply(rule, c, measured), rule
		}
	}
	switch {
	case len(c.guarded) > 0:
		return Verdict{Class: c.guarded[0].class, Reason: "protected: " + c.guarded[0].why}, nil
	case c.idle():
		return Verdict{Reason: "it is idle, and no rule matches"}, nil
	}
	return Verdict{Reason: "no rule matches"}, nil
}

// judgeDying judges a statement that was killed and is still there, and of which
// InnoDB says that it undoes nothing: it may be stuck. The rule that killed it
// speaks on, since the session may look another by now; nil if there is none.
func (b *bench) judgeDying(c *candidate) (Verdict, *Rule) {
	name, dying := b.Dying[c.Statement]
	if !dying || c.RollingBack != No {
		return Verdict{}, nil
	}
	guarded := slices.DeleteFunc(slices.Clone(c.guarded), func(p protection) bool { return p.why == killedAlready })
	for i := range b.Rules.Rules {
		rule := &b.Rules.Rules[i]
		if rule.Name != name || !rule.sees(guarded) {
			continue
		}
		if measured, ok := rule.measure(c); ok {
			return b.apply(rule, c, measured), rule
		}
	}
	return Verdict{}, nil
}

// sees says whether the rule may look at a session with these protections.
func (r *Rule) sees(guarded []protection) bool {
	return r.Action == ActLeave || !slices.ContainsFunc(guarded, func(p protection) bool {
		return p.class == ClassRollingBack || !slices.Contains(r.Unprotect, p.class)
	})
}

// apply holds a session that the rule matches against the rule's budget.
func (b *bench) apply(rule *Rule, c *candidate, measured time.Duration) Verdict {
	budget, note := b.budget(rule, c)
	v := Verdict{
		Rule: rule.Name, Measured: measured, Budget: budget,
		Reason: short(measured) + " of " + short(budget) + note,
	}
	if measured < budget {
		v.Due = budget - measured
		if v.Due > b.Ahead || !rule.ahead() || c.idle() {
			return v
		}
	}
	if until, quiet := quietUntil(rule.Quiet, b.at); quiet {
		v.Reason += fmt.Sprintf("; quiet hours until %s", until.Format("15:04 MST"))
		return v
	}
	act := rule.Action
	if act == ActQuery && c.idle() && rule.Escalate.To == ActConnection {
		act = ActConnection // there is no statement to end
	}
	rollback, refused := b.check(rule, c, act)
	v.Rollback = rollback
	if refused != "" {
		v.Refused, v.Reason = true, v.Reason+"; "+refused
		return v
	}
	v.Act = act
	if rule.Escalate.To != act {
		v.Escalate = rule.Escalate
		if v.Escalate.To != "" {
			_, v.EscalateRefused = b.check(rule, c, v.Escalate.To)
		}
	}
	return v
}

// ahead says whether a kill by this rule can be sent before its time: the server
// itself has to see the moment come, and nothing else that the rule asks for may
// change until then.
func (r *Rule) ahead() bool {
	m := &r.Match
	return (r.Action == ActQuery || r.Action == ActConnection) &&
		(r.Measure == "" || r.Measure == MeasureStatement) &&
		(r.Victims == "" || r.Victims == VictimsAll) &&
		m.IdleInTransaction == Unknown && m.lasting()
}

// budget returns the rule's budget for the session, with a note on what changed
// it.
func (b *bench) budget(rule *Rule, c *candidate) (budget time.Duration, note string) {
	budget = rule.Budget
	if asked, ok := c.tag().Budget(); ok && rule.TagBudget != (Span[time.Duration]{}) {
		budget = max(asked, rule.TagBudget.Min)
		if budget = min(budget, cmp.Or(rule.TagBudget.Max, rule.Budget)); budget == asked {
			note = ", by its tag"
		} else {
			note = fmt.Sprintf(", its tag asks for %s", short(asked))
		}
	}
	if b.State.Overload && b.Rules.Overload.Factor > 0 {
		budget = time.Duration(float64(budget) * b.Rules.Overload.Factor)
		note += fmt.Sprintf(", × %g under overload", b.Rules.Overload.Factor)
	}
	return budget, note
}

// check returns what the act would cost, and why it may not be done: what has
// to be known and is not counts as a no.
func (b *bench) check(rule *Rule, c *candidate, act Act) (rollback *time.Duration, refused string) {
	rollback = b.rollback(c)
	if act == ActWarn {
		return rollback, ""
	}
	readOnly := act == ActQuery && c.kind == KindSelect && !c.idle()
	forced := rule.ForceRollback == Yes
	limit := cmp.Or(rule.RollbackLimit, DefaultRollbackLimit)
	switch {
	case act == ActQuery && c.idle():
		return rollback, "it is idle, so there is no statement to kill: the rule needs kill_connection"
	case act == ActConnection && c.HoldsTables == Unknown && !slices.Contains(rule.Unprotect, ClassLockTables):
		return rollback, "whether it holds LOCK TABLES is not known: unprotect lock_tables to end it all the same"
	case c.idle() && !c.known("program") && len(rule.Match.User) == 0:
		return rollback, "it is idle and its program is not known, so it may be a backup's or Underpin's: name its user in the rule"
	case c.RollingBack == Unknown && !readOnly && !forced:
		return rollback, "whether it is rolling back already is not known: force_rollback kills it all the same"
	case rollback == nil && !readOnly && !forced:
		return rollback, "how many rows it has modified is not known: force_rollback kills it all the same"
	case rollback != nil && *rollback > limit && !forced:
		return rollback, fmt.Sprintf("undoing %d rows would take about %s, more than %s", c.RowsModified, short(*rollback), short(limit))
	}
	return rollback, ""
}

// groupKey is what makes sessions alike for a rule.
type groupKey struct {
	rule *Rule
	key  string
}

func (r *Rule) groupOf(c *candidate) groupKey {
	switch r.Group {
	case GroupDigest:
		return groupKey{r, c.digest()}
	case GroupUser:
		return groupKey{r, c.User}
	case GroupHost:
		return groupKey{r, c.Host}
	case GroupDatabase:
		return groupKey{r, c.Database}
	}
	return groupKey{r, ""}
}

// choose leaves only the victims of a group with an act. While one that was
// chosen is dying, oldest and newest choose no other.
func (r *Rule) choose(verdicts []Verdict, all []*candidate, due []int, dying map[StatementID]string) {
	if r.Victims == VictimsAll || r.Victims == "" {
		return
	}
	slices.SortFunc(due, func(a, b int) int { // the oldest first
		return cmp.Or(cmp.Compare(verdicts[b].Measured, verdicts[a].Measured), cmp.Compare(all[a].ID, all[b].ID))
	})
	spared := due[1:]
	switch r.Victims {
	case VictimsNewest:
		spared = due[:len(due)-1]
	case VictimsAllButOldest:
		spared = due[:1]
	}
	if r.Victims != VictimsAllButOldest && r.waits(all, r.groupOf(all[due[0]]), dying) {
		spared = due
	}
	for _, i := range spared {
		if _, ours := dying[all[i].Statement]; ours {
			continue
		}
		v := &verdicts[i]
		v.Act, v.Escalate, v.EscalateRefused = "", Escalation{}, ""
		v.Reason += fmt.Sprintf("; spared: %s of %d", r.Victims, len(due))
	}
}

// waits says whether a victim of the group is dying.
func (r *Rule) waits(all []*candidate, key groupKey, dying map[StatementID]string) bool {
	return slices.ContainsFunc(all, func(c *candidate) bool {
		return dying[c.Statement] == r.Name && r.groupOf(c) == key
	})
}

// short writes a duration for people.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Truncate(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Truncate(10 * time.Millisecond).String()
	}
	return d.Truncate(time.Microsecond).String()
}
