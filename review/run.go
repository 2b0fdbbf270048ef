package review

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pingcap/tidb/pkg/parser"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// Input is what one review looks at.
type Input struct {
	// Migrations are in the order in which they are run, past ones included.
	Migrations []*Migration
	// Rules are the rules there are; which of them run is for Config to say.
	Rules []Rule
	Facts *Facts     // nil: none are known
	Code  *CodeIndex // nil: none was given
	// Unread is what was seen and could not be read, and why: it goes to what
	// was not checked.
	Unread []string
	// CodeChanges is what the pull request changes in Go code; nil: not known.
	CodeChanges *CodeChanges
	// SignOffs are, by cache, what people have signed of the change of its format;
	// nil: nobody is asked to.
	SignOffs map[string]SignOff
	// Derive makes the change files of fixes against the database at hand; nil:
	// they are written without one.
	Derive Deriver
	Config Config
}

// Report is what a review found.
type Report struct {
	// Findings are those that count, the gravest first within a category, in
	// the order of the categories; Waived are those that somebody took
	// responsibility for, by a waiver or by signatures.
	Findings, Waived []Finding
	// NotChecked is what rules could not judge, for want of what. Without a
	// code it is of all rules.
	NotChecked []Skip
	// Rules are those that ran.
	Rules []Rule
	// Server is what statements were judged for; Assumed says that nobody
	// named it.
	Server  ddl.Server
	Assumed bool
	// Migrations and Statements count what was under review.
	Migrations, Statements int
}

// input is what all passes share.
type input struct {
	Input
	migrations []*Migration
	server     ddl.Server
	assumed    bool
	waivers    []*JudgedWaiver
	// facts are those of tables, by lower-case name.
	facts map[string]TableFacts
	// after are the tables as all migrations leave them.
	after map[string]*Table
}

// Run reviews the migrations. It parses them, as many at a time as there are
// processors, replays them in order, and runs the rules side by side. The
// migrations are the review's to write to while it runs. The error is that of
// the context.
func Run(ctx context.Context, in Input) (*Report, error) {
	if in.Config.Now.IsZero() {
		in.Config.Now = time.Now()
	}
	r := &input{Input: in, migrations: in.Migrations}
	r.server, r.assumed = serverOf(in)
	r.facts = map[string]TableFacts{}
	if in.Facts != nil {
		for _, t := range in.Facts.Tables {
			r.facts[fold(t.Name)] = t
		}
	}
	side(ctx, len(r.migrations), func() func(int) {
		p := parser.New()
		return func(i int) { r.migrations[i].parse(p, r.server) }
	})
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	r.replay()
	side(ctx, len(r.migrations), func() func(int) {
		return func(i int) { r.migrations[i].operate() }
	})
	r.waivers = r.collectWaivers()
	report := &Report{Server: r.server, Assumed: r.assumed}
	r.check(ctx, report, func(c Category) bool { return c != Waivers })
	r.signOff(report)
	r.waive(report)
	r.check(ctx, report, func(c Category) bool { return c == Waivers })
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	r.gaps(report)
	r.finish(report)
	if err := r.derive(ctx, report); err != nil {
		return nil, err
	}
	sortSkips(report.NotChecked)
	return report, nil
}

// oldFacts is the age from which facts are told to be old.
const oldFacts = 30 * 24 * time.Hour

// gaps says what no rule could see, whatever it looked for.
func (r *input) gaps(report *Report) {
	add := func(format string, args ...any) {
		report.NotChecked = append(report.NotChecked, Skip{Reason: fmt.Sprintf(format, args...)})
	}
	for _, u := range r.Unread {
		add("%s", u)
	}
	for _, m := range r.migrations {
		for _, s := range m.Statements {
			if err := s.unjudged(); err != nil && m.Standing != Past {
				add("what the statement locks or copies that begins at %s:%d: %v", m.Path, s.Span().Start.Line, problemOf(err))
			}
		}
	}
	if r.Facts != nil {
		for _, b := range r.Facts.Blind {
			add("what the database did not tell: %s", b)
		}
		if age := r.Config.Now.Sub(r.Facts.Taken); !r.Facts.Taken.IsZero() && age > oldFacts {
			add("what has changed in the database since %s, when the facts were read: run underpin stats again", r.Facts.Taken.Format(time.DateOnly))
		}
	}
	if r.Code != nil {
		for _, p := range r.Code.Problems {
			add("all of the code, because of %s", p)
		}
	}
}

