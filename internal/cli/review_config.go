package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/internal/yamlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/source"
)

// reviewSection is the section review of underpin.yaml.
type reviewSection struct {
	Server   string             `yaml:"server"`
	Paths    []string           `yaml:"paths"`
	Format   source.Format      `yaml:"format"`
	Code     string             `yaml:"code"`
	Stats    string             `yaml:"stats"`
	FailOn   review.Severity    `yaml:"fail_on"`
	Profiles []review.Profile   `yaml:"profiles"`
	Sizes    reviewSizes        `yaml:"sizes"`
	Rules    map[string]any     `yaml:"rules"`
	Waivers  []reviewWaiver     `yaml:"waivers"`
	Caches   []reviewCacheEntry `yaml:"caches"`
}

type reviewSizes struct {
	SmallRows  uint64 `yaml:"small_rows"`
	SmallBytes uint64 `yaml:"small_bytes"`
	LargeRows  uint64 `yaml:"large_rows"`
	LargeBytes uint64 `yaml:"large_bytes"`
}

type reviewWaiver struct {
	Rules  []review.Code `yaml:"rules"`
	File   string        `yaml:"file"`
	Line   int           `yaml:"line"`
	Reason string        `yaml:"reason"`
	Owner  string        `yaml:"owner"`
	Until  string        `yaml:"until"`
}

type reviewCacheEntry struct {
	Name    string   `yaml:"name"`
	Pattern string   `yaml:"pattern"`
	Types   []string `yaml:"types"`
}

// reviewSettings are what underpin.yaml settles for reviews.
type reviewSettings struct {
	reviewSection
	config review.Config
}

// reviewConfig reads the section review of the settings file.
func (a *app) reviewConfig(flags *pflag.FlagSet, rules []review.Rule) (reviewSettings, error) {
	path, from := resolver{flags: flags, getenv: a.getenv}.find(setting{name: configFlag, fallback: configDefault})
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && from == fromDefault {
		return reviewSettings{}, nil
	}
	if err != nil {
		return reviewSettings{}, &usageError{err: fmt.Errorf("read the settings: %w", err)}
	}
	out := reviewSettings{}
	in, found, err := yamlx.ReadSection(path, text, "review", &out.reviewSection)
	if err != nil {
		return out, settingsMistakes(err)
	}
	if !found {
		return out, nil
	}
	r := &reviewReader{section: &out.reviewSection, rules: rules, in: in}
	out.config = r.read()
	if len(in.Errs) > 0 {
		return out, settingsMistakes(in.Errs)
	}
	if out.Stats != "" && !filepath.IsAbs(out.Stats) {
		out.Stats = filepath.Join(filepath.Dir(path), out.Stats)
	}
	return out, nil
}

// reviewReader checks what the section says, and makes a configuration of it.
type reviewReader struct {
	section *reviewSection
	rules   []review.Rule
	in      *yamlx.Section
}

func (r *reviewReader) failf(at, format string, args ...any) { r.in.Failf(at, format, args...) }

func (r *reviewReader) read() review.Config {
	s := r.section
	c := review.Config{
		Profiles: s.Profiles, Rules: map[review.Code]review.RuleConfig{},
		Sizes: review.Sizes{SmallRows: s.Sizes.SmallRows, SmallBytes: s.Sizes.SmallBytes, LargeRows: s.Sizes.LargeRows, LargeBytes: s.Sizes.LargeBytes},
	}
	if s.Server != "" {
		server, err := parseServer(s.Server)
		if err != nil {
			r.failf("server", "%v", err)
		}
		c.Server = server
	}
	for i, p := range s.Profiles {
		if p != review.SchemaDesign {
			r.failf(fmt.Sprintf("profiles[%d]", i), "%q is no profile; there is %s", p, review.SchemaDesign)
		}
	}
	if s.FailOn != "" && !slices.Contains([]review.Severity{review.Error, review.Warning, review.Note}, s.FailOn) {
		r.failf("fail_on", "%q is no severity: write error, warning or note", s.FailOn)
	}
	if s.Format != "" && !slices.Contains(source.Formats(), s.Format) {
		r.failf("format", "%q is no format; the formats are %v", s.Format, source.Formats())
	}
	for _, code := range sortedKeys(s.Rules) {
		c.Rules[review.Code(code)] = r.rule(code, s.Rules[code])
	}
	for i, w := range s.Waivers {
		c.Waivers = append(c.Waivers, r.waiver(fmt.Sprintf("waivers[%d]", i), w))
	}
	for i, e := range s.Caches {
		if _, err := regexp.Compile(e.Pattern); err != nil {
			r.failf(fmt.Sprintf("caches[%d].pattern", i), "%v", err)
		}
		c.Caches = append(c.Caches, review.CacheConfig{Name: e.Name, Pattern: e.Pattern, Types: e.Types})
	}
	return c
}

