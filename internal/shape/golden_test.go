package shape

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
)

// envUpdate rewrites the golden file: UNDERPIN_UPDATE=1 go test -run Golden .
const envUpdate = "UNDERPIN_UPDATE"

const goldenFile = "testdata/statements.sql"

func text(name, columnType string) migrate.Column {
	dataType, _, _ := strings.Cut(columnType, "(")
	c := migrate.Column{Name: name, DataType: dataType, ColumnType: columnType, Null: migrate.Nullable}
	switch dataType {
	case "varchar", "char", "text":
		c.Charset, c.Collation = "utf8mb4", "utf8mb4_general_ci"
	}
	return c
}

func ref(name string) migrate.Expression { return migrate.Expression(migrate.Row + "`" + name + "`") }

// tableChange has a composite key, a copied column, a mapped one both ways and
// a condition.
func tableChange() migrate.Mapping {
	key := []migrate.Column{text("tenant", "int"), text("code", "varchar(10)")}
	return migrate.Mapping{
		Source: migrate.Table{Name: "users", Key: key, Columns: []migrate.Column{text("name", "varchar(100)"), text("n", "int")}},
		Target: migrate.Table{Name: "accounts", Key: key, Columns: []migrate.Column{text("label", "varchar(50)"), text("n", "int")}},
		Forward: []migrate.Assignment{
			{Column: "label", Value: "UPPER(" + ref("name") + ")"}, {Column: "n", Value: ref("n")},
		},
		Backward: []migrate.Assignment{
			{Column: "name", Value: "LOWER(" + ref("label") + ")"}, {Column: "n", Value: ref("n")},
		},
		Where: ref("n") + " > 0",
	}
}

// columnChange splits a name and has a column that the server would bump.
func columnChange() migrate.Mapping {
	table := migrate.Table{
		Name: "users", Key: []migrate.Column{text("id", "bigint unsigned")},
		Columns:  []migrate.Column{text("name", "varchar(100)"), text("first", "varchar(50)"), text("last", "char(50)")},
		Preserve: []string{"updated_at"},
	}
	return migrate.Mapping{
		Source: table, Target: table,
		Forward: []migrate.Assignment{
			{Column: "first", Value: "SUBSTRING_INDEX(" + ref("name") + ", ' ', 1)"},
			{Column: "last", Value: "SUBSTRING_INDEX(" + ref("name") + ", ' ', -1)"},
		},
		Backward: []migrate.Assignment{{Column: "name", Value: "CONCAT_WS(' ', " + ref("first") + ", " + ref("last") + ")"}},
	}
}

// mergeChange merges profiles into users: a column that takes NULL, one that has
// a default instead, and one that the server would bump.
func mergeChange() migrate.Mapping {
	key := []migrate.Column{text("id", "bigint")}
	marks := text("marks", "int")
	marks.Null = migrate.NotNull
	return migrate.Mapping{
		Source: migrate.Table{Name: "profiles", Key: key, Columns: []migrate.Column{text("bio", "varchar(100)"), text("n", "int")}},
		Target: migrate.Table{Name: "users", Key: key, Columns: []migrate.Column{text("story", "varchar(100)"), marks}, Preserve: []string{"updated_at"}},
		Forward: []migrate.Assignment{
			{Column: "story", Value: "TRIM(" + ref("bio") + ")"}, {Column: "marks", Value: "COALESCE(" + ref("n") + ", 0)"},
		},
		Backward: []migrate.Assignment{{Column: "bio", Value: "COALESCE(" + ref("story") + ", '')"}, {Column: "n", Value: ref("marks")}},
		Merge:    migrate.Yes,
	}
}

// everyStatement renders every statement that a mapper makes.
func everyStatement(t testing.TB, m *Mapper, key func(n int64) Key) map[string][]Statement {
	t.Helper()
	scopes := map[string]Scope{"one key": Keys(key(1)), "two keys": Keys(key(1), key(2)), "range": Range(key(1), key(9)),
		"everything": Range(nil, nil), "no key": Keys()}
	out := map[string][]Statement{}
	for name, scope := range scopes {
		if strays, ok := m.Strays(scope, 10); ok {
			out["strays, "+name] = []Statement{strays}
		}
		for _, d := range []Direction{Forward, Backward} {
			if fill, ok := m.Fill(d, scope); ok {
				out[fmt.Sprintf("fill %s, %s", d, name)] = []Statement{fill}
			}
			if fill, ok := m.LockAndFill(d, scope); ok {
				out[fmt.Sprintf("lock and fill %s, %s", d, name)] = []Statement{fill}
			}
			out[fmt.Sprintf("follower any %s, %s", d, name)] = []Statement{m.FollowerAny(d, scope)}
			out[fmt.Sprintf("lock %s, %s", d, name)] = []Statement{m.Lock(d, scope)}
			out[fmt.Sprintf("boundary %s, %s", d, name)] = []Statement{m.Boundary(d, scope, 100)}
			for _, rule := range []migrate.StepRule{migrate.StepExact, migrate.StepEither} {
				out[fmt.Sprintf("reconcile %s %s, %s", d, rule, name)] = m.Reconcile(d, rule, scope)
			}
		}
		for _, rule := range []migrate.StepRule{migrate.StepExact, migrate.StepEither} {
			out[fmt.Sprintf("compare %s, %s", rule, name)] = []Statement{m.Compare(rule, scope)}
			out[fmt.Sprintf("differing %s, %s", rule, name)] = []Statement{m.Differing(rule, scope, 10)}
		}
		if name == "one key" {
			out["unmapped, "+name] = []Statement{m.Unmapped(scope)}
		}
	}
	return out
}

