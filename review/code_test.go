package review_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/review"
)

const application = `package app

const list = "SELECT u.name, age FROM users u WHERE " +
	"deleted = 0"

type User struct {
	A string ` + "`db:\"name,omitempty\" json:\"age\"`" + `
	B string ` + "`gorm:\"type:text;column:mail\"`" + `
	C string ` + "`bun:\"state,notnull\"`" + `
	D string ` + "`xorm:\"'phone' varchar(20)\"`" + `
	E string ` + "`orm:\"column(street);null\"`" + `
	base ` + "`bun:\"table:people,alias:p\"`" + `
}

func f() { log("name of the users", "age is no SQL"); exec("UPDATE orders SET name = 1") }
`

const named = `-- name: ListUsers :many
SELECT id, phone FROM users;

-- name: Touch :exec
UPDATE users SET seen = NOW();
`

func TestUses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{"app/app.go": application, "queries/users.sql": named, "plain.sql": "SELECT name FROM users", "broken.go": "package x\nfunc {"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	index, err := review.ReadCode(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Problems) != 1 || !strings.HasPrefix(index.Problems[0], "broken.go") {
		t.Errorf("problems: %v", index.Problems)
	}
	for _, tc := range []struct {
		table, column string
		want          []string
	}{
		{"users", "NAME", []string{"app/app.go:3 SQL in a string", "app/app.go:7 struct tag"}},
		{"users", "age", []string{"app/app.go:3 SQL in a string"}},
		{"users", "mail", []string{"app/app.go:8 struct tag"}},
		{"users", "state", []string{"app/app.go:9 struct tag"}},
		{"users", "phone", []string{"app/app.go:10 struct tag", "queries/users.sql:1 named query"}},
		{"users", "street", []string{"app/app.go:11 struct tag"}},
		{"users", "text", nil},
		{"people", "", []string{"app/app.go:12 struct tag"}},
		{"users", "", []string{"app/app.go:3 SQL in a string", "queries/users.sql:1 named query", "queries/users.sql:4 named query"}},
		{"orders", "age", nil},
		{"nothing", "", nil},
	} {
		t.Run(tc.table+"."+tc.column, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, u := range index.Uses(tc.table, tc.column) {
				got = append(got, fmt.Sprintf("%s:%d %s", u.Path, u.Line, u.How))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("uses (-want +got):\n%s", diff)
			}
		})
	}
	var none *review.CodeIndex
	if none.Uses("users", "name") != nil {
		t.Error("without code there are no uses")
	}
}
