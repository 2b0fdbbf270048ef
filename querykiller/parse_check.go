package querykiller

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/yamlx"
)

// rulePattern is what a rule may be called.
var rulePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// impossible are rules that could never act, or not do what they seem to say.
// Each names the field that is to blame.
var impossible = []struct {
	field   string
	holds   func(r *Rule, all *Rules) bool
	problem string
	hint    string
}{
	{"action", func(r *Rule, _ *Rules) bool { return r.Measure == MeasureIdle && r.kills(ActQuery) },
		"kill_query ends a statement, and an idle session runs none", "use kill_connection or warn"},
	{"action", func(r *Rule, _ *Rules) bool { return r.Measure == MeasureTransaction && r.kills(ActQuery) },
		"kill_query leaves the transaction open", "use kill_connection or warn"},
	{"escalate", func(r *Rule, _ *Rules) bool { return r.Escalate.To != "" && r.Action != ActQuery },
		"only kill_query can be escalated", "leave it out, or begin with `action: kill_query`"},

	{"match.kind", func(r *Rule, _ *Rules) bool { return r.Measure == MeasureIdle && r.Match.Kind != nil },
		"an idle session runs a statement of no kind", "leave it out"},
	{"match.kind", func(r *Rule, _ *Rules) bool {
		return slices.Contains(r.Match.Kind, KindDDL) && !r.unprotects(ClassDDL)
	}, "DDL is protected, so no session can match", "add `unprotect: [ddl]` if it is meant"},
	{"match.command", func(r *Rule, _ *Rules) bool {
		idle := slices.ContainsFunc(r.Match.Command, isIdleCommand)
		return idle && (r.Measure == MeasureStatement || r.Measure == MeasureLockWait)
	}, "a session with the command Sleep runs no statement", "use `measure: idle`"},
	{"match.command", func(r *Rule, _ *Rules) bool {
		return r.Measure == MeasureIdle && r.Match.Command != nil && !slices.ContainsFunc(r.Match.Command, isIdleCommand)
	}, "an idle session has the command Sleep", "leave it out"},
	{"match.command", func(r *Rule, _ *Rules) bool {
		return slices.ContainsFunc(r.Match.Command, isReplicationCommand) && !r.unprotects(ClassReplication)
	}, "replication is protected, so no session can match", "add `unprotect: [replication]` if it is meant"},
	{"match.command", func(r *Rule, _ *Rules) bool {
		return slices.ContainsFunc(r.Match.Command, func(c string) bool { return strings.EqualFold(c, "Daemon") }) && !r.unprotects(ClassDaemon)
	}, "daemons are protected, so no session can match", "add `unprotect: [daemon]` if it is meant"},
	{"match.command", func(r *Rule, _ *Rules) bool {
		return slices.ContainsFunc(r.Match.Command, func(c string) bool { return strings.EqualFold(c, "Killed") })
	}, "what is being killed already is always protected", "leave it out"},
	{"match.user", func(r *Rule, _ *Rules) bool {
		return r.Match.User.allExact(systemUsers) && !r.unprotects(ClassSystem)
	}, "the server's own accounts are protected, so no session can match", "add `unprotect: [system]` if it is meant"},
	{"match.program", func(r *Rule, _ *Rules) bool {
		return r.Match.Program.allExact(backupPrograms) && !r.unprotects(ClassBackup)
	}, "backups are protected, so no session can match", "add `unprotect: [backup]` if it is meant"},
	{"match.idle_in_transaction", func(r *Rule, _ *Rules) bool {
		return r.Match.IdleInTransaction == Yes && (r.Measure == MeasureStatement || r.Measure == MeasureLockWait)
	}, "an idle session runs no statement", "use `measure: idle`"},

	{"match.age", func(r *Rule, all *Rules) bool {
		return (r.Measure == MeasureStatement || r.Measure == MeasureIdle) && r.over(r.Match.Age, all)
	}, "the rule stops matching before its budget is used up", "raise max above the budget"},
	{"match.lock_wait", func(r *Rule, all *Rules) bool { return r.Measure == MeasureLockWait && r.over(r.Match.LockWait, all) },
		"the rule stops matching before its budget is used up", "raise max above the budget"},
	{"match.transaction", func(r *Rule, all *Rules) bool {
		return r.Measure == MeasureTransaction && r.over(r.Match.Transaction, all)
	},
		"the rule stops matching before its budget is used up", "raise max above the budget"},

	{"tag_budget", func(r *Rule, _ *Rules) bool { return r.TagBudget.Max == 0 && r.TagBudget.Min > r.Budget },
		"without max a tag may only shorten the budget, and min is more than that", "give max"},
	{"group", func(r *Rule, _ *Rules) bool { return r.Group != GroupRule && r.Victims == VictimsAll },
		"a group says nothing while all of it are victims", "add `victims: oldest`, newest or all_but_oldest"},
}

