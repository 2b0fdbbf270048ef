package cacheformat_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/cacheformat"
)

func readFiles(t *testing.T, files ...review.GoFile) cacheformat.Formats {
	t.Helper()
	f, err := cacheformat.Read(files, []review.CacheConfig{{Name: "items", Pattern: "^item:", Types: []string{"Item"}}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const (
	userGo = `package store

//underpin:cache users
type user struct {
	ID      int64
	Address *address
}

//underpin:cache users
func userKey(id int64) string { return "ü\"ser:" + strconv.Itoa(id) }
`
	addressGo = "package store\n\ntype address struct{ City city }\n"
	cityGo    = "package store\n\ntype city string\n\nfunc (c city) MarshalText() ([]byte, error) { return nil, nil }\n"
)

func userFiles() []review.GoFile {
	return []review.GoFile{{Path: "store/user.go", Text: userGo}, {Path: "store/address.go", Text: addressGo}, {Path: "store/city.go", Text: cityGo}}
}

// The text is what signatures hang on: it may change with its first line only.
func TestText(t *testing.T) {
	t.Parallel()
	f := readFiles(t, userFiles()...)
	want := `underpin cache format 1
key: "func userKey(id int64) string{ return \"\u00fc\\\"ser:\" + strconv.Itoa(id) }"
value: "Address *"
value: "Address.City func MarshalText() ([]byte, error){ return nil, nil }"
value: "Address.City string"
value: "ID int64"
`
	if diff := cmp.Diff(want, string(f.Text("users"))); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	sum := sha256.Sum256([]byte(want))
	if got := f.Digest("users"); got != hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s", got)
	}
	if got := f.Digest("nothing"); got != cacheformat.NoFormat || len(f.Text("nothing")) > 0 {
		t.Errorf("digest of nothing: %s", got)
	}
}

// Where and in which order the format is declared does not count; what it is does.
func TestDigest(t *testing.T) {
	t.Parallel()
	was := readFiles(t, userFiles()...).Digest("users")
	for name, test := range map[string]struct {
		old, text string
		same      bool
	}{
		"lines above":     {"package store\n", "package store\n\nimport \"fmt\"\n\n// a comment\n", true},
		"fields in order": {"\tID      int64\n\tAddress *address\n", "\tAddress *address\n\tID      int64\n", true},
		"laid out":        {"string { return", "string {\n\n\t// why\n\treturn", true},
		"another name":    {"type user struct", "type account struct", true},
		"hidden field":    {"\tID      int64\n", "\tID, id int64\n", true},
		"field added":     {"\tID      int64\n", "\tID, Age int64\n", false},
		"field retyped":   {"ID      int64", "ID      int32", false},
		"key":             {"ser:", "ser:v2:", false},
		"value forgotten": {"//underpin:cache users\ntype", "type", false},
		"nested":          {"Address *address", "Address []*address", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := userFiles()
			files[0].Text = strings.Replace(files[0].Text, test.old, test.text, 1)
			if files[0].Text == userGo {
				t.Fatal("nothing is replaced")
			}
			after := readFiles(t, files...)
			if same := after.Digest("users") == was; same != test.same {
				t.Errorf("the same: %v\n%s", same, after.Text("users"))
			}
			if same := cacheformat.Same(readFiles(t, userFiles()...), after); same != test.same {
				t.Errorf("all the same: %v", same)
			}
		})
	}
	moved := userFiles()
	for i := range moved {
		moved[i].Path = strings.Replace(moved[i].Path, "store/", "other/x_", 1)
	}
	if readFiles(t, moved[2], moved[0], moved[1]).Digest("users") != was {
		t.Error("other files, in another order, are another format")
	}
}

// A type, a method and a string may each be in a file of its own, and whoever
// edits one of them edits the format.
func TestTransitions(t *testing.T) {
	t.Parallel()
	item := review.GoFile{Path: "shop/item.go", Text: "package shop\n\ntype Item struct{ Price int64 }\n"}
	keys := review.GoFile{Path: "shop/keys.go", Text: "package shop\n\nconst key = \"item:%d\"\n"}
	before := readFiles(t, append(userFiles(), item, keys)...)
	if got := cacheformat.Transitions(before, before); got != nil {
		t.Errorf("nothing has changed: %+v", got)
	}
	files := userFiles()
	files[2] = review.GoFile{Path: "store/town.go", Text: strings.Replace(cityGo, "city string", "city int", 1)}
	after := readFiles(t, append(files, keys)...)
	got := cacheformat.Transitions(before, after)
	if len(got) != 2 || got[0].Cache != "items" || got[1].Cache != "users" {
		t.Fatalf("transitions: %+v", got)
	}
	items, users := got[0], got[1]
	if diff := cmp.Diff([]string{"shop/item.go", "shop/keys.go"}, items.Files); diff != "" {
		t.Errorf("files of items (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"store/address.go", "store/city.go", "store/town.go", "store/user.go"}, users.Files); diff != "" {
		t.Errorf("files of users (-want +got):\n%s", diff)
	}
	if users.Before != before.Digest("users") || users.After != after.Digest("users") || len(users.Changes) != 1 || len(items.Changes) != 1 {
		t.Errorf("users: %+v, items: %+v", users, items)
	}
	gone := cacheformat.Transitions(before, nil)
	if len(gone) != 2 || gone[0].After != cacheformat.NoFormat || len(gone[1].Changes) != 2 {
		t.Errorf("all forgotten: %+v", gone)
	}
	if fresh := cacheformat.Transitions(nil, before); fresh != nil || cacheformat.Same(nil, before) {
		t.Errorf("a new cache takes no signature: %+v", fresh)
	}
}

// A value is made of what stands in several files of its folder.
func TestFiles(t *testing.T) {
	t.Parallel()
	f := readFiles(t,
		review.GoFile{Path: "store/user.go", Text: "package store\n\n//underpin:cache users\ntype user struct {\n\tTags []tag\n\tCity city\n\tbase\n}\n"},
		review.GoFile{Path: "store/tag.go", Text: "package store\n\ntype tag string\n"},
		review.GoFile{Path: "store/city.go", Text: "package store\n\ntype city struct{ Name string }\n"},
		review.GoFile{Path: "store/encode.go", Text: "package store\n\nfunc (c *city) UnmarshalJSON([]byte) error { return nil }\n"},
		review.GoFile{Path: "store/base.go", Text: "package store\n\ntype base struct{ Version int }\n"},
		review.GoFile{Path: "store/other.go", Text: "package store\n\ntype other struct{ Version int }\n"},
		review.GoFile{Path: "shop/tag.go", Text: "package shop\n\ntype tag int\n"},
	)
	want := []string{"store/base.go", "store/city.go", "store/encode.go", "store/tag.go", "store/user.go"}
	if diff := cmp.Diff(want, f[cacheformat.Part{Cache: "users", Kind: cacheformat.Value}].Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}