// severityWords are the severities that a rule can be set to.
var severityWords = []review.Severity{review.Off, review.Note, review.Warning, review.Error}

// rule reads the settings of one rule: a severity, on, or a map with options.
func (r *reviewReader) rule(code string, value any) review.RuleConfig {
	at := "rules." + code
	i := slices.IndexFunc(r.rules, func(rule review.Rule) bool { return string(rule.Code) == code })
	if i < 0 {
		r.failf(at, "there is no rule %s: underpin rules lists them", code)
		return review.RuleConfig{}
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return review.RuleConfig{Severity: r.severity(at, value)}
	}
	out := review.RuleConfig{Options: map[string]any{}}
	for _, name := range sortedKeys(fields) {
		if name == "severity" {
			out.Severity = r.severity(at+".severity", fields[name])
			continue
		}
		o := slices.IndexFunc(r.rules[i].Options, func(o review.Option) bool { return o.Name == name })
		if o < 0 {
			r.failf(at+"."+name, "rule %s has no option %s; underpin rules %s says which it has", code, name, code)
			continue
		}
		v, ok := like(r.rules[i].Options[o].Default, fields[name])
		if !ok {
			r.failf(at+"."+name, "the option %s of rule %s is %s", name, code, kindOf(r.rules[i].Options[o].Default))
			continue
		}
		out.Options[name] = v
	}
	return out
}

// severity reads a severity; "on" and true leave the rule's own, false is off.
func (r *reviewReader) severity(at string, value any) review.Severity {
	switch text := strings.ToLower(fmt.Sprint(value)); {
	case text == "on" || text == "true" || text == "<nil>":
		return ""
	case text == "false":
		return review.Off
	case slices.Contains(severityWords, review.Severity(text)):
		return review.Severity(text)
	}
	r.failf(at, "%v is no severity: write off, on, note, warning or error", value)
	return ""
}

// like returns a value in the type of an option's default.
func like(option, value any) (any, bool) {
	switch option.(type) {
	case int:
		switch n := value.(type) {
		case uint64:
			return int(n), n < 1<<31
		case int64:
			return int(n), n > -1<<31
		}
	case string:
		text, ok := value.(string)
		return text, ok
	case []string:
		list, ok := value.([]any)
		out := make([]string, 0, len(list))
		for _, v := range list {
			out = append(out, fmt.Sprint(v))
		}
		return out, ok
	}
	return nil, false
}

func kindOf(option any) string {
	switch option.(type) {
	case int:
		return "a number"
	case []string:
		return "a list"
	}
	return "a text"
}

func (r *reviewReader) waiver(at string, w reviewWaiver) review.Waiver {
	out := review.Waiver{Codes: w.Rules, Path: w.File, Line: w.Line, Reason: w.Reason, Owner: w.Owner}
	if len(w.Rules) == 0 || w.File == "" {
		r.failf(at, "a waiver names its rules and its file: {rules: [RS104], file: db/3_x.sql, reason: …}")
	}
	for i, code := range w.Rules {
		if !slices.ContainsFunc(r.rules, func(rule review.Rule) bool { return rule.Code == code }) {
			r.failf(fmt.Sprintf("%s.rules[%d]", at, i), "there is no rule %s: underpin rules lists them", code)
		}
	}
	if w.Until != "" {
		day, err := time.Parse(time.DateOnly, w.Until)
		if err != nil {
			r.failf(at+".until", "%q is no day: write 2026-12-31", w.Until)
		}
		out.Until = day
	}
	return out
}

// parseServer reads a server such as "mysql 8.4.3" or "mariadb 10.11".
func parseServer(text string) (ddl.Server, error) {
	words := strings.Fields(strings.ToLower(strings.NewReplacer("-", " ", ":", " ").Replace(text)))
	flavours := map[string]ddl.Flavour{"mysql": ddl.MySQL, "mariadb": ddl.MariaDB}
	if len(words) == 2 && flavours[words[0]] != "" {
		version := words[1] + strings.Repeat(".0", max(0, 2-strings.Count(words[1], ".")))
		if v, err := ddl.ParseVersion(version); err == nil {
			return ddl.Server{Flavour: flavours[words[0]], Version: v}, nil
		}
	}
	return ddl.Server{}, fmt.Errorf("%q names no server: write mysql 8.4 or mariadb 10.11", cmp.Or(text, " "))
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
