package querykiller_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

func parse(t *testing.T, text string) *querykiller.Rules {
	t.Helper()
	rules, err := querykiller.ParseRules("rules.yaml", strings.NewReader(text))
	require.NoError(t, err)
	return rules
}

func TestParseEveryField(t *testing.T) {
	text, err := os.ReadFile("testdata/rules/full.yaml")
	require.NoError(t, err)
	r := parse(t, string(text))
	require.Len(t, r.Rules, 9)
	require.Equal(t, querykiller.ActLeave, r.Rules[0].Action)
	require.Equal(t, 3, r.Rules[0].Line)
	require.Equal(t, "/^reports-/", r.Rules[0].Match.Host[1].String())
	require.Equal(t, querykiller.Escalation{To: querykiller.ActConnection, After: 2 * time.Second}, r.Rules[1].Escalate)
	require.Equal(t, querykiller.Blocks{Lock: querykiller.LockMetadata, Waiter: []querykiller.Kind{querykiller.KindDDL}}, r.Rules[1].Match.Blocks)
	require.Equal(t, querykiller.VictimsAllButOldest, r.Rules[2].Victims)
	require.Equal(t, querykiller.Span[time.Duration]{Min: 100 * time.Millisecond, Max: 2 * time.Second}, r.Rules[3].TagBudget)
	require.Equal(t, uint64(100_000), r.Rules[3].Match.RowsExamined.Min)
	quiet := r.Rules[4].Quiet[0]
	require.Equal(t, []any{22 * 60, 6 * 60, "Europe/Berlin"}, []any{quiet.From, quiet.To, quiet.Zone.String()})
	require.Equal(t, []time.Weekday{time.Monday, time.Tuesday}, quiet.Days)
	require.Equal(t, querykiller.Limit{Kills: 5, Per: time.Minute}, r.Rules[6].Rate)
	require.Equal(t, 2500*time.Millisecond, r.Rules[8].Budget)
	require.Equal(t, querykiller.No, r.Rules[8].ForceRollback)
	require.Equal(t, querykiller.Overload{ThreadsRunning: 64, Connections: 85, Factor: 0.5, Until: 75, Calm: 30 * time.Second}, r.Overload)
	require.Equal(t, querykiller.Limit{Kills: 60, Per: time.Minute}, r.Breaker)
	require.InDelta(t, 25_000, r.UndoRate, 0)
}