// serverOf returns the server that statements are judged for.
func serverOf(in Input) (server ddl.Server, assumed bool) {
	switch {
	case in.Facts != nil && in.Facts.Server.Flavour != "":
		return in.Facts.Server, false
	case in.Config.Server.Flavour != "":
		return in.Config.Server, false
	}
	return AssumedServer, true
}

// side runs a task for every index, as many at a time as there are processors;
// each worker makes its own task.
func side(ctx context.Context, n int, worker func() func(int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			task := worker()
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				task(i)
			}
		})
	}
	workers.Wait()
}

// replay carries the migrations out on an empty schema. Facts are of the
// present: they take the place of what the past makes.
func (r *input) replay() {
	st := newState(r.server)
	present := false
	for _, m := range r.migrations {
		if m.Standing != Past && !present {
			st.overlay(r.Facts)
			present = true
		}
		for _, s := range m.Statements {
			if s.Direction != Up || s.Node == nil {
				continue
			}
			st.see(s)
			st.replay(s)
		}
	}
	if !present {
		st.overlay(r.Facts)
	}
	r.after = st.tables
	// What leads down finds the schema as it is in the end.
	for _, m := range r.migrations {
		for _, s := range m.Statements {
			if s.Direction == Down && s.Node != nil {
				st.see(s)
			}
		}
	}
}

// operate finds out what the DDL under review does.
func (m *Migration) operate() {
	if m.Standing == Past {
		return
	}
	for _, s := range m.Statements {
		s.operate()
	}
}

// check runs the rules of some categories, and adds what they find.
func (r *input) check(ctx context.Context, report *Report, of func(Category) bool) {
	var rules []Rule
	for _, rule := range r.Rules {
		if of(rule.Category) && r.Config.Runs(rule) && rule.Scope.Holds(r.server) {
			rules = append(rules, rule)
		}
	}
	passes := make([]Pass, len(rules))
	side(ctx, len(rules), func() func(int) {
		return func(i int) {
			passes[i] = Pass{Rule: rules[i], Server: r.server, Facts: r.Facts, Code: r.Code, Config: r.Config, input: r}
			rules[i].Check(&passes[i])
		}
	})
	for i := range passes {
		report.Findings = append(report.Findings, passes[i].findings...)
		report.NotChecked = append(report.NotChecked, passes[i].skips...)
	}
	report.Rules = append(report.Rules, rules...)
}

// Runs reports whether a rule is on.
func (c Config) Runs(rule Rule) bool {
	if own := c.Rules[rule.Code].Severity; own != "" {
		return own != Off
	}
	_, named := c.Rules[rule.Code]
	return named || rule.Profile == Always || slices.Contains(c.Profiles, rule.Profile)
}

// finish orders and counts.
func (r *input) finish(report *Report) {
	for _, m := range r.migrations {
		if m.Standing == Past {
			continue
		}
		report.Migrations++
		report.Statements += len(m.Statements)
	}
	for _, list := range [][]Finding{report.Findings, report.Waived} {
		slices.SortStableFunc(list, func(a, b Finding) int {
			return cmp.Or(
				cmp.Compare(categoryRank[a.Category], categoryRank[b.Category]),
				cmp.Compare(severityRank[a.Severity], severityRank[b.Severity]),
				strings.Compare(a.Path, b.Path),
				cmp.Compare(a.Span.Start.Offset, b.Span.Start.Offset),
				strings.Compare(string(a.Code), string(b.Code)),
				strings.Compare(a.Object, b.Object),
			)
		})
	}
	seen := map[string]int{}
	identify(report.Findings, seen)
	identify(report.Waived, seen)
}

func sortSkips(list []Skip) {
	slices.SortFunc(list, func(a, b Skip) int {
		return cmp.Or(strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Reason, b.Reason))
	})
}

// Categories are all categories, in the order of a report.
func Categories() []Category {
	return []Category{Text, Breaks, Data, Cache, Locks, Queries, History, Design, Waivers}
}

var categoryRank = func() map[Category]int {
	out := map[Category]int{}
	for i, c := range Categories() {
		out[c] = i
	}
	return out
}()

var severityRank = map[Severity]int{Error: 0, Warning: 1, Note: 2}
