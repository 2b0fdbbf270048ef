package querykiller_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/querykiller"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"SELECT 1":                            "SELECT ?",
		"SELECT  *\n FROM t1 WHERE a='x'":     "SELECT * FROM t1 WHERE a=?",
		"WHERE a = 'it''s' AND b = \"q\"":     "WHERE a = ? AND b = ?",
		"WHERE a IN (1, 2,3)":                 "WHERE a IN (?, ...)",
		"VALUES (1,'a'),(2,'b'), (3,'c')":     "VALUES (?, ...), ...",
		"a = -1.5e+10 + 0xFF + x'AB' + b'01'": "a = -? + ? + x? + b?",
		"_utf8mb4'x' N'y'":                    "_utf8mb4? N?",
		"SELECT `a'b` FROM `t`":               "SELECT `a'b` FROM `t`",
		"/* password=hunter2 */ SELECT 1":     "SELECT ?",
		"SELECT 1 -- secret":                  "SELECT ?",
		"SELECT 1 # secret":                   "SELECT ?",
		"SELECT a--1":                         "SELECT a--?",
		"SELECT 'cut off":                     "SELECT ?",
		"SELECT /* cut off":                   "SELECT",
		"SELECT /*!40001 SQL_NO_CACHE */ *":   "SELECT SQL_NO_CACHE *",
		"SET PASSWORD FOR 'a'@'%' = 'geheim'": "SET PASSWORD FOR ?@? = ?",
		"SELECT \xff\xfe, '\xff'":             "SELECT \uFFFD\uFFFD, ?",
		"SELECT a\u202eb":                     "SELECT a\uFFFDb",
		"AS $$ secret $$":                     "AS ?",
	} {
		require.Equal(t, want, querykiller.Redact(text), "%q", text)
	}
}

func TestRedactBoundsItsLength(t *testing.T) {
	out := querykiller.Redact("SELECT " + strings.Repeat("ä, ", 5<<20))
	require.LessOrEqual(t, len(out), querykiller.MaxRedacted)
	require.True(t, utf8.ValidString(out))
	require.Equal(t, "SELECT ?", querykiller.Redact("SELECT '"+strings.Repeat("x", 10<<20)))
}

func TestDigest(t *testing.T) {
	a := querykiller.Digest("SELECT * FROM t WHERE a IN (1,2,3) /* x */")
	require.Len(t, a, 64)
	require.Equal(t, a, querykiller.Digest("select *\nfrom t where a in (7, 8)"))
	require.NotEqual(t, a, querykiller.Digest("SELECT * FROM u WHERE a IN (1,2)"))
	require.Empty(t, querykiller.Digest("  "))
}

// A secret that stands in a literal in any sql_mode never comes out, whatever
// stands around it.
func TestRedactNeverTellsALiteral(t *testing.T) {
	const secret = "hunterzwei"
	pieces := []string{
		"SELECT", " ", "a", "'x'", `"y"`, "`n`", "-- c'\n", "/* ' */", "/*! b */", "1", "0x1", ",", "(", ")", "\xff", "#\"\n", "N'z'",
	}
	modes := map[string][]string{ // by what a backslash is, and whether versioned code is read
		"escape, read":  {`'it\'s'`, `'\\'`, `"\""`, "/*! 'c' */"},
		"letter, read":  {`'a\'`, `"b\"`, "/*! '*/' */"},
		"escape, spare": {`'it\'s'`, "/*!99999 ' */", `/*!99999 " */`},
		"letter, spare": {`'a\'`, "/*!99999 ' */"},
	}
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom(slices.Sorted(maps.Keys(modes))).Draw(t, "mode")
		filler := rapid.SliceOfN(rapid.SampledFrom(slices.Concat(pieces, modes[mode], modes[mode])), 0, 6)
		before := strings.Join(filler.Draw(t, "before"), " ")
		after := strings.Join(filler.Draw(t, "after"), " ")
		quote := rapid.SampledFrom([]string{"'", `"`}).Draw(t, "quote")
		text := before + " " + quote + secret + quote + " " + after
		require.NotContains(t, querykiller.Redact(text), secret, text)
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		require.NotContains(t, querykiller.Redact(text[:cut]), secret, text)
	})
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"SELECT 'a'", `'\'`, "/*!1 '*/'", "a\"b`c'd", "$$", "\xff'", "--", "#"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := querykiller.Redact(text)
		require.True(t, utf8.ValidString(out))
		require.LessOrEqual(t, len(out), querykiller.MaxRedacted)
		require.NotContains(t, out, "\n")
		querykiller.Digest(text)
		querykiller.ParseTag(text)
	})
}
