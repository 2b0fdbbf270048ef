package rules_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// A fixture is a file of SQL in testdata, named after a rule, with lines of
// orders:
//
//	-- @case NAME            begins another case; what came before does not count in it
//	-- @past                 what follows was there before: it is replayed, and not reviewed
//	-- @review               what follows is under review; the beginning of a case is, too
//	-- @set                  what follows is released after what came before
//	-- @down                 what follows is the down part
//	-- @server mariadb 10.11.6
//	-- @size users 500000000 60000000000          rows and bytes of a table, as facts
//	-- @database legacy                            the database that the facts are of
//	-- @setting lock_wait_timeout 31536000        a server's variable, as a fact
//	-- @digest 2026-11-20T10:00:00Z SELECT `a` FROM `t`    a statement that the server remembers
//	-- @now 2026-11-21
//	-- @edited               what follows was there before and has been edited since
//	-- @option max 3                              an option of the rule
//
// A folder of the rule's name beside the file, such as testdata/rs124, is the
// application's code.
//
// and with the codes that are wanted at the end of the offending line:
//
//	DROP TABLE users; -- want RS104
//
// Only codes of the file's own rule are held against it, and all of them. In
// silent.sql nothing at all may be found.
const wantMark = "-- want "

func TestFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code := review.Code(strings.ToUpper(strings.TrimSuffix(filepath.Base(file), ".sql")))
			found := 0
			for _, c := range readFixture(t, file, string(text), code) {
				found += c.run(t, code)
			}
			if found == 0 && code != "SILENT" {
				t.Errorf("nothing in the fixture is found: it shows nothing")
			}
		})
	}
}

// fixture is one case of a file.
type fixture struct {
	migrations []*review.Migration
	config     review.Config
	facts      *review.Facts
	want       map[int][]string // by line of the file
}

func newFixture(config review.Config) *fixture {
	return &fixture{config: config, want: map[int][]string{}}
}

// blank leaves nothing of a text but its lines.
func blank(text string) string {
	out := []byte(text)
	for i, c := range out {
		if c != '\n' {
			out[i] = ' '
		}
	}
	return string(out)
}

// readFixture reads a file of cases. In each migration the lines before it are
// blank, so that its own are those of the file.
func readFixture(t *testing.T, file, text string, code review.Code) []*fixture {
	t.Helper()
	profile := review.Config{Profiles: []review.Profile{review.SchemaDesign}}
	if code == "SILENT" {
		profile = review.Config{}
	}
	cases := []*fixture{newFixture(profile)}
	standing, direction, set, from := review.Reviewed, review.Up, 0, 0
	flush := func(to int) {
		if strings.TrimSpace(text[from:to]) != "" {
			c := cases[len(cases)-1]
			c.migrations = append(c.migrations, &review.Migration{
				Path: file, Text: blank(text[:from]) + text[from:to], Set: set, Standing: standing,
				Sections: []review.Section{{Direction: direction, From: from, To: to}},
			})
		}
		from = to
	}
	offset := 0
	for n, line := range strings.SplitAfter(text, "\n") {
		c := cases[len(cases)-1]
		if _, codes, found := strings.Cut(strings.TrimSpace(line), wantMark); found {
			c.want[n+1] = strings.Fields(codes)
		}
		if order, found := strings.CutPrefix(line, "-- @"); found {
			flush(offset)
			words := strings.Fields(order)
			switch words[0] {
			case "case":
				cases = append(cases, newFixture(profile))
				standing, direction, set = review.Reviewed, review.Up, 0
			case "past":
				standing, direction = review.Past, review.Up
			case "review":
				standing, direction = review.Reviewed, review.Up
				set++
			case "edited":
				standing, direction = review.Edited, review.Up
			case "set":
				set++
			case "down":
				direction = review.Down
			default:
				c.order(t, code, words)
			}
		}
		offset += len(line)
	}
	flush(len(text))
	return cases
}

// order obeys an order that says something of the surroundings.
func (c *fixture) order(t *testing.T, code review.Code, words []string) {
	t.Helper()
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("@%s: %v", strings.Join(words, " "), err)
		}
		return n
	}
	facts := func() *review.Facts {
		if c.facts == nil {
			c.facts = &review.Facts{Settings: map[string]string{}}
		}
		return c.facts
	}
	switch {
	case words[0] == "server" && len(words) == 3:
		v, err := ddl.ParseVersion(words[2])
		if err != nil {
			t.Fatal(err)
		}
		c.config.Server = ddl.Server{Flavour: ddl.Flavour(words[1]), Version: v}
	case words[0] == "size" && len(words) == 4:
		f := facts()
		f.Tables = append(f.Tables, review.TableFacts{Table: ddl.Table{Name: words[1], Rows: number(words[2]), Bytes: number(words[3])}})
	case words[0] == "database" && len(words) == 2:
		facts().Database = words[1]
	case words[0] == "setting" && len(words) == 3:
		facts().Settings[words[1]] = words[2]
	case words[0] == "digest" && len(words) > 2:
		f := facts()
		f.Digests = append(f.Digests, review.Digest{Text: strings.Join(words[2:], " "), Count: 1, LastSeen: day(t, time.RFC3339, words[1])})
		f.Taken = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	case words[0] == "now" && len(words) == 2:
		c.config.Now = day(t, time.DateOnly, words[1])
	case words[0] == "option" && len(words) >= 3:
		c.option(t, code, words[1], words[2:])
	case c.fact(t, words):
	default:
		t.Fatalf("@%s is no order", strings.Join(words, " "))
	}
}

