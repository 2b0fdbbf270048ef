package kinds_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/kinds"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

var update = flag.Bool("update", false, "write the pages anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

const pages = "../../docs/kinds"

// open returns a database with the tables of the fixtures, and what else is made.
func open(t *testing.T, engine servers.Engine, beside ...string) *sql.DB {
	t.Helper()
	d := servers.ForTest(t, engine).Database(t)
	db, err := mysqlx.Open(t.Context(), d.DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, s := range slices.Concat(kinds.Tables, beside) {
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
	return list[0].Plan
}

// fileOf is the change file of a case with a mapping: the one that is derived, or
// the one that has to be written.
func fileOf(t *testing.T, db *sql.DB, c kinds.Mapped) *plan.File {
	t.Helper()
	if c.DDL == "" {
		f, err := plan.ParseFile("change.yaml", strings.NewReader(c.File))
		require.NoError(t, err)
		return f
	}
	list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: c.DDL, Service: "shop"}, plan.Options{})
	require.NoError(t, err)
	return list[0].File
}

// mappedPlan is the plan of a case with a mapping.
func mappedPlan(t *testing.T, db *sql.DB, c kinds.Mapped) *plan.Plan {
	t.Helper()
	p, err := plan.Build(t.Context(), db, fileOf(t, db, c), plan.Options{})
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
	add := func(name, written, text string, course migrate.Course) {
		file := strings.ReplaceAll(name, " ", "-") + ".md"
		want[file] = text
		fmt.Fprintf(&index, "| [%s](%s) | %s | %s |\n", name, file, course, written)
	}
	for _, c := range kinds.All {
		p := planOf(t, mysql, c.Alter)
		add(c.Name, "`"+c.Alter+"`", page(c, p, planOf(t, mariadb, c.Alter)), p.Change.Course)
	}
	for _, c := range kinds.AllMapped {
		written := "a change file"
		if c.DDL != "" {
			written = "`" + c.DDL + "`"
		}
		onMySQL, onMariaDB := mysql, mariadb
		if len(c.Beside) > 0 {
			onMySQL, onMariaDB = open(t, servers.MySQL, c.Beside...), open(t, servers.MariaDB, c.Beside...)
		}
		add(c.Name, written, mappedPage(c, mappedPlan(t, onMySQL, c), mappedPlan(t, onMariaDB, c)), migrate.Mapped)
	}
	index.WriteString("\n## Refused\n\nWhat is no change is refused by name, with the reason:\n\n| asked for | as | the planner says |\n|---|---|---|\n")
	for _, c := range kinds.AllRefused {
		written := "a change file with a target that is there"
		if c.DDL != "" {
			written = "`" + c.DDL + "`"
		}
		fmt.Fprintf(&index, "| %s | %s | %s |\n", c.Name, written, c.Says)
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

// title begins a page.
func title(name string) string { return "# " + strings.ToUpper(name[:1]) + name[1:] + "\n\n" }

// stepsTable is the steps of a plan as planned on both engines.
func stepsTable(p, mariadb *plan.Plan) string {
	var b strings.Builder
	b.WriteString("## Steps\n\n| phase | what is done | waits for | way back |\n|---|---|---|---|\n")
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.To, statements(s.SQL, mariadb.Steps[i].SQL), gates(s.Gates), back(s.WayBack))
	}
	return b.String() + locks(p, mariadb)
}

// mappedPage is the page of a change with a mapping.
func mappedPage(c kinds.Mapped, p, mariadb *plan.Plan) string {
	var b strings.Builder
	b.WriteString(title(c.Name))
	beside := ""
	if len(c.Beside) > 0 {
		beside = fmt.Sprintf("Of tables such as these:\n\n```sql\n%s;\n```\n\n", strings.Join(c.Beside, ";\n"))
	}
	if c.DDL != "" {
		fmt.Fprintf(&b, "```sql\n%s;\n```\n\n%s", c.DDL, beside)
	} else {
		b.WriteString(beside)
		fmt.Fprintf(&b, "DDL cannot say it; this is the change file to write:\n\n```yaml\n%s```\n\n", c.File)
	}
	fmt.Fprintf(&b, "Course: **%s**.\n\n", p.Change.Course)
	m := p.Change.Mapping
	switch m.Kind() {
	case migrate.TableChange:
		fmt.Fprintf(&b, "The rows of `%s` move to `%s`: releases know one table or the other, and both are kept in step while both run.\n\n", m.Source.Name, m.Target.Name)
	case migrate.MergeChange:
		fmt.Fprintf(&b, "The rows of `%s` become columns of `%s`: releases know both tables or the one, and all is kept in step while both run.\n\n", m.Source.Name, m.Target.Name)
	default:
		fmt.Fprintf(&b, "Both columns are kept in step while releases that know one or the other run side by side.\n\n")
	}
	if c.Note != "" {
		b.WriteString(c.Note + "\n\n")
	}
	if m.Kind() == migrate.MergeChange {
		b.WriteString(plan.MergeWords(m) + "\n\n")
	}
	b.WriteString("| assigned | from |\n|---|---|\n")
	for _, list := range []struct {
		table string
		lines []migrate.Assignment
	}{{m.Target.Name, m.Forward}, {m.Source.Name, m.Backward}} {
		for _, a := range list.lines {
			fmt.Fprintf(&b, "| `%s.%s` | %s |\n", list.table, a.Column, code(strings.ReplaceAll(string(a.Value), migrate.Row, "")))
		}
	}
	b.WriteString("\n" + stepsTable(p, mariadb) + foreignKeys(p, mariadb))
	fmt.Fprintf(&b, "\n## What can be lost\n\n%s\n", lost[migrate.Mapped])
	return b.String()
}

// foreignKeys is what becomes of the foreign keys that the new table takes over.
func foreignKeys(p, mariadb *plan.Plan) string {
	if p.Foreign == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n## Foreign keys\n\n")
	for _, text := range p.Foreign.Words() {
		fmt.Fprintf(&b, "- %s\n", text)
	}
	b.WriteString("\n| when | statement | on MySQL 9.7 | on MariaDB 10.11 |\n|---|---|---|---|\n")
	for _, when := range []struct {
		words string
		list  []plan.Statement
	}{
		{"with the new table", p.Foreign.Following()},
		{"before `new_only` is recorded", p.Foreign.Passing()},
		{"on the way back, once the source is rebuilt", p.Foreign.Returning()},
	} {
		for _, st := range when.list {
			on, onMariaDB := costOf(p, st), costOf(mariadb, st)
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", when.words, code(st.SQL), on, onMariaDB)
		}
	}
	return b.String()
}

// costOf is what a statement of a plan costs, in words.
func costOf(p *plan.Plan, st plan.Statement) string {
	cost, ok := p.Cost(st)
	if !ok {
		return "–"
	}
	return fmt.Sprintf("**%s**: %s", cost.Class, cost.Words)
}

// page is the page of a change of the schema alone.
func page(c kinds.Case, p, mariadb *plan.Plan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	b.WriteString(title(c.Name))
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
	b.WriteString(stepsTable(p, mariadb))
	if p.Schema != nil && len(p.Schema.Fits) > 0 {
		line("\n## Rows that have to be mended first")
		for _, f := range p.Schema.Fits {
			line("\nThose where %s:\n\n```sql\n%s\n```", f.What, f.Query)
		}
	}
	line("\n## What can be lost\n\n%s", lost[p.Change.Course])
	return b.String()
}

// locks is what each statement costs on either server.
func locks(mysql, mariadb *plan.Plan) string {
	var b strings.Builder
	b.WriteString("\n## What is locked, and for how long\n\n| server | phase | statement | costs |\n|---|---|---|---|\n")
	gentle := true
	for _, on := range []struct {
		server string
		plan   *plan.Plan
	}{{"MySQL 9.7", mysql}, {"MariaDB 10.11", mariadb}} {
		for _, s := range on.plan.Steps {
			for _, st := range on.plan.Statements(s.Work) {
				if cost, ok := on.plan.Cost(st); ok {
					gentle = gentle && cost.Class.Gentle()
					fmt.Fprintf(&b, "| %s | `%s` | %s | **%s**: %s |\n", on.server, s.To, code(cost.Asserted), cost.Class, cost.Words)
				}
			}
		}
	}
	if !gentle {
		b.WriteString("\nWhere it copies the table or others wait, apply refuses, and says so, unless `--allow-copy` allows it.\n")
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
