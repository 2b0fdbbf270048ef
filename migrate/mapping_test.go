package migrate_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate"
)

func TestExpressionOver(t *testing.T) {
	for _, c := range []struct {
		name       string
		expression migrate.Expression
		want       string
	}{
		{"a column", "$row.`name`", "`s`.`name`"},
		{"twice", "CONCAT($row.`a`, $row.`b`)", "CONCAT(`s`.`a`, `s`.`b`)"},
		{"a constant", "'none'", "'none'"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, c.expression.Over("`s`"))
		})
	}
}

// The alias takes the place of the marker and nothing else changes.
func TestExpressionOverIsReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.StringMatching(`[a-zA-Z0-9 '(),.]*`)).Draw(t, "parts")
		e := migrate.Expression(strings.Join(parts, migrate.Row))
		over := e.Over("`#`")
		require.NotContains(t, over, migrate.Row)
		require.Equal(t, string(e), strings.ReplaceAll(over, "`#`.", migrate.Row))
	})
}

func splitName() migrate.Mapping {
	id := migrate.Column{Name: "id", DataType: "bigint", ColumnType: "bigint", Null: migrate.NotNull, AutoIncrement: true}
	name := migrate.Column{Name: "name", DataType: "varchar", ColumnType: "varchar(100)", Null: migrate.NotNull}
	first := migrate.Column{Name: "first_name", DataType: "varchar", ColumnType: "varchar(100)", Null: migrate.Nullable}
	return migrate.Mapping{
		Source:   migrate.Table{Name: "users", Key: []migrate.Column{id}, Columns: []migrate.Column{name}},
		Target:   migrate.Table{Name: "users", Key: []migrate.Column{id}, Columns: []migrate.Column{first}},
		Forward:  []migrate.Assignment{{Column: "first_name", Value: "SUBSTRING_INDEX($row.`name`, ' ', 1)"}},
		Backward: []migrate.Assignment{{Column: "name", Value: "$row.`first_name`"}},
	}
}

func TestMapping(t *testing.T) {
	m := splitName()
	require.Equal(t, migrate.ColumnChange, m.Kind())
	m.Target.Name = "people"
	require.Equal(t, migrate.TableChange, m.Kind())

	column, ok := m.Source.Column("NAME")
	require.True(t, ok, "column names do not heed case")
	require.Equal(t, "name", column.Name)
	column, ok = m.Source.Column("id")
	require.True(t, ok, "key columns are columns")
	require.True(t, column.AutoIncrement)
	_, ok = m.Source.Column("first_name")
	require.False(t, ok)
}

func TestChangeIsStoredAsJSON(t *testing.T) {
	for _, choice := range []migrate.Choice{migrate.No, migrate.Yes} {
		c := migrate.Change{Name: "split-user-name", Service: "accounts", Mapping: splitName(), CopyOnRead: choice}
		text, err := json.Marshal(c)
		require.NoError(t, err)
		var back migrate.Change
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, c, back)
	}
}

// An application that links the library links this package: it must bring
// nothing with it.
func TestImportsTheStandardLibraryOnly(t *testing.T) {
	const self = "github.com/underpin-db/underpin/migrate"
	for pkg, allowed := range map[string][]string{
		self:              {self},
		self + "/explore": {self, self + "/explore"},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.ElementsMatch(t, allowed, strings.Fields(string(out)))
	}
}
