package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

// rulesOf reads a rules file of the examples.
func rulesOf(t *testing.T, name string) *querykiller.Rules {
	t.Helper()
	file, err := os.Open(filepath.Join("../../examples/querykiller", name))
	require.NoError(t, err)
	defer file.Close()
	rules, err := querykiller.ParseRules(name, file)
	require.NoError(t, err)
	return rules
}

// session is one that runs a statement as somebody, for a time.
func session(user, text string, age time.Duration) querykiller.Session {
	return querykiller.Session{
		ID: 1, User: user, Host: "10.0.0.1", Command: "Query", Text: text, Kind: querykiller.KindOf(text), Age: age,
		RollingBack: querykiller.No, HoldsTables: querykiller.No, Program: "app",
	}
}

// with changes a session.
func with(s querykiller.Session, change func(s *querykiller.Session)) querykiller.Session {
	change(&s)
	return s
}

// sleeper is a session that waits for its application, in a transaction.
func sleeper(age time.Duration) querykiller.Session {
	return with(session("app_web", "", age), func(s *querykiller.Session) {
		s.Command, s.Transaction, s.RowsModified = "Sleep", age+time.Second, 3
	})
}

// What the documentation says of the example rules is what they do.
func TestExampleRulesDoWhatTheySay(t *testing.T) {
	day := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC) // a Tuesday
	night, sunday := day.Add(9*time.Hour), day.Add(-2*24*time.Hour)
	big := func(s *querykiller.Session) { s.RowsExamined = 60_000_000 }
	waiter := with(session("dba", "ALTER TABLE t ADD x INT", 3*time.Second), func(s *querykiller.Session) {
		s.ID, s.Locked = 2, 3*time.Second
		s.BlockedBy = []querykiller.Block{{Session: 1, Lock: querykiller.LockMetadata}}
	})
	rowWaiter := with(session("app_web", "UPDATE t SET a = 1", 6*time.Second), func(s *querykiller.Session) {
		s.ID, s.Locked = 2, 6*time.Second
		s.BlockedBy = []querykiller.Block{{Session: 1, Lock: querykiller.LockRow}}
	})
	for _, test := range []struct {
		name   string
		file   string
		at     time.Time
		judged querykiller.Session
		others []querykiller.Session
		want   string
	}{
		{"a short read", "rules.yaml", day, session("app_web", "SELECT 1", 1999*time.Millisecond), nil, "leave web-reads"},
		{"a long read", "rules.yaml", day, session("app_web", "SELECT 1", 2*time.Second), nil, "kill_query web-reads"},
		{"a read that asks for more", "rules.yaml", day, session("app_web", "/* budget=10s */ SELECT 1", 9*time.Second), nil, "leave web-reads"},
		{"and gets it bounded", "rules.yaml", day, session("app_web", "/* budget=10h */ SELECT 1", 15*time.Second), nil, "kill_query web-reads"},
		{"a write", "rules.yaml", day, session("app_web", "DELETE FROM t", 11*time.Second), nil, "kill_query web-writes"},
		{"a write that is dear to undo", "rules.yaml", day,
			with(session("app_web", "DELETE FROM t", 11*time.Second), func(s *querykiller.Session) { s.RowsModified = 500_000_000 }), nil, "refused web-writes"},
		{"a stampede", "rules.yaml", day, session("app_web", "SELECT 1", 600*time.Millisecond),
			slices.Repeat([]querykiller.Session{with(session("app_web", "SELECT 2", time.Second), func(s *querykiller.Session) { s.ID = 9 })}, 19), "kill_query stampede"},
		{"somebody else", "rules.yaml", day, session("dba", "SELECT 1", time.Hour), nil, "leave"},
		{"an exception", "rules.yaml", day, session("accounting", "/* job=month-end */ UPDATE t SET a = 1", time.Hour), nil, "leave month-end"},
		{"a report by day", "rules.yaml", day, with(session("reporting", "SELECT 1", 6*time.Minute), big), nil, "kill_query reports-by-day"},
		{"a report by night", "rules.yaml", night, with(session("reporting", "SELECT 1", 6*time.Minute), big), nil, "leave reports-by-day"},
		{"a report on Sunday", "rules.yaml", sunday, with(session("reporting", "SELECT 1", 6*time.Minute), big), nil, "leave reports-by-day"},
		{"a small report", "rules.yaml", day, session("reporting", "SELECT 1", 6*time.Minute), nil, "warn reports"},
		{"in the way of DDL", "blockers.yaml", day, sleeper(10 * time.Second), []querykiller.Session{waiter}, "kill_connection in-the-way-of-ddl"},
		{"row locks", "blockers.yaml", day, sleeper(10 * time.Second), []querykiller.Session{rowWaiter}, "kill_connection holds-rows-and-sleeps"},
		{"in nobody's way", "blockers.yaml", day, sleeper(10 * time.Second), nil, "leave idle-in-transaction"},
		{"and for long", "blockers.yaml", day, sleeper(time.Minute), nil, "kill_connection idle-in-transaction"},
		{"a dump", "dumps.yaml", day, session("backup", "SELECT /*!40001 SQL_NO_CACHE */ * FROM t", time.Hour), nil, "kill_query dumps-in-the-day"},
		{"a dump without the word", "rules.yaml", day, session("app_web", "SELECT /*!40001 SQL_NO_CACHE */ * FROM t", time.Hour), nil, "protected backup"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &querykiller.Snapshot{At: test.at, Flavour: querykiller.MySQL, Sessions: append([]querykiller.Session{test.judged}, test.others...)}
			v := rulesOf(t, test.file).Judge(s, querykiller.State{})[0]
			require.Equal(t, test.want, v.Brief(), v.String())
		})
	}
}

// Every file that the documentation shows is read as the program reads it.
func TestEveryExampleIsTested(t *testing.T) {
	files, err := filepath.Glob("../../examples/querykiller/*.yaml")
	require.NoError(t, err)
	var names []string
	for _, path := range files {
		names = append(names, filepath.Base(path))
	}
	require.Equal(t, []string{"blockers.yaml", "dumps.yaml", "rules.yaml"}, names, "a new file needs a line above")
}