// notWith lists fields that make no sense with an action.
var notWith = map[Act][]string{
	ActLeave: {"budget", "tag_budget", "measure", "escalate", "group", "victims", "quiet", "rate", "rollback_limit", "force_rollback", "unprotect"},
	ActWarn:  {"escalate", "rate", "rollback_limit", "force_rollback"},
}

// checkRule checks what the fields of a rule say together.
func (d *decoder) checkRule(w written, all *Rules) {
	for _, name := range []string{"name", "action", "budget"} {
		if _, ok := w.has[name]; !ok && (name != "budget" || w.Action != ActLeave) {
			d.Fail(w.at, yamlx.Join(w.path, name), "the field is missing", "add `"+name+":`")
		}
	}
	if w.Name != "" && !rulePattern.MatchString(w.Name) {
		d.Fail(w.has["name"], w.path+".name", fmt.Sprintf("%q is no name for a rule", w.Name),
			"use small letters, digits, hyphens and underscores, 63 at most, beginning with a letter or digit")
	}
	for _, name := range notWith[w.Action] {
		if at, ok := w.has[name]; ok {
			d.Fail(at, yamlx.Join(w.path, name), "a rule that does `"+string(w.Action)+"` has no use for it", "leave it out")
		}
	}
	if w.Action == ActLeave {
		return
	}
	for _, one := range impossible {
		if at, ok := w.has[one.field]; ok && one.holds(w.Rule, all) {
			d.Fail(at, yamlx.Join(w.path, one.field), one.problem, one.hint)
		}
	}
}

// checkOrder refuses a name that stands twice, and a rule that no session can
// reach.
func (d *decoder) checkOrder(w written, before []written) {
	for _, b := range before {
		if w.Name != "" && w.Name == b.Name {
			d.Fail(w.has["name"], w.path+".name", fmt.Sprintf("the rule in line %d has that name already", b.Line), "give each its own")
		}
		if _, conditions := b.has["match"]; b.Action == ActLeave && !conditions {
			d.Fail(w.at, w.path, fmt.Sprintf("it is never reached: the rule in line %d leaves every session alone", b.Line), "put that rule last, or give it a match")
			return
		}
	}
}

// kills says whether the rule does the act and nothing stronger after it.
func (r *Rule) kills(act Act) bool { return r.Action == act && r.Escalate.To == "" }

func (r *Rule) unprotects(c Class) bool { return slices.Contains(r.Unprotect, c) }

// over says whether a condition ends below the least budget the rule can have.
func (r *Rule) over(s Span[time.Duration], all *Rules) bool {
	least := r.least()
	if all.Overload.Factor > 0 {
		least = time.Duration(float64(least) * all.Overload.Factor)
	}
	return s.Max > 0 && s.Max < least
}

// least is the least budget that a statement may ask the rule for.
func (r *Rule) least() time.Duration {
	if r.TagBudget == (Span[time.Duration]{}) {
		return r.Budget
	}
	return min(r.Budget, max(r.TagBudget.Min, 1))
}

// allExact says whether there are patterns, and each is one of the words.
func (p Patterns) allExact(words []string) bool {
	return len(p) > 0 && !slices.ContainsFunc(p, func(one Pattern) bool {
		return one.Regexp != nil || !slices.Contains(words, strings.ToLower(one.Exact))
	})
}

func isIdleCommand(c string) bool { return strings.EqualFold(c, "Sleep") }

func isReplicationCommand(c string) bool { return hasPrefix(strings.ToLower(c), replicationCommands) }
