package stale

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/internal/gosource"
	"github.com/underpin-db/underpin/internal/sarif"
)

// Rule is why something was found.
type Rule string

// The rules.
const (
	ClosedLive Rule = "closed-live"
	Unknown    Rule = "unknown"
	Expired    Rule = "expired"
	Unused     Rule = "unused"
)

// DefaultIdle is the idle time where Config names none: what Datadog, PostHog
// and Flagsmith take for a stale flag.
const DefaultIdle = 30 * 24 * time.Hour

// Pattern finds flags in text that is not Go.
type Pattern struct {
	// Glob matches the file's name, as path.Match does: "*.ts".
	Glob string
	// Asks has the flag's name as its first group.
	Asks *regexp.Regexp
}

// Config says what to look for. The zero value of the rest is right.
type Config struct {
	// Flags are all flags of the store.
	Flags []flags.Flag
	// Uses is the day on which each flag was last evaluated; nil is not known,
	// and then none is unused.
	Uses map[string]time.Time
	// Idle is the idle time. Defaults to [DefaultIdle].
	Idle time.Duration
	// Patterns read text that is not Go.
	Patterns []Pattern
	// Now is the time to judge by. Defaults to the clock's.
	Now time.Time
}

// Finding is one thing found. File is empty where no text is to blame.
type Finding struct {
	Rule    Rule   `json:"rule"`
	Flag    string `json:"flag"`
	Owner   string `json:"owner,omitempty"`
	File    string `json:"file,omitempty"` // relative to the root, with slashes
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// Report is what was found.
type Report struct {
	Files    int       `json:"files"` // that were read
	Findings []Finding `json:"findings"`
	// Unread are files that could not be read in full: what they say is missing.
	Unread []string `json:"unread,omitempty"`
}

// mention is a place that names a flag.
type mention struct {
	flag, file   string
	line, column int
	asks         asks
}

// asks says whether a mention asks for the flag, or only has its name.
type asks string

const (
	asking asks = "asks"
	naming asks = "names"
)

// Scan reads a tree of files and judges flags and code. The error is for a root
// that cannot be read, or that of the context.
func Scan(ctx context.Context, root string, cfg Config) (*Report, error) {
	cfg.Idle = cmp.Or(cfg.Idle, DefaultIdle)
	if cfg.Now.IsZero() {
		cfg.Now = time.Now()
	}
	source, err := gosource.Scan(ctx, root, gosource.Config{})
	if err != nil {
		return nil, err
	}
	out := &Report{Files: source.Files, Findings: []Finding{}}
	for _, p := range source.Problems {
		out.Unread = append(out.Unread, p.Error())
	}
	known := make(map[string]flags.Flag, len(cfg.Flags))
	for _, f := range cfg.Flags {
		known[f.Name] = f
	}
	var found []mention
	for _, l := range source.Literals {
		if _, ok := known[l.Value]; ok && l.Kind != gosource.Tag {
			found = append(found, mention{l.Value, l.File, l.Line, l.Column, naming})
		}
	}
	asked, err := goAsks(ctx, root)
	if err != nil {
		return nil, err
	}
	text, err := textAsks(ctx, root, cfg.Patterns, out)
	if err != nil {
		return nil, err
	}
	found = slices.Concat(found, asked, text)
	for _, m := range unique(found) {
		out.Findings = append(out.Findings, judgeMention(m, known)...)
	}
	for _, f := range cfg.Flags {
		out.Findings = append(out.Findings, judgeFlag(f, cfg)...)
	}
	return out, nil
}

// unique drops the second mention of a flag in one place, and sorts.
func unique(all []mention) []mention {
	slices.SortStableFunc(all, func(a, b mention) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), strings.Compare(string(a.asks), string(b.asks)))
	})
	return slices.CompactFunc(all, func(a, b mention) bool {
		return a.file == b.file && a.line == b.line && a.column == b.column && a.flag == b.flag
	})
}

func judgeMention(m mention, known map[string]flags.Flag) []Finding {
	f, ok := known[m.flag]
	at := Finding{Flag: m.flag, Owner: f.Owner, File: m.file, Line: m.line, Column: m.column}
	switch {
	case !ok && m.asks == asking:
		at.Rule, at.Message = Unknown, fmt.Sprintf("code asks for flag %q, which the store does not have: it gets its own fallback", m.flag)
	case f.State == flags.Closed:
		at.Rule, at.Message = ClosedLive, fmt.Sprintf("flag %q is closed with %q for everybody: remove the code that asks", m.flag, f.Serve.Variant)
	default:
		return nil
	}
	return []Finding{at}
}

func judgeFlag(f flags.Flag, cfg Config) []Finding {
	var out []Finding
	if !f.Expires.IsZero() && cfg.Now.After(f.Expires) {
		out = append(out, Finding{Rule: Expired, Flag: f.Name, Owner: f.Owner,
			Message: fmt.Sprintf("flag %q should have been gone on %s: close it, or give it another day", f.Name, f.Expires.Format(time.DateOnly))})
	}
	since := cfg.Now.Add(-cfg.Idle)
	if cfg.Uses == nil || f.Created.After(since) {
		return out
	}
	// A day counts to its end.
	if last, ok := cfg.Uses[f.Name]; !ok || last.Add(24*time.Hour).Before(since) {
		when := "ever"
		if ok {
			when = "since " + last.Format(time.DateOnly)
		}
		out = append(out, Finding{Rule: Unused, Flag: f.Name, Owner: f.Owner, Message: fmt.Sprintf("nobody has evaluated flag %q %s", f.Name, when)})
	}
	return out
}

// ruleTexts are the rules as SARIF tells them.
var ruleTexts = []sarif.Rule{
	{ID: string(ClosedLive), Name: "ClosedFlagInCode", Summary: "A closed flag is still named by code", Level: sarif.Warning},
	{ID: string(Unknown), Name: "UnknownFlag", Summary: "Code asks for a flag that does not exist", Level: sarif.Error},
	{ID: string(Expired), Name: "ExpiredFlag", Summary: "A flag is past its day", Level: sarif.Warning},
	{ID: string(Unused), Name: "UnusedFlag", Summary: "A flag is never evaluated", Level: sarif.Note},
}

// SARIF returns the report as a run of SARIF. A finding that no file is to blame
// for stands at the file named by elsewhere, such as the flags' own export.
func (r *Report) SARIF(version, elsewhere string) sarif.Run {
	run := sarif.Run{Tool: sarif.Tool{Name: "underpin flags stale", Version: version}, Rules: ruleTexts, Notes: r.Unread}
	for _, f := range r.Findings {
		level := sarif.Warning
		for _, rule := range ruleTexts {
			if rule.ID == string(f.Rule) {
				level = rule.Level
			}
		}
		run.Results = append(run.Results, sarif.Result{
			RuleID: string(f.Rule), Level: level, Message: f.Message, Path: cmp.Or(f.File, elsewhere),
			Region:      sarif.Region{StartLine: max(f.Line, 1), StartColumn: max(f.Column, 1)},
			Fingerprint: string(f.Rule) + ":" + f.Flag + ":" + path.Clean(cmp.Or(f.File, elsewhere)),
		})
	}
	return run
}
