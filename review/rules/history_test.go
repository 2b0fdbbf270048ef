package rules_test

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
	"github.com/underpin-db/underpin/review/source"
)

// file is a migration whose text does not matter.
func file(name, version string, standing review.Standing, directions ...review.Direction) *review.Migration {
	m := &review.Migration{Path: "migrations/" + name, Version: version, Standing: standing}
	if standing != review.Removed {
		m.Text = "ALTER TABLE t ENGINE=InnoDB;\n"
	}
	for _, d := range directions {
		m.Sections = append(m.Sections, review.Section{Direction: d, To: len(m.Text)})
	}
	return m
}

// found returns what one rule finds, as names of files and messages.
func found(t *testing.T, code review.Code, migrations ...*review.Migration) []string {
	t.Helper()
	report, err := review.Run(t.Context(), review.Input{Migrations: migrations, Rules: rules.All()})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, f := range report.Findings {
		if f.Code == code {
			out = append(out, fmt.Sprintf("%s: %.28s", path.Base(f.Path), f.Message))
		}
	}
	slices.Sort(out)
	return out
}

func TestHistory(t *testing.T) {
	t.Parallel()
	up, down, past := review.Up, review.Down, review.Past
	tests := map[string]struct {
		migrations []*review.Migration
		want       []string
	}{
		"in order": {
			[]*review.Migration{file("1.sql", "1", past, up), file("2.sql", "2", "", up), file("3.sql", "3", "", up)},
			[]string{},
		},
		"overtaken": {
			[]*review.Migration{file("1.sql", "1", past, up), file("2.sql", "2", "", up), file("3.sql", "3", past, up)},
			[]string{"2.sql: its version 2 is below 3, wh"},
		},
		"up and down": {
			[]*review.Migration{
				file("1.down.sql", "1", past, down), file("1.up.sql", "1", past, up),
				file("2.down.sql", "2", "", down), file("2.up.sql", "2", "", up),
			},
			[]string{},
		},
		"twice": {
			[]*review.Migration{file("1.sql", "1", past, up), file("2_a.sql", "2", past, up), file("2_b.sql", "2", "", up)},
			[]string{"2_b.sql: it has version 2, and so has"},
		},
		"edited and removed": {
			[]*review.Migration{file("1.sql", "1", review.Removed), file("2.sql", "2", review.Edited, up), file("3.sql", "3", past, up)},
			[]string{"1.sql: it was removed after it had ", "2.sql: it was edited after it had b"},
		},
		"without versions": {
			[]*review.Migration{file("a.sql", "", past, up), file("b.sql", "", "", up), file("c.sql", "", past, up)},
			[]string{},
		},
		"repeatable": {
			[]*review.Migration{file("V1__a.sql", "1", past, up), file("R__views.sql", "", review.Edited, up)},
			[]string{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, found(t, "RS501", test.migrations...)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoDownPart(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/rs507.txtar")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := txtar.Write(archive, root); err != nil {
		t.Fatal(err)
	}
	read, err := source.Read(t.Context(), source.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	want, got := []string{}, []string{}
	for _, f := range archive.Files {
		if bytes.Contains(f.Data, []byte("want RS507")) {
			want = append(want, f.Name)
		}
	}
	report, err := review.Run(t.Context(), review.Input{Migrations: read.Migrations, Rules: rules.All()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Code == "RS507" {
			got = append(got, f.Path)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}
