package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
)

// over is a side with the columns name, a, B and one with a backtick.
func over() side {
	return side{
		shape: migrate.SourceShape, table: "users",
		columns: map[string]string{"name": "name", "a": "a", "b": "B", "we`ird": "we`ird"},
		denied:  map[string]string{"late": "is there only after expand"},
	}
}

func TestResolve(t *testing.T) {
	for text, want := range map[string]string{
		"name":                          "$row.`name`",
		"users.name -- the name":        "$row.`name`",
		"b":                             "$row.`B`",
		"`we``ird`":                     "$row.`we``ird`",
		"SUBSTRING_INDEX(name,' ',1)":   "SUBSTRING_INDEX($row.`name`, ' ', 1)",
		"TRIM(LEADING 'x' FROM name)":   "TRIM(LEADING 'x' FROM $row.`name`)",
		"a + b * 2":                     "($row.`a` + ($row.`B` * 2))",
		"NOT a = b":                     "(NOT ($row.`a` = $row.`B`))",
		"a IS NOT NULL":                 "($row.`a` IS NOT NULL)",
		"'it''s'":                       "'it''s'",
		"BINARY a":                      "(BINARY $row.`a`)",
		"INSERT(a, 1, 2, 'x')":          "INSERT($row.`a`, 1, 2, 'x')",
		"a->>'$.x'":                     "JSON_UNQUOTE(JSON_EXTRACT($row.`a`, '$.x'))",
		"CONCAT(a, '||')":               "CONCAT($row.`a`, '||')",
		"DATE_FORMAT(a, '%Y-%m-%d')":    "DATE_FORMAT($row.`a`, '%Y-%m-%d')",
		"CASE WHEN a THEN 1 ELSE 2 END": "CASE WHEN $row.`a` THEN 1 ELSE 2 END",
	} {
		t.Run(text, func(t *testing.T) {
			got, r := resolve(text, over())
			require.Nil(t, r, "%+v", r)
			assert.Equal(t, migrate.Expression(want), got.value)
			again, r := resolve(got.value.Over("users"), over())
			require.Nil(t, r, "%+v", r)
			assert.Equal(t, got.columns, again.columns)
		})
	}
}

// refusedExpressions are expressions with why they are refused; empty is not.
var refusedExpressions = map[string]Code{
	"":                                CodeExpressionSyntax,
	"a b c":                           CodeExpressionSyntax,
	"a, b":                            CodeExpressionSyntax,
	"a) FROM users WHERE (1":          CodeExpressionSyntax,
	"1); DROP TABLE users; SELECT (1": CodeExpressionSyntax,
	"a /*!80000 + 1 */":               CodeExpressionForm,
	"a || b":                          CodeExpressionForm,
	"other.a":                         CodeExpressionColumn,
	"db.users.a":                      CodeExpressionColumn,
	"nope":                            CodeExpressionColumn,
	"late":                            CodeExpressionColumn,
	"(SELECT 1)":                      CodeExpressionForm,
	"EXISTS (SELECT 1)":               CodeExpressionForm,
	"COUNT(*)":                        CodeExpressionForm,
	"ROW_NUMBER() OVER ()":            CodeExpressionForm,
	"@x":                              CodeExpressionForm,
	"@@sql_mode":                      CodeExpressionForm,
	"?":                               CodeExpressionForm,
	"DEFAULT(a)":                      CodeExpressionForm,
	"VALUES(a)":                       CodeExpressionForm,
	"MATCH(a) AGAINST ('x')":          CodeExpressionForm,
	"CONCAT(a, '$row.x')":             CodeExpressionForm,
	"CONCAT(a, '$ro', 'w.`a`')":       "",
	`CONCAT(a, 'x\\y')`:               CodeExpressionForm,
	"CONCAT(a, 'ß')":                  CodeExpressionForm,
	"NOW()":                           CodeNondeterministic,
	"CURRENT_TIMESTAMP":               CodeNondeterministic,
	"IF(a, UUID(), 1)":                CodeNondeterministic,
	"RAND(1)":                         CodeNondeterministic,
	"LAST_INSERT_ID()":                CodeNondeterministic,
	"SLEEP(a)":                        CodeNondeterministic,
	"GET_LOCK('a', 1)":                CodeNondeterministic,
	"CURRENT_USER()":                  CodeNondeterministic,
	"UNIX_TIMESTAMP(a)":               CodeNondeterministic,
	"DATE_FORMAT(a, '%d %M')":         CodeNondeterministic,
	"DATE_FORMAT(a, b)":               CodeNondeterministic,
	"DATE_FORMAT(a, '%%M')":           "",
	"my_function(a)":                  CodeFunctionUnknown,
	"db.my_function(a)":               CodeFunctionUnknown,
}

func TestResolveRefuses(t *testing.T) {
	for text, want := range refusedExpressions {
		t.Run(text, func(t *testing.T) {
			_, r := resolve(text, over())
			if want == "" {
				require.Nil(t, r, "%+v", r)
				return
			}
			require.NotNil(t, r)
			assert.Equal(t, want, r.code, r.reason)
			assert.NotEmpty(t, r.remedy)
		})
	}
}

func TestResolveTested(t *testing.T) {
	got, r := resolve("a IS NULL AND name = 'x' AND name IS NULL", over())
	require.Nil(t, r)
	assert.True(t, got.tested["a"])
	assert.False(t, got.tested["name"])
}

// No function is both known to be deterministic and known not to be.
func TestFunctionListsAreDisjoint(t *testing.T) {
	for name := range dependent {
		assert.False(t, deterministic[name] || formatted[name], name)
	}
}

// Whatever resolves has as many markers as column references, and resolving
// its text again changes nothing.
func FuzzResolve(f *testing.F) {
	for _, s := range []string{"a", "CONCAT(a, b)", "CASE a WHEN 1 THEN 'x' END", "`we``ird`", "a IN (1, b)", "-(-a)", "'$ro'", "x'41'", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, r := resolve(text, over())
		if r != nil {
			return
		}
		again, r := resolve(got.value.Over("users"), over())
		require.Nil(t, r, "%q: %+v", got.value, r)
		require.Equal(t, got.columns, again.columns, "%q", got.value)
	})
}
