package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/querykiller"
)

// explainOptions are the flags of killer explain.
type explainOptions struct {
	rules    string
	budget   time.Duration
	watch    bool
	all      bool
	withText bool
	interval time.Duration
}

// explanation is the result of killer explain.
type explanation struct {
	At       time.Time           `json:"at"`
	Server   string              `json:"server"`
	Blocking []*querykiller.Node `json:"blocking"` // who holds others up, as a tree
	// Incomplete says that waits could not be read as they are: see the notes.
	Incomplete bool     `json:"incomplete,omitempty"`
	Sessions   []judged `json:"sessions"`
	Notes      []string `json:"notes,omitempty"`
}

// judged is a session with what the rules say of it.
type judged struct {
	Session querykiller.Session `json:"session"`
	Verdict querykiller.Verdict `json:"verdict"`
	Says    string              `json:"says"` // the verdict in words
}

// explainBudget is that of the built-in rules where no rules are given.
const explainBudget = 30 * time.Second

// killerExplainCommand shows who blocks whom, and what the rules say.
func killerExplainCommand(a *app) *cobra.Command {
	var o explainOptions
	c := &cobra.Command{
		Use:   "explain",
		Short: "Show who blocks whom right now, and what the rules say of each session",
		Long: `Show who waits for whom right now, as a tree, and what the rules say of every
session that runs something or has a transaction open, with the reason. Without
--rules the built-in rules are asked, with a budget of 30 s unless --budget says
otherwise. Nothing is killed. Literals of statements are not shown unless
--with-text asks for them.`,
		Example: "  underpin killer explain\n  underpin killer explain --rules killer.yaml --watch\n  underpin killer explain --json | jq '.blocking'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.interval < 10*time.Millisecond {
				return usagef("--interval %s: it has to be 10ms or more", o.interval)
			}
			if o.rules == "" && o.budget == 0 {
				o.budget = explainBudget
			}
			return a.explain(c.Context(), o)
		},
	}
	addRulesFlags(c, &o.rules, &o.budget)
	c.Flags().BoolVar(&o.watch, "watch", false, "show it again and again until Ctrl-C")
	c.Flags().BoolVar(&o.all, "all", false, "show idle sessions too")
	c.Flags().BoolVar(&o.withText, "with-text", false, "show the literals of statements")
	c.Flags().DurationVar(&o.interval, "interval", time.Second, "how often to look with --watch")
	return c
}

func (a *app) explain(ctx context.Context, o explainOptions) error {
	rules, err := loadRules(o.rules, o.budget)
	if err != nil {
		return err
	}
	server, err := a.watched(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	for {
		e, err := explainOnce(ctx, server, rules, o)
		if err != nil {
			return endOfWatch(ctx, err)
		}
		if !o.watch {
			return a.emit(e, func(p *page) { p.explanation(e) })
		}
		if err := a.showAgain(e, func(p *page) { p.explanation(e) }); err != nil {
			return err
		}
		if err := mysqlx.Wait(ctx, o.interval); err != nil {
			return endOfWatch(ctx, err)
		}
	}
}

// showAgain prints one look of many: over the last one on a terminal, below it
// elsewhere, or as an object on a line of its own.
func (a *app) showAgain(value any, show func(p *page)) error {
	if a.settings.JSON {
		return a.writeJSONLine(value)
	}
	p := newPage(a.styleOf(a.stdout))
	show(p)
	if isTerminal(a.stdout) {
		fmt.Fprint(a.stdout, "\x1b[H\x1b[2J")
	} else {
		p.gap()
	}
	p.writeTo(a.stdout)
	return nil
}

// explainOnce asks the server twice, for the tree and for the sessions: what
// ends in between is in one of them only.
func explainOnce(ctx context.Context, server querykiller.Server, rules *querykiller.Rules, o explainOptions) (explanation, error) {
	tree, err := querykiller.Explain(ctx, server)
	if err != nil {
		return explanation{}, err
	}
	s, err := server.Poll(ctx)
	if err != nil {
		return explanation{}, err
	}
	verdicts := rules.Judge(s, querykiller.State{})
	shown := s
	if !o.withText {
		shown = s.Redacted()
		for _, root := range tree.Roots {
			withoutLiterals(root)
		}
	}
	e := explanation{
		At: s.At, Server: string(s.Flavour) + " " + s.Version,
		Blocking: tree.Roots, Incomplete: tree.Incomplete, Sessions: []judged{}, Notes: tree.Notes,
	}
	for i, v := range verdicts {
		if session := shown.Sessions[i]; o.all || active(session, v) {
			e.Sessions = append(e.Sessions, judged{session, v, v.String()})
		}
	}
	slices.SortStableFunc(e.Sessions, func(a, b judged) int { return int(b.Session.Age - a.Session.Age) })
	return e, nil
}

// active says whether a session is worth a line: it runs something, holds a
// transaction open, or a rule has something to say of it.
func active(s querykiller.Session, v querykiller.Verdict) bool {
	return !s.System && (s.Command != "Sleep" && s.Command != "Daemon" || s.Transaction > 0 || v.Rule != "")
}

// withoutLiterals takes the literals out of the statements of a tree.
func withoutLiterals(n *querykiller.Node) {
	n.Session.Text = querykiller.Redact(n.Session.Text)
	for _, w := range n.Waiting {
		withoutLiterals(w)
	}
}

// explanation shows who blocks whom and the verdicts.
func (p *page) explanation(e explanation) {
	p.line("%s  %s", p.bold(e.Server), p.dim(e.At.UTC().Format("2006-01-02 15:04:05.000Z")))
	p.gap()
	var tree strings.Builder
	// It fails only if the writer does, and a builder does not.
	_ = (&querykiller.Tree{Roots: e.Blocking, Incomplete: e.Incomplete}).WriteText(&tree)
	p.line("%s", strings.TrimRight(tree.String(), "\n"))
	if len(e.Sessions) > 0 {
		p.gap()
		rows := p.head("session", "user", "age", "verdict", "statement")
		for _, j := range e.Sessions {
			s := j.Session
			rows = append(rows, []string{fmt.Sprint(s.ID), s.User + "@" + s.Host, exactly(s.Age), p.verdict(j.Verdict), p.dim(cut(s.Text, mostStatement))})
		}
		p.table("", rows)
	}
	for _, n := range e.Notes {
		p.line("%s %s", p.warn("!"), n)
	}
}

// verdict shows what the rules say.
func (p *page) verdict(v querykiller.Verdict) string {
	switch {
	case v.Refused:
		return p.warn(v.String())
	case v.Act == querykiller.ActQuery, v.Act == querykiller.ActConnection:
		return p.bad(v.String())
	case v.Act == querykiller.ActWarn:
		return p.warn(v.String())
	}
	return v.String()
}