func day(t *testing.T, layout, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// option sets an option of the fixture's rule, in the type of its default.
func (c *fixture) option(t *testing.T, code review.Code, name string, values []string) {
	t.Helper()
	all := rules.All()
	r := slices.IndexFunc(all, func(r review.Rule) bool { return r.Code == code })
	if r < 0 {
		t.Fatalf("there is no rule %s", code)
	}
	o := slices.IndexFunc(all[r].Options, func(o review.Option) bool { return o.Name == name })
	if o < 0 {
		t.Fatalf("rule %s has no option %s", code, name)
	}
	var value any
	switch all[r].Options[o].Default.(type) {
	case int:
		n, err := strconv.Atoi(values[0])
		if err != nil {
			t.Fatal(err)
		}
		value = n
	case string:
		value = strings.Join(values, " ")
	case []string:
		value = values
	}
	options := map[string]any{name: value}
	maps.Copy(options, c.config.Rules[code].Options)
	options[name] = value
	c.config.Rules = map[review.Code]review.RuleConfig{code: {Options: options}}
}

// run reviews a case and compares. It returns how much was found as wanted.
func (c *fixture) run(t *testing.T, code review.Code) int {
	t.Helper()
	report, err := review.Run(t.Context(), review.Input{
		Migrations: c.migrations, Rules: rules.All(), Config: c.config, Facts: c.facts, Code: readCode(t, code),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[int][]string{}
	for _, f := range report.Findings {
		if f.Code == code || code == "SILENT" {
			got[f.Span.Start.Line] = append(got[f.Span.Start.Line], string(f.Code))
		}
		if f.Code == "RS001" && code != "RS001" {
			t.Errorf("line %d was not understood: %s", f.Span.Start.Line, f.Message)
		}
	}
	if diff := cmp.Diff(lines(c.want), lines(got)); diff != "" {
		t.Errorf("findings by line (-want +got):\n%s%s", diff, messages(report))
	}
	return len(got)
}

func readCode(t *testing.T, code review.Code) *review.CodeIndex {
	t.Helper()
	root := filepath.Join("testdata", strings.ToLower(string(code)))
	if _, err := os.Stat(root); err != nil {
		return nil
	}
	index, err := review.ReadCode(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func lines(m map[int][]string) []string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprint(n, " ", strings.Join(m[n], " ")))
	}
	return out
}

func messages(r *review.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%d: %s %s: %s\n", f.Span.Start.Line, f.Code, f.Object, f.Message)
	}
	for _, s := range r.NotChecked {
		fmt.Fprintf(&b, "not checked: %s %s\n", s.Code, s.Reason)
	}
	return b.String()
}

var ruleFile = regexp.MustCompile(`^(rs\d{3})_([a-z0-9_]+)\.go$`)

// Every rule has its file, its name's explanation and a fixture, and stands
// once in the list.
func TestEveryRuleIsComplete(t *testing.T) {
	t.Parallel()
	byCode := map[review.Code]review.Rule{}
	names := map[string]review.Code{}
	last := review.Code("")
	for _, r := range rules.All() {
		if r.Code <= last {
			t.Errorf("%s stands behind %s: rules are in the order of their codes, each once", r.Code, last)
		}
		if other, taken := names[r.Name]; taken {
			t.Errorf("%s and %s have one name", r.Code, other)
		}
		last, byCode[r.Code], names[r.Name] = r.Code, r, r.Code
		if r.Summary == "" || r.Category == "" || r.Severity == "" || r.Check == nil {
			t.Errorf("%s lacks a summary, a category, a severity or a check", r.Code)
		}
		if len(strings.TrimSpace(r.Explanation)) < 80 {
			t.Errorf("%s has no explanation beside it", r.Code)
		}
		fixtures, err := filepath.Glob("testdata/" + strings.ToLower(string(r.Code)) + ".*")
		if err != nil || len(fixtures) == 0 {
			t.Errorf("%s has no fixture", r.Code)
		}
	}
	files, err := filepath.Glob("rs*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		m := ruleFile.FindStringSubmatch(file)
		if m == nil {
			continue
		}
		code := review.Code(strings.ToUpper(m[1]))
		if r, listed := byCode[code]; !listed || strings.ReplaceAll(r.Name, "-", "_") != m[2] {
			t.Errorf("%s: the rule %s is not in the list under that name", file, code)
		}
	}
}
