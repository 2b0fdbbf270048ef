package cli

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/querykiller"
)

// testOptions are the flags of killer test.
type testOptions struct {
	list, rules string
	budget      time.Duration
	overload    bool
}

// testResult is the result of killer test.
type testResult struct {
	File     string     `json:"file"`
	Sessions []testLine `json:"sessions"`
	// Kills is how many sessions would be ended, Differ how many verdicts are not
	// what the file expects.
	Kills  int `json:"kills"`
	Differ int `json:"differ"`
}

// testLine is a session of a saved process list with what the rules say of it.
type testLine struct {
	Line     int                 `json:"line"` // of the file
	Snapshot int                 `json:"snapshot"`
	Session  uint64              `json:"session"`
	User     string              `json:"user"`
	Host     string              `json:"host"`
	Text     string              `json:"text,omitempty"` // without literals
	Verdict  querykiller.Verdict `json:"verdict"`
	Says     string              `json:"says"`
	Expect   string              `json:"expect,omitempty"`
	Differs  bool                `json:"differs,omitempty"`
}

// killerTestCommand tries rules on a saved process list.
func killerTestCommand(a *app) *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use:   "test",
		Short: "Try rules on a saved process list",
		Long: `Judge a saved process list and print, for each of its rows, the verdict with rule
and reason. The file is what underpin killer record writes, or what the mysql
client prints for SHOW FULL PROCESSLIST, as a table or with \G. No server is
asked and nothing is killed.

A row may say which verdict it expects, as "=> kill_query web-reads" or
"=> protected backup" behind it. A verdict that differs from what is expected
gives exit code 1, so that rules can be tested before they are rolled out; to be
killed by itself is not.`,
		Example: "  mysql -e 'SHOW FULL PROCESSLIST' -t > now.txt && underpin killer test --processlist now.txt --rules killer.yaml\n  underpin killer test --processlist busy.jsonl --budget 2s",
		Args:    takes(),
		RunE: func(_ *cobra.Command, _ []string) error {
			if o.list == "" {
				return usagef("give the saved process list with --processlist FILE, or - for standard input")
			}
			return a.testRules(o)
		},
	}
	addRulesFlags(c, &o.rules, &o.budget)
	c.Flags().StringVar(&o.list, "processlist", "", "file with the process list; - is standard input")
	c.Flags().BoolVar(&o.overload, "overload", false, "judge as if the server were overloaded")
	return c
}

func (a *app) testRules(o testOptions) error {
	rules, err := loadRules(o.rules, o.budget)
	if err != nil {
		return err
	}
	in := a.stdin
	if o.list != "-" {
		file, err := os.Open(o.list)
		if err != nil {
			return &usageError{err: fmt.Errorf("read the process list: %w", err)}
		}
		defer file.Close()
		in = file
	}
	all, err := querykiller.ReadSaved(in)
	if err != nil {
		return &usageError{err: fmt.Errorf("%s: %w", o.list, err)}
	}
	out := testResult{File: o.list, Sessions: []testLine{}}
	for i, saved := range all {
		for j, v := range rules.Judge(saved.Snapshot, querykiller.State{Overload: o.overload}) {
			out.add(saved, i+1, j, v)
		}
	}
	if err := a.emit(out, func(p *page) { p.tested(out, len(all) > 1) }); err != nil || out.Differ == 0 {
		return err
	}
	return outcome{exitRefused}
}

// add enters the verdict on one session.
func (r *testResult) add(saved querykiller.Saved, snapshot, i int, v querykiller.Verdict) {
	s := saved.Snapshot.Sessions[i]
	l := testLine{
		Line: saved.Line[i], Snapshot: snapshot, Session: s.ID, User: s.User, Host: s.Host,
		Text: querykiller.Redact(s.Text), Verdict: v, Says: v.String(), Expect: saved.Expect[i],
	}
	if l.Differs = l.Expect != "" && !v.Is(l.Expect); l.Differs {
		r.Differ++
	}
	if v.Act == querykiller.ActQuery || v.Act == querykiller.ActConnection {
		r.Kills++
	}
	r.Sessions = append(r.Sessions, l)
}

// tested shows the verdicts on a saved process list.
func (p *page) tested(r testResult, several bool) {
	rows := p.head("line", "session", "user", "verdict", "statement")
	for _, l := range r.Sessions {
		line, says := fmt.Sprint(l.Line), p.verdict(l.Verdict)
		if several {
			line = fmt.Sprintf("%d/%d", l.Snapshot, l.Line)
		}
		if l.Differs {
			says += p.bad("  expected: " + l.Expect)
		}
		rows = append(rows, []string{line, fmt.Sprint(l.Session), cmp.Or(l.User, "–"), says, p.dim(cut(l.Text, mostStatement))})
	}
	p.table("", rows)
	p.gap()
	p.line("%s, %d would be killed", count(len(r.Sessions), "session"), r.Kills)
	if r.Differ > 0 {
		p.line("%s %s not what the file expects", p.bad("✗"), count(r.Differ, "verdict"))
	}
}
