package querykiller_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

// fixtures are process lists with the expected verdict beside each line, and the
// rules that they are judged by.
func fixtures(t *testing.T) map[string]*querykiller.Rules {
	byBudget := func(budget time.Duration) *querykiller.Rules {
		r, err := querykiller.DefaultRules(budget)
		require.NoError(t, err)
		return r
	}
	text, err := os.ReadFile("testdata/rules/migration.yaml")
	require.NoError(t, err)
	return map[string]*querykiller.Rules{
		"web-server.txt":      byBudget(2 * time.Second),
		"replica.txt":         byBudget(30 * time.Second),
		"backup-night.txt":    byBudget(30 * time.Second),
		"galera.txt":          byBudget(30 * time.Second),
		"migration-night.txt": parse(t, string(text)),
	}
}

func read(t *testing.T, name string) []querykiller.Saved {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata/processlist", name))
	require.NoError(t, err)
	defer f.Close()
	all, err := querykiller.ReadSaved(f)
	require.NoError(t, err, name)
	return all
}

func TestProcessLists(t *testing.T) {
	rules := fixtures(t)
	files, err := os.ReadDir("testdata/processlist")
	require.NoError(t, err)
	require.Len(t, files, len(rules), "every fixture is judged")
	for name, r := range rules {
		all := read(t, name)
		require.Len(t, all, 1, name)
		saved := all[0]
		require.Greater(t, len(saved.Expect), 5, name)
		for i, v := range r.Judge(saved.Snapshot, querykiller.State{}) {
			require.NotEmpty(t, saved.Expect[i], "%s:%d", name, saved.Line[i])
			require.True(t, v.Is(saved.Expect[i]), "%s:%d: want %s, got %s (%s)", name, saved.Line[i], saved.Expect[i], v.Brief(), v)
		}
	}
}

// What is saved without its literals and comments is judged as it was.
func TestRedactedSnapshotsAreJudgedAlike(t *testing.T) {
	for name, r := range fixtures(t) {
		for _, saved := range read(t, name) {
			var file bytes.Buffer
			require.NoError(t, querykiller.WriteSaved(&file, saved.Snapshot.Redacted()))
			require.NotContains(t, file.String(), "a|b", "a literal")
			again, err := querykiller.ReadSaved(&file)
			require.NoError(t, err)
			require.Len(t, again, 1)
			want := r.Judge(saved.Snapshot, querykiller.State{})
			for i, v := range r.Judge(again[0].Snapshot, querykiller.State{}) {
				require.Equal(t, want[i], v, "%s:%d", name, saved.Line[i])
			}
		}
	}
}

func TestReadSavedKeepsStatementsWhole(t *testing.T) {
	s := read(t, "web-server.txt")[0].Snapshot.Sessions
	require.Equal(t, "SELECT * FROM orders WHERE note LIKE '%a|b%'", s[0].Text)
	require.Equal(t, "SELECT a\nFROM b || c\nWHERE x = 1", s[2].Text)
	require.Equal(t, []any{"10.0.0.7", uint64(901), 2*time.Second + time.Microsecond, uint64(1_200_000)},
		[]any{s[0].Host, s[0].Statement.Query, s[0].Age, s[0].RowsExamined})
	require.True(t, s[3].Statement.Idle)
	s = read(t, "replica.txt")[0].Snapshot.Sessions
	require.Equal(t, "SELECT day, SUM(total)\nFROM orders\nGROUP BY day", s[5].Text)
}

func TestReadSavedExpectInJSON(t *testing.T) {
	all, err := querykiller.ReadSaved(strings.NewReader(`
{"sessions":[{"id":1,"command":"Query","text":"SELECT 1","age":3000000000,"expect":"kill_query long-selects"}]}

{"sessions":[{"id":2,"command":"Sleep"}]}`))
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []string{"kill_query long-selects"}, all[0].Expect)
	require.Equal(t, []int{4}, all[1].Line)
}

func TestReadSavedRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "has no rows",
		"nothing here":                      "has no rows",
		"{":                                 "line 1 of the saved process list is no snapshot",
		"| 1 | a |\n":                       "line 1 of the saved process list stands before a header",
		"| Id | Command |\n| x | Query |":   "column id",
		"| Id | Command |\n| 1 | a | b |":   "has 3 columns, its header has 2",
		"Id\tCommand\tTime\n1\tQuery\tNaN":  `"NaN" is no number of seconds`,
		"Id\tCommand\tTime\n1\tQuery\t1e99": "no number of seconds",
		"Id\tCommand\tRolling_back\n1\tQuery\tperhaps": "neither yes nor no",
		"Id\tCommand\n\tQuery":                         "has no Id",
	} {
		_, err := querykiller.ReadSaved(strings.NewReader(text))
		require.ErrorContains(t, err, want, "%q", text)
	}
}

func FuzzReadSaved(f *testing.F) {
	for _, name := range []string{"web-server.txt", "replica.txt", "backup-night.txt"} {
		text, err := os.ReadFile(filepath.Join("testdata/processlist", name))
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add(`{"sessions":[{"id":1}]}`)
	rules, err := querykiller.DefaultRules(time.Second)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := querykiller.ReadSaved(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, s := range all {
			require.Len(t, s.Line, len(s.Snapshot.Sessions))
			require.Len(t, s.Expect, len(s.Snapshot.Sessions))
			require.Len(t, rules.Judge(s.Snapshot, querykiller.State{}), len(s.Snapshot.Sessions))
		}
	})
}
