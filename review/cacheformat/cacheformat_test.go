package cacheformat_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/cacheformat"
)

const declared = `package store

//underpin:cache users sessions
type user struct {
	base
	ID      int64 ` + "`json:\"id,omitempty\"`" + `
	Names   []name
	ByCity  map[string]*address
	Next    *user
	Created time.Time
	private int
}

type base struct{ Version [2]int }
type name string
type address struct{ City, Street string }

//underpin:cache users
var key, other = "user:%d", "more"
`

func read(t *testing.T, text string, caches ...review.CacheConfig) cacheformat.Formats {
	t.Helper()
	f, err := cacheformat.Read([]review.GoFile{{Path: "store/user.go", Text: text}}, caches)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRead(t *testing.T) {
	t.Parallel()
	got := read(t, declared, review.CacheConfig{Name: "keys", Pattern: "^user:"})
	value := []string{
		"ByCity map[string]*", "ByCity.City string", "ByCity.Street string", "Created time.Time", "Names []string",
		"Next *", "Next as at level 0", "Version [2]int", `json:"id,omitempty" int64`,
	}
	file := []string{"store/user.go"}
	want := cacheformat.Formats{
		{Cache: "users", Kind: cacheformat.Value}:    {Path: "store/user.go", Line: 4, Column: 6, Lines: value, Files: file},
		{Cache: "sessions", Kind: cacheformat.Value}: {Path: "store/user.go", Line: 4, Column: 6, Lines: value, Files: file},
		{Cache: "users", Kind: cacheformat.Key}:      {Path: "store/user.go", Line: 19, Column: 5, Lines: []string{`key = "user:%d"`, `other = "more"`}, Files: file},
		{Cache: "keys", Kind: cacheformat.Key}:       {Path: "store/user.go", Line: 19, Column: 18, Lines: []string{"user:%d"}, Files: file},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := cacheformat.Read(nil, []review.CacheConfig{{Name: "users", Pattern: "("}}); err == nil || !strings.Contains(err.Error(), "users") {
		t.Errorf("a pattern that is none: %v", err)
	}
	files := []review.GoFile{
		{Path: "a_test.go", Text: "package a\n//underpin:cache tests\ntype t struct{ A int }\n"},
		{Path: "a.go", Text: "package a\n//underpin:cache users\ntype t struct{ A int }\nfunc {"},
		{Path: "b.txt", Text: ""},
	}
	f, err := cacheformat.Read(files, nil)
	if err == nil || !strings.Contains(err.Error(), "a.go") || len(f) != 1 {
		t.Errorf("a file that does not parse: %v, %v", f, err)
	}
}

// field is a field of a type that is made up.
type field struct{ name, typ, tag string }

func fields(t *rapid.T) []field {
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[A-Z][a-z]{1,6}`), 1, 6, rapid.ID[string]).Draw(t, "names")
	out := make([]field, len(names))
	for i, n := range names {
		out[i] = field{n, rapid.SampledFrom([]string{"int", "string", "[]byte", "map[string]int", "*time.Time"}).Draw(t, "type"), ""}
		if rapid.Bool().Draw(t, "tagged") {
			out[i].tag = "`json:\"" + strings.ToLower(n) + "\"`"
		}
	}
	return out
}

func source(list []field) string {
	var b strings.Builder
	b.WriteString("package p\n\n//underpin:cache c\ntype t struct {\n")
	for _, f := range list {
		fmt.Fprintf(&b, "\t%s %s %s\n", f.name, f.typ, f.tag)
	}
	return b.String() + "}\n"
}

// The order of fields does not count, and every other change of one does.
func TestEveryChangeShows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		list := fields(rt)
		before := read(t, source(list))
		seed := rapid.Uint64().Draw(rt, "seed")
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if changes := cacheformat.Compare(before, read(t, source(list))); len(changes) > 0 {
			rt.Fatalf("another order is a change: %+v", changes)
		}
		i := rapid.IntRange(0, len(list)-1).Draw(rt, "changed")
		switch rapid.SampledFrom([]string{"type", "name", "tag", "gone"}).Draw(rt, "how") {
		case "type":
			list[i].typ = "float64"
		case "name":
			if list[i].tag == "" { // under a tag the name does not count
				list[i].name += "x"
			} else {
				list[i].typ += "x"
			}
		case "tag":
			list[i].tag = "`json:\"x9\"`"
		case "gone":
			list[i] = field{"hidden", "int", ""}
		}
		if changes := cacheformat.Compare(before, read(t, source(list))); len(changes) != 1 {
			rt.Fatalf("the change does not show: %+v", changes)
		}
	})
}