// rule puts one rule of flow style into a file; its fields stand in line 2.
func rule(fields string) string {
	return "rules:\n  - {name: a, action: kill_query, budget: 1s, " + fields + "}\n"
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "it is empty"},
		{"rules: [", "rules.yaml:1:8: the YAML is malformed"},
		{"rules: []", "rules.yaml:1:8: rules: this has to be a list of rules"},
		{"rules: 5", "rules: this has to be a list of rules, and is a scalar"},
		{"- a", "this has to be a mapping, and is a list"},
		{"breaker: {kills: 1, per: 1s}", "rules: the field is missing"},
		{"rules: [{name: a, action: leave}]\n---\nrules: []", "rules.yaml:3:1: a second YAML document"},
		{"rules:\n  - {name: a, budget: 1s}", "rules.yaml:2:5: rules[0].action: the field is missing"},
		{"rules:\n  - {name: a, action: warn}", "rules[0].budget: the field is missing"},
		{"rules:\n  - {action: leave}", "rules[0].name: the field is missing"},
		{"rules:\n  - {name: A b, action: leave}", `"A b" is no name`},
		{"rules:\n  - {name: a, action: leave, budget: 1s}", "rules.yaml:2:30: rules[0].budget: a rule that does `leave` has no use for it"},
		{"rules:\n  - {name: a, action: leave}\n  - {name: b, action: leave}", "rules.yaml:3:5: rules[1]: it is never reached"},
		{"rules:\n  - {name: a, action: warn, budget: 1s}\n  - {name: a, action: warn, budget: 1s}", "rules.yaml:3:6: rules[1].name: the rule in line 2 has that name"},
		{"rules:\n  - {name: a, action: kill, budget: 1s}", `rules[0].action: "kill" is not one of the words here; they are leave, warn, kill_query, kill_connection`},
		{"rules:\n  - {name: a, action: warn, budget: 0s}", "rules[0].budget: this has to be a duration of more than zero"},
		{"rules:\n  - {name: a, action: warn, budget: -1s}", "more than zero"},
		{"rules:\n  - {name: a, action: warn, budget: 30}", "write it like 2s"},
		{rule("budgets: 1s"), "rules.yaml:2:47: rules[0].budgets: there is no such field; the fields here are action, budget,"},
		{rule("budget: 2s"), "rules[0].budget: the field stands here for a second time"},
		{rule("match: {user: '/[/'}"), "rules[0].match.user: the regular expression does not compile"},
		{rule("match: {user: '//'}"), "the regular expression does not compile"},
		{rule("match: {user: []}"), "the list is empty"},
		{rule("match: {user: {a: b}}"), "this has to be a text, and is a mapping"},
		{rule(`match: {user: ""}`), "the text is empty"},
		{rule("match: {kind: [select, select]}"), "stands here twice"},
		{rule("match: {kind: ddl}"), "rules[0].match.kind: DDL is protected"},
		{rule("match: {command: Binlog Dump GTID}"), "replication is protected"},
		{rule("match: {command: Daemon}"), "daemons are protected"},
		{rule("match: {command: Killed}, unprotect: [replication]"), "always protected"},
		{rule("match: {command: Sleep}"), "a session with the command Sleep runs no statement"},
		{rule("match: {user: mysql.session}"), "own accounts are protected"},
		{rule("match: {program: mysqldump}"), "backups are protected"},
		{rule("match: {idle_in_transaction: true}"), "an idle session runs no statement"},
		{rule("match: {idle_in_transaction: maybe}"), "true or false"},
		{rule("match: {rows_examined: {min: 5, max: 3}}"), "min 5 is more than max 3"},
		{rule("match: {rows_examined: {min: -5}}"), "whole number"},
		{rule("match: {same_digest: {}}"), "the range is open at both ends"},
		{rule("match: {age: {max: 500ms}}"), "rules[0].match.age: the rule stops matching before its budget is used up"},
		{rule("match: {blocks: {}}"), "it names neither lock nor waiter"},
		{rule("match: {tag: {'a;b': x}}"), "cannot be the key of a tag"},
		{rule("measure: idle"), "kill_query ends a statement, and an idle session runs none"},
		{rule("measure: transaction"), "kill_query leaves the transaction open"},
		{rule("measure: sometimes"), "they are statement, idle, transaction, lock_wait, blocking"},
		{rule("unprotect: [rolling_back]"), `"rolling_back" is not one of the words`},
		{rule("unprotect: [all]"), "they are replication, daemon, ddl"},
		{rule("escalate: {to: kill_connection}"), "rules[0].escalate.after: the field is missing"},
		{rule("escalate: {to: kill_query, after: 1s}"), `"kill_query" is not one of the words here`},
		{rule("rate: {kills: 0, per: 1s}"), "whole number from 1"},
		{rule("tag_budget: {min: 2s}"), "a tag may only shorten the budget"},
		{rule("tag_budget: {min: 2s, max: 1s}"), "min 2s is more than max 1s"},
		{rule("group: digest"), "a group says nothing"},
		{rule(`quiet: {from: "25:00", to: "06:00"}`), "time of day"},
		{rule(`quiet: {from: "06:00", to: "06:00"}`), "begin and end at the same time"},
		{rule(`quiet: {from: "06:00", to: "07:00", zone: Mars/Phobos}`), `no time zone "Mars/Phobos"`},
		{rule(`quiet: {from: "06:00", to: "07:00", days: [monday]}`), "sun, mon, tue"},
		{rule("rollback_limit: 0s"), "more than zero"},
		{rule("force_rollback: 1"), "true or false"},
		{"rules: [{name: a, action: leave}]\noverload: {factor: 0.5}", "rules.yaml:2:11: overload: it has no threshold"},
		{"rules: [{name: a, action: leave}]\noverload: {connections: 120}", "at most 100"},
		{"rules: [{name: a, action: leave}]\noverload: {connections: 80, factor: 1}", "overload.factor"},
		{"rules: [{name: a, action: leave}]\nbreaker: {kills: 5}", "breaker.per: the field is missing"},
		{"rules: [{name: a, action: leave}]\nundo_rate: 0", "undo_rate"},
		{"rules: [{name: a, action: leave}]\nundo_rate: NaN", "undo_rate"},
		{"rules: [&a {name: a, action: leave}]", "an anchor, alias or tag"},
	} {
		_, err := querykiller.ParseRules("rules.yaml", strings.NewReader(c.text))
		require.ErrorContains(t, err, c.want, c.text)
		var all querykiller.ParseErrors
		require.ErrorAs(t, err, &all, c.text)
	}
}

func TestParseTellsEveryMistakeAtOnce(t *testing.T) {
	_, err := querykiller.ParseRules("r.yaml", strings.NewReader("rules:\n- name: a\n  budget: 0s\n  action: kil\n  match: {user: /(/, min: 1}\nbreaker: no\n"))
	var all querykiller.ParseErrors
	require.ErrorAs(t, err, &all)
	lines := map[int]bool{}
	for _, e := range all {
		lines[e.Line] = true
		require.Positive(t, e.Column)
	}
	require.Equal(t, map[int]bool{3: true, 4: true, 5: true, 6: true}, lines, err)
}

func TestParseReader(t *testing.T) {
	broken := errors.New("broken")
	_, err := querykiller.ParseRules("r.yaml", iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = querykiller.ParseRules("r.yaml", strings.NewReader(strings.Repeat("#", querykiller.MaxRulesSize+1)))
	require.ErrorContains(t, err, "larger than")
}

func TestDefaultRules(t *testing.T) {
	_, err := querykiller.DefaultRules(0)
	require.ErrorContains(t, err, "more than zero")
	_, err = querykiller.DefaultRules(-time.Second)
	require.Error(t, err)
	r, err := querykiller.DefaultRules(30 * time.Second)
	require.NoError(t, err)
	require.Len(t, r.Rules, 4)
	require.Equal(t, querykiller.DefaultBreaker(), r.Breaker)
}

func FuzzParseRules(f *testing.F) {
	full, err := os.ReadFile("testdata/rules/full.yaml")
	require.NoError(f, err)
	f.Add(string(full))
	f.Add(rule("match: {user: /x/}"))
	f.Add("rules:\n- name: a\n")
	f.Add("rules: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := querykiller.ParseRules("f", strings.NewReader(text))
		if err != nil {
			var all querykiller.ParseErrors
			require.ErrorAs(t, err, &all)
			require.NotEmpty(t, all)
			return
		}
		require.NotEmpty(t, r.Rules)
		for _, one := range r.Rules {
			require.NotEmpty(t, one.Name)
			require.True(t, one.Budget > 0 || one.Action == querykiller.ActLeave, "a rule without a budget would kill everything")
		}
		r.Judge(&querykiller.Snapshot{Sessions: []querykiller.Session{{ID: 1, Command: "Query", Text: text}}}, querykiller.State{})
	})
}