func compositeKey(n int64) Key { return Key{n, fmt.Sprint("k", n)} }
func numberKey(n int64) Key    { return Key{uint64(n)} }
func signedKey(n int64) Key    { return Key{n} }

// The text of every statement of three mappings is in a file, so that a change
// to any of them is seen in a review.
func TestGoldenStatements(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, c := range []struct {
		name    string
		mapping migrate.Mapping
		key     func(int64) Key
	}{{"table change", tableChange(), compositeKey}, {"column change", columnChange(), numberKey}, {"merge", mergeChange(), signedKey}} {
		m, err := New("split", c.mapping)
		require.NoError(t, err)
		all := everyStatement(t, m, c.key)
		for _, name := range sortedKeys(all) {
			if strings.HasSuffix(name, "everything") || strings.HasSuffix(name, "no key") || strings.HasSuffix(name, "two keys") {
				continue // the same but for the condition
			}
			fmt.Fprintf(&b, "-- %s: %s\n", c.name, name)
			for _, q := range all[name] {
				fmt.Fprintf(&b, "%s;\n-- %v\n", q.SQL, q.Args)
			}
			b.WriteString("\n")
		}
	}
	if os.Getenv(envUpdate) != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(goldenFile, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(goldenFile)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "look at the difference and run with %s=1 if it is right", envUpdate)
}

// Two of them by hand, so that the file is not the only witness.
func TestStatementsAsWritten(t *testing.T) {
	t.Parallel()
	m, err := New("split", migrate.Mapping{
		Source:  migrate.Table{Name: "a`b", Key: []migrate.Column{text("id", "int")}, Columns: []migrate.Column{text("v", "int")}},
		Target:  migrate.Table{Name: "c", Key: []migrate.Column{text("id", "int")}, Columns: []migrate.Column{text("w", "int")}},
		Forward: []migrate.Assignment{{Column: "w", Value: ref("v") + " + 1"}},
	})
	require.NoError(t, err)
	q := m.Reconcile(Forward, migrate.StepExact, Range(Key{int64(5)}, nil))
	require.Len(t, q, 3)
	require.Equal(t, "/* underpin mirror split */ \n"+
		"DELETE FROM `c`\nWHERE `c`.`id` > ?\n  AND NOT EXISTS (\n    SELECT 1\n    FROM `a``b`\n    WHERE `c`.`id` = `a``b`.`id`)", q[0].SQL)
	require.Equal(t, "/* underpin mirror split */ \n"+
		"UPDATE "+inUTC+"`a``b`\nJOIN `c`\n  ON `c`.`id` = `a``b`.`id`\nSET `c`.`w` = `a``b`.`v` + 1\n"+
		"WHERE `c`.`id` > ?\n  AND `a``b`.`id` > ?\n  AND NOT (`c`.`w` <=> CAST(`a``b`.`v` + 1 AS SIGNED))", q[1].SQL)
	require.Equal(t, []any{int64(5), int64(5)}, q[1].Args)
	require.Equal(t, "/* underpin mirror split */ \n"+
		"INSERT "+inUTC+"INTO `c`\n  (`id`, `w`)\nSELECT `a``b`.`id`, `a``b`.`v` + 1\nFROM `a``b`\nWHERE `a``b`.`id` > ?\n"+
		"  AND NOT EXISTS (\n    SELECT 1\n    FROM `c`\n    WHERE `c`.`id` = `a``b`.`id`)", q[2].SQL)
}

func TestBoundsOfACompositeKey(t *testing.T) {
	t.Parallel()
	key := []migrate.Column{text("a", "int"), text("b", "int"), text("c", "int")}
	var args []any
	got := Range(Key{int64(1), int64(2), int64(3)}, Key{int64(4), int64(5), int64(6)}).condition("`t`", key, &args)
	require.Equal(t, "(`t`.`a` >= ? AND (`t`.`a` > ? OR (`t`.`a` = ? AND (`t`.`b` > ? OR (`t`.`b` = ? AND `t`.`c` > ?)))))\n"+
		"  AND (`t`.`a` <= ? AND (`t`.`a` < ? OR (`t`.`a` = ? AND (`t`.`b` < ? OR (`t`.`b` = ? AND `t`.`c` <= ?)))))", got)
	require.Equal(t, []any{int64(1), int64(1), int64(1), int64(2), int64(2), int64(3), int64(4), int64(4), int64(4), int64(5), int64(5), int64(6)}, args)
}

func TestMappingsThatCannotBeRendered(t *testing.T) {
	t.Parallel()
	m := tableChange()
	m.Target.Key = m.Target.Key[:1]
	_, err := New("c", m)
	require.ErrorContains(t, err, "they have 2 and 1 columns")

	m = tableChange()
	m.Forward[0].Column = "nowhere"
	_, err = New("c", m)
	require.ErrorContains(t, err, "table `accounts` has no mapped column `nowhere`")

	m = tableChange()
	m.Target.Columns[0].DataType, m.Target.Columns[0].ColumnType = "xmltype", "xmltype"
	_, err = New("c", m)
	require.ErrorIs(t, err, ErrUnsupportedType)
}
