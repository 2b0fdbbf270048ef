package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/underpin-db/underpin/internal/gosource"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// cacheConfig declares what the fixtures leave to the configuration.
func cacheConfig() review.Config {
	return review.Config{Caches: []review.CacheConfig{{Name: "items", Pattern: "^item:", Types: []string{"store.Item"}}}}
}

func TestCacheRules(t *testing.T) {
	t.Parallel()
	for _, code := range []review.Code{"RS601", "RS602"} {
		archive, err := txtar.ParseFile("testdata/" + strings.ToLower(string(code)) + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		changes, want := map[string]*review.CodeChanges{}, map[string][]string{}
		for _, f := range archive.Files {
			parts := strings.Split(f.Name, "/")
			c := changes[parts[0]]
			if c == nil {
				c = &review.CodeChanges{}
				changes[parts[0]] = c
			}
			file := review.GoFile{Path: parts[2], Text: string(f.Data)}
			if parts[1] == "before" {
				c.Before = append(c.Before, file)
				continue
			}
			c.After = append(c.After, file)
			for n, line := range strings.Split(file.Text, "\n") {
				if strings.Contains(line, "// want "+string(code)) {
					want[parts[0]] = append(want[parts[0]], fmt.Sprintf("%s:%d", file.Path, n+1))
				}
			}
		}
		for name, c := range changes {
			t.Run(string(code)+"/"+name, func(t *testing.T) {
				t.Parallel()
				got := cacheFindings(t, code, c)
				if diff := cmp.Diff(want[name], got); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
			})
		}
		if len(want) < 3 {
			t.Errorf("%s: the fixture shows little", code)
		}
	}
}

func cacheFindings(t *testing.T, code review.Code, c *review.CodeChanges) []string {
	t.Helper()
	report, err := review.Run(t.Context(), review.Input{Rules: rules.All(), Config: cacheConfig(), CodeChanges: c})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range report.Findings {
		if f.Code == code {
			out = append(out, fmt.Sprintf("%s:%d", f.Path, f.Span.Start.Line))
		}
	}
	return out
}

// Without a base, and with code that cannot be read, the report says so, if there
// is a cache at all.
func TestCacheNotChecked(t *testing.T) {
	t.Parallel()
	cached := &review.CodeIndex{Literals: []gosource.Literal{{Kind: gosource.Directive, Value: "underpin:cache users"}}}
	tests := []struct {
		name string
		in   review.Input
		says string
	}{
		{"by pattern", review.Input{Config: cacheConfig()}, "no base"},
		{"by directive", review.Input{Code: cached}, "no base"},
		{"no cache", review.Input{Code: &review.CodeIndex{}}, ""},
		{"broken code", review.Input{CodeChanges: &review.CodeChanges{After: []review.GoFile{{Path: "a.go", Text: "package a\n//underpin:cache users\nfunc {"}}}}, "as it is, read a.go"},
		{"broken code of nobody's", review.Input{CodeChanges: &review.CodeChanges{After: []review.GoFile{{Path: "a.go", Text: "package a\nfunc {"}}}}, ""},
		{"broken code, any string a key", review.Input{Config: cacheConfig(), CodeChanges: &review.CodeChanges{After: []review.GoFile{{Path: "a.go", Text: "package a\nfunc {"}}}}, "as it is, read a.go"},
		{"broken before", review.Input{CodeChanges: &review.CodeChanges{Before: []review.GoFile{{Path: "a.go", Text: "package a\n//underpin:cache users\nfunc {"}}}}, "as it was, read a.go"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.in.Rules = rules.All()
			report, err := review.Run(t.Context(), test.in)
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range []review.Code{"RS601", "RS602"} {
				said := slices.ContainsFunc(report.NotChecked, func(s review.Skip) bool { return s.Code == code && strings.Contains(s.Reason, test.says) })
				if said != (test.says != "") {
					t.Errorf("%s: %v", code, report.NotChecked)
				}
			}
		})
	}
}
