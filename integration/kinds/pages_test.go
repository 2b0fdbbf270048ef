package kinds_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/kinds"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

var update = flag.Bool("update", false, "write the pages anew")

func TestMain(m *testing.M) { os.Exit(servers.Run(m)) }

const pages = "../../docs/kinds"

// mapped are operations that become a change with a mapping.
var mapped = []kinds.Case{
	{Name: "rename column", Alter: "ALTER TABLE items RENAME COLUMN note TO remark"},
	{Name: "change type", Alter: "ALTER TABLE items CHANGE COLUMN price cents BIGINT"},
}

// open returns a database with the tables of the fixtures.
func open(t *testing.T, engine servers.Engine) *sql.DB {
	t.Helper()
	d := servers.ForTest(t, engine).Database(t)
	db, err := mysqlx.Open(t.Context(), d.DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, s := range kinds.Tables {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	return db
}

// planOf is the first change that is derived from a statement.
func planOf(t *testing.T, db *sql.DB, alter string) *plan.Plan {
	t.Helper()
	list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: alter, Service: "shop"}, plan.Options{})
	require.NoError(t, err)
	p, err := plan.Build(t.Context(), db, list[0].File, plan.Options{})
	require.NoError(t, err)
	return p
}

// There is a page for every kind, made from the fixture that the engine's tests
// carry through its life, as planned on both engines.
func TestPagesAreUpToDate(t *testing.T) {
	mysql, mariadb := open(t, servers.MySQL), open(t, servers.MariaDB)
	want := map[string]string{}
	var index strings.Builder
	index.WriteString("# Kinds of change\n\nOne page each, made from the fixtures that the tests carry through their life on both engines.\n\n" +
		"| kind | course | written as |\n|---|---|---|\n")
	for _, c := range append(kinds.All, mapped...) {
		p, other := planOf(t, mysql, c.Alter), planOf(t, mariadb, c.Alter)
		file := strings.ReplaceAll(c.Name, " ", "-") + ".md"
		want[file] = page(c, p, other)
		fmt.Fprintf(&index, "| [%s](%s) | %s | `%s` |\n", c.Name, file, p.Change.Course, c.Alter)
	}
	want["README.md"] = index.String()
	for file, text := range want {
		path := filepath.Join(pages, file)
		if *update {
			require.NoError(t, os.MkdirAll(pages, 0o755))
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err, "run the test with -update")
		require.Equal(t, text, string(got), "run the test with -update")
	}
	entries, err := os.ReadDir(pages)
	require.NoError(t, err)
	require.Len(t, entries, len(want), "a page whose kind is gone")
}

// lost says what can be lost, and when.
var lost = map[migrate.Course]string{
	migrate.Added:     "On the way back, what was written into what was added. Nothing otherwise.",
	migrate.Tightened: "Nothing: rows that do not fit are listed and waited for, and mended by nobody but you.",
	migrate.Retired:   "Nothing before `contracted`. From then on what was dropped is gone; the way back is a new change, without the data.",
	migrate.Mapped:    "Nothing before `contracted`; see [phases](../phases.md) for every way back. From then on the source is gone.",
}

func page(c kinds.Case, p, mariadb *plan.Plan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n", strings.ToUpper(c.Name[:1])+c.Name[1:])
	line("```sql\n%s;\n```\n", c.Alter)
	line("Course: **%s**.", p.Change.Course)
	if p.Schema != nil && p.Schema.Code.Before != "" {
		line("Before it, the code %s.", p.Schema.Code.Before)
	}
	if p.Schema != nil && p.Schema.Code.After != "" {
		line("Once it is expanded: %s.", p.Schema.Code.After)
	}
	line("")
	if c.Works != "" {
		line("Works as soon as it is expanded: `%s`.\n", c.Works)
	}
	if c.Refused != "" {
		line("Fails from then on: `%s`.\n", c.Refused)
	}
	if c.Gone != "" {
		line("Fails once it is contracted: `%s`.\n", c.Gone)
	}
	line("## Steps\n\n| phase | what is done | waits for | way back |\n|---|---|---|---|")
	for i, s := range p.Steps {
		line("| `%s` | %s | %s | %s |", s.To, statements(s.SQL, mariadb.Steps[i].SQL), gates(s.Gates), back(s.WayBack))
	}
	if p.Schema != nil && len(p.Schema.Fits) > 0 {
		line("\n## Rows that have to be mended first")
		for _, f := range p.Schema.Fits {
			line("\nThose where %s:\n\n```sql\n%s\n```", f.What, f.Query)
		}
	}
	line("\n## What can be lost\n\n%s", lost[p.Change.Course])
	if c.Copies == migrate.Yes {
		line("\n## The lock\n\nNot every server does it in place: apply refuses then, and says so, unless `--allow-copy` allows it to copy the table while writers wait.")
	}
	return b.String()
}

func statements(mysql, mariadb []string) string {
	if len(mysql) == 0 {
		return "–"
	}
	var out []string
	for i, s := range mysql {
		out = append(out, code(s))
		if i < len(mariadb) && typeless(mariadb[i]) != typeless(s) {
			out = append(out, "on MariaDB "+code(mariadb[i]))
		}
	}
	return strings.Join(out, "<br>")
}

// code is SQL with quoted names in it.
func code(s string) string { return "`` " + flat(s) + " ``" }

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// typeless leaves out how the servers spell types, defaults and collations.
func typeless(s string) string {
	for _, r := range []string{"(11)", "(20)", "'", "utf8mb4_general_ci", "utf8mb4_0900_ai_ci"} {
		s = strings.ReplaceAll(s, r, "")
	}
	return s
}

func gates(list []plan.Gate) string {
	if len(list) == 0 {
		return "–"
	}
	var out []string
	for _, g := range list {
		out = append(out, "`"+string(g.Guard)+"`: "+flat(g.Words))
	}
	return strings.Join(out, "<br>")
}

func back(w plan.WayBack) string {
	if w.To == "" {
		return w.Words
	}
	return fmt.Sprintf("to `%s`: %s", w.To, w.Words)
}
