package gosource_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/internal/gosource"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const program = `package p

import "fmt"

//underpin:cache users
const query = "SELECT name " +
	("FROM users")

type User struct {
	Name string ` + "`db:\"name\" json:\"n\"`" + `
	Base ` + "`gorm:\"embedded\"`" + `
	In   struct {
		X int ` + "`db:\"x\"`" + `
	}
}

// underpin:cache is no directive: it has a blank.
func f(u User) {
	client.Bool("new-ui", 'x', 3)
	Get[int](` + "`raw\\n`" + `)
	fmt.Println(query + " WHERE id = 1", "\xff")
	func(s string) {}("now")
}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := gosource.Parse("p.go", []byte(program))
	if err != nil {
		t.Fatal(err)
	}
	want := []gosource.Literal{
		{File: "p.go", Line: 5, Column: 1, Kind: gosource.Directive, Value: "underpin:cache users"},
		{File: "p.go", Line: 6, Column: 15, Kind: gosource.String, Value: "SELECT name FROM users"},
		{File: "p.go", Line: 10, Column: 14, Kind: gosource.Tag, Value: `db:"name" json:"n"`, Name: "Name", Struct: "User"},
		{File: "p.go", Line: 11, Column: 7, Kind: gosource.Tag, Value: `gorm:"embedded"`, Struct: "User"},
		{File: "p.go", Line: 13, Column: 9, Kind: gosource.Tag, Value: `db:"x"`, Name: "X"},
		{File: "p.go", Line: 19, Column: 14, Kind: gosource.String, Value: "new-ui", Name: "Bool"},
		{File: "p.go", Line: 20, Column: 11, Kind: gosource.String, Value: `raw\n`, Name: "Get"},
		{File: "p.go", Line: 21, Column: 22, Kind: gosource.String, Value: " WHERE id = 1"},
		{File: "p.go", Line: 21, Column: 39, Kind: gosource.String, Value: "\xff", Name: "Println"},
		{File: "p.go", Line: 22, Column: 20, Kind: gosource.String, Value: "now"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("literals (-want +got):\n%s", diff)
	}
}

// What could be read of a file that does not parse is not lost.
func TestParseBroken(t *testing.T) {
	t.Parallel()
	got, err := gosource.Parse("p.go", []byte("package p\nvar a = \"first\"\nfunc {\n"))
	if err == nil || len(got) != 1 || got[0].Value != "first" {
		t.Errorf("got %v, %v; want the literal and the parser's error", got, err)
	}
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func values(s *gosource.Source) string {
	out := make([]string, 0, len(s.Literals))
	for _, l := range s.Literals {
		out = append(out, l.Place()+" "+l.Value)
	}
	return strings.Join(out, "\n")
}

func TestScan(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	source := func(s string) string { return "package p\nvar _ = \"" + s + "\"\n" }
	write(t, root, map[string]string{
		"a.go": source("a"), "b/c.go": source("c"), "b/notes.txt": source("no"),
		"vendor/v.go": source("no"), "b/testdata/t.go": source("no"), ".git/g.go": source("no"), "_x/x.go": source("no"),
		"_y.go": source("no"), "broken.go": "package p\nvar _ = \"half\"\nfunc {", "empty.go": "",
		"z_test.go": source("test"),
	})
	for link, to := range map[string]string{"b/loop": root, "self": "self", "gone.go": "nowhere", "linked.go": "a.go", "folder.go": "b"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := gosource.Scan(t.Context(), root, gosource.Config{})
	if err != nil {
		t.Fatal(err)
	}
	want := "a.go:2:9 a\nb/c.go:2:9 c\nbroken.go:2:9 half\nlinked.go:2:9 a\nz_test.go:2:9 test"
	if diff := cmp.Diff(want, values(s)); diff != "" {
		t.Errorf("literals (-want +got):\n%s", diff)
	}
	var problems []string
	for _, p := range s.Problems {
		problems = append(problems, p.File)
	}
	if diff := cmp.Diff([]string{"broken.go", "empty.go", "gone.go"}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if len(s.Problems) == 3 && !errors.Is(s.Problems[2], fs.ErrNotExist) {
		t.Errorf("the link that leads nowhere: %v", s.Problems[2])
	}
}

func TestScanRefuses(t *testing.T) {
	t.Parallel()
	if _, err := gosource.Scan(t.Context(), filepath.Join(t.TempDir(), "none"), gosource.Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a root that is not there: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := gosource.Scan(ctx, t.TempDir(), gosource.Config{}); !errors.Is(err, cause) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// Whatever a string says, it comes back as it was.
func TestEveryValueComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		text := "package p\nvar _ = f(" + strconv.Quote(value) + ")\n"
		got, err := gosource.Parse("p.go", []byte(text))
		if err != nil || len(got) != 1 || got[0].Value != value || got[0].Name != "f" {
			t.Fatalf("%q came back as %v, %v", value, got, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(program))
	f.Add([]byte("package p; type T struct { A int `db:\"a\"` }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		literals, _ := gosource.Parse("p.go", text)
		for _, l := range literals {
			if l.Line < 1 || l.Column < 1 {
				t.Fatalf("%+v has no place", l)
			}
		}
	})
}
