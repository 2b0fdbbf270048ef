package querykiller_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/querykiller"
)

// slow is a SELECT of 10 s about which everything is known.
func slow(change ...func(*querykiller.Session)) querykiller.Session {
	s := querykiller.Session{
		ID: 7, Statement: querykiller.StatementID{Session: 7, Query: 70}, User: "app", Host: "10.0.0.7", Database: "shop",
		Command: "Query", State: "executing", Text: "SELECT * FROM orders", Kind: querykiller.KindSelect, Digest: "abc",
		Age: 10 * time.Second, RowsExamined: 1000, RollingBack: querykiller.No, HoldsTables: querykiller.No,
		Program: "shop", Release: "v2.1",
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// with sets one thing about a session.
type with = func(*querykiller.Session)

func unknown(field string) with {
	return func(s *querykiller.Session) { s.Unknown = append(s.Unknown, field) }
}

// idle makes the session sleep in a transaction.
func idleInTransaction(s *querykiller.Session) {
	s.Command, s.State, s.Text, s.Kind, s.Transaction, s.RowsModified = "Sleep", "", "", querykiller.KindNone, time.Minute, 5
	s.Statement.Idle = true
}

// judgeOne returns what rules with one rule say of one session.
func judgeOne(t *testing.T, fields string, s querykiller.Session) querykiller.Verdict {
	t.Helper()
	r := parse(t, "rules:\n  - {name: r, "+fields+"}\n")
	return r.Judge(&querykiller.Snapshot{At: time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC), Sessions: []querykiller.Session{s}}, querykiller.State{})[0]
}

const killAt5 = "action: kill_query, budget: 5s"

func TestJudgeConditions(t *testing.T) {
	modified := func(n uint64) with { return func(s *querykiller.Session) { s.RowsModified = n } }
	for _, c := range []struct {
		match  string
		change with
		hit    bool
	}{
		{"user: app", nil, true},
		{"user: [x, app]", nil, true},
		{"user: App", nil, false},
		{"user: app, host: 10.0.0.7, database: shop, program: shop, release: /^v2/", nil, true},
		{"user: app, host: 10.0.0.8", nil, false},
		{"host: /^10\\./", nil, true},
		{"program: shop", unknown("program"), false},
		{"release: v1", nil, false},
		{"state: /^exec/", nil, true},
		{"text: /from ORDERS/", nil, false},
		{"text: '/(?i)from ORDERS/'", nil, true},
		{"digest: abc", nil, true},
		{"digest: abd", nil, false},
		{"command: query", nil, true},
		{"command: Execute", nil, false},
		{"kind: select", nil, true},
		{"kind: [dml, call]", nil, false},
		{"kind: dml", func(s *querykiller.Session) { s.Kind, s.Text = "", "UPDATE t SET a=1" }, true},
		{"kind: tx", func(s *querykiller.Session) { s.Kind = querykiller.KindTx }, true},
		{"user: app", func(s *querykiller.Session) { s.Kind = querykiller.KindTx }, false},
		{"user: app", func(s *querykiller.Session) { s.Kind = querykiller.KindOther }, false},
		{"user: app", func(s *querykiller.Session) { s.Command = "Prepare" }, false},
		{"tag: {owner: search}", func(s *querykiller.Session) { s.Text = "/* owner=search */ SELECT 1" }, true},
		{"tag: {owner: search}", func(s *querykiller.Session) { s.Text = "/* owner=other */ SELECT 1" }, false},
		{"tag: {owner: search}", nil, false},
		{"rows_examined: {min: 1000}", nil, true},
		{"rows_examined: {min: 1001}", nil, false},
		{"rows_examined: {max: 999}", nil, false},
		{"rows_examined: {max: 5000}", unknown("rows_examined"), false},
		{"rows_modified: {min: 5, max: 10}", modified(7), true},
		{"rows_modified: {min: 5, max: 10}", modified(11), false},
		{"age: {min: 10s}", nil, true},
		{"age: {min: 10.001s}", nil, false},
		{"lock_wait: {min: 1s}", nil, false},
		{"lock_wait: {min: 1s}", func(s *querykiller.Session) { s.Locked = time.Second }, true},
		{"transaction: {min: 1m}", func(s *querykiller.Session) { s.Transaction = time.Minute }, true},
		{"transaction: {min: 1m}", func(s *querykiller.Session) { s.Transaction = time.Hour; s.Unknown = []string{"transaction"} }, false},
		{"same_digest: {min: 2}", nil, false},
		{"same_digest: {max: 2}", nil, true},
	} {
		change := c.change
		if change == nil {
			change = func(*querykiller.Session) {}
		}
		v := judgeOne(t, killAt5+", match: {"+c.match+"}", slow(change))
		require.Equal(t, c.hit, v.Act == querykiller.ActQuery, "%s: %s", c.match, v)
	}
}

func TestJudgeMeasures(t *testing.T) {
	s := slow(func(s *querykiller.Session) { s.Locked, s.Transaction = 4*time.Second, time.Hour })
	require.Equal(t, "kill_query r: 4s of 3s", judgeOne(t, "action: kill_query, budget: 3s, measure: lock_wait", s).String())
	v := judgeOne(t, "action: kill_query, budget: 5s, measure: lock_wait", s)
	require.Equal(t, []any{"leave r", time.Second}, []any{v.Brief(), v.Due})
	require.Equal(t, "kill_connection r: 1h0m0s of 5s", judgeOne(t, "action: kill_connection, budget: 5s, measure: transaction", s).String())
	require.Equal(t, "leave: no rule matches", judgeOne(t, "action: kill_connection, budget: 5s, measure: idle", s).String())
	require.Equal(t, "kill_connection r", judgeOne(t, "action: kill_connection, budget: 5s, measure: idle", slow(idleInTransaction)).Brief())
	require.Equal(t, "kill_connection r", judgeOne(t, "action: kill_connection, budget: 5s, measure: idle, match: {idle_in_transaction: true}", slow(idleInTransaction)).Brief())
	require.Equal(t, "leave", judgeOne(t, "action: kill_connection, budget: 5s, measure: idle, match: {idle_in_transaction: false}", slow(idleInTransaction)).Brief())
	require.Equal(t, "leave", judgeOne(t, killAt5, slow(unknown("age"))).Brief())
	// To the nanosecond: never early.
	require.Empty(t, judgeOne(t, "action: kill_query, budget: 10s", slow(func(s *querykiller.Session) { s.Age-- })).Act)
	require.Equal(t, querykiller.ActQuery, judgeOne(t, "action: kill_query, budget: 10s", slow()).Act)
}

// A guard that cannot be measured does not count as passed.
func TestJudgeGuards(t *testing.T) {
	dml := func(s *querykiller.Session) {
		s.Kind, s.Text, s.RowsModified = querykiller.KindDML, "UPDATE t SET a=1", 10_000
	}
	rolling := func(v querykiller.Tri) with { return func(s *querykiller.Session) { s.RollingBack = v } }
	tables := func(v querykiller.Tri) with { return func(s *querykiller.Session) { s.HoldsTables = v } }
	const connection, idle = "action: kill_connection, budget: 5s", "action: kill_connection, budget: 5s, measure: idle"
	for _, c := range []struct {
		fields string
		s      querykiller.Session
		want   string
	}{
		{killAt5, slow(dml), "kill_query r"},
		{killAt5 + ", rollback_limit: 999ms", slow(dml), "refused r: 10s of 5s; undoing 10000 rows would take about 1s, more than 999ms"},
		{killAt5 + ", rollback_limit: 999ms, force_rollback: true", slow(dml), "kill_query r"},
		{killAt5, slow(dml, unknown("rows_modified")), "refused r: 10s of 5s; how many rows it has modified is not known"},
		{killAt5 + ", force_rollback: true", slow(dml, unknown("rows_modified")), "kill_query r"},
		{killAt5, slow(unknown("rows_modified")), "kill_query r"},
		{connection, slow(unknown("rows_modified")), "refused r"},
		{killAt5, slow(rolling("")), "kill_query r"},
		{killAt5, slow(dml, rolling("")), "refused r: 10s of 5s; whether it is rolling back already is not known"},
		{killAt5 + ", force_rollback: true", slow(dml, rolling("")), "kill_query r"},
		{killAt5 + ", force_rollback: true", slow(dml, rolling("yes")), "protected rolling_back"},
		{killAt5, slow(tables("")), "kill_query r"},
		{connection, slow(tables("")), "refused r: 10s of 5s; whether it holds LOCK TABLES is not known"},
		{connection + ", unprotect: [lock_tables]", slow(tables("")), "kill_connection r"},
		{connection, slow(tables("yes")), "protected lock_tables"},
		{connection + ", unprotect: [lock_tables]", slow(tables("yes")), "kill_connection r"},
		{idle, slow(idleInTransaction, unknown("program")), "refused r: 10s of 5s; it is idle and its program is not known"},
		{idle + ", match: {user: app}", slow(idleInTransaction, unknown("program")), "kill_connection r"},
		{"action: warn, budget: 5s", slow(dml, unknown("rows_modified"), rolling(""), tables("")), "warn r"},
	} {
		v := judgeOne(t, c.fields, c.s)
		require.True(t, v.Is(c.want), "%s: want %s, got %s", c.fields, c.want, v)
	}
}

func TestJudgeProtection(t *testing.T) {
	set := func(command, state, user, text string) querykiller.Session {
		return slow(func(s *querykiller.Session) {
			s.Command, s.State, s.User, s.Text, s.Kind = command, state, user, text, querykiller.KindOf(text)
		})
	}
	for _, c := range []struct {
		class querykiller.Class
		s     querykiller.Session
	}{
		{querykiller.ClassReplication, set("Binlog Dump", "", "repl", "")},
		{querykiller.ClassReplication, set("Binlog Dump GTID", "", "repl", "")},
		{querykiller.ClassReplication, set("Query", "", "system user", "INSERT INTO t VALUES (1)")},
		{querykiller.ClassReplication, set("Slave_worker", "", "x", "")},
		{querykiller.ClassReplication, set("Connect", "Waiting for source to send event", "repl", "")},
		{querykiller.ClassReplication, set("Daemon", "Group replication applier", "x", "")},
		{querykiller.ClassDaemon, set("Daemon", "Waiting on empty queue", "event_scheduler", "")},
		{querykiller.ClassDaemon, set("Sleep", "", "event_scheduler", "")},
		{querykiller.ClassSystem, set("Query", "", "mariadb.sys", "SELECT 1")},
		{querykiller.ClassOwn, set("Query", "", "app", "/* underpin copy */ SELECT 1")},
		{querykiller.ClassBackup, set("Query", "", "app", "SELECT /*!40001 SQL_NO_CACHE */ * FROM t")},
		{querykiller.ClassLockTables, set("Query", "", "app", "/* x */ lock tables a read")},
		{querykiller.ClassDDL, set("Query", "", "app", "/*!40000 ALTER TABLE t DISABLE KEYS */")},
		{querykiller.ClassDDL, set("Query", "copy to tmp table", "app", "SELECT f()")},
		{querykiller.ClassDDL, set("Query", "committing alter table to storage engine", "app", "CALL p()")},
		{querykiller.ClassRollingBack, set("Killed", "", "app", "SELECT 1")},
		{querykiller.ClassRollingBack, set("Query", "rollback", "app", "ROLLBACK")},
	} {
		all := "action: kill_query, budget: 5s, match: {kind: [select, dml, ddl, call, admin, tx, other], " +
			"command: [Query, Sleepy, Binlog Dump, Binlog Dump GTID, Daemon, Connect, Slave_worker]}, unprotect: [%s]"
		var others []string
		for _, class := range querykiller.Classes() {
			if class != c.class {
				others = append(others, string(class))
			}
		}
		others = append(others, string(querykiller.ClassDDL), string(querykiller.ClassReplication), string(querykiller.ClassDaemon))
		rules, err := querykiller.ParseRules("r", strings.NewReader("rules:\n  - {name: r, "+fmt.Sprintf(all, strings.Join(unique(others), ", "))+"}\n"))
		require.NoError(t, err)
		v := rules.Judge(&querykiller.Snapshot{Sessions: []querykiller.Session{c.s}}, querykiller.State{})[0]
		switch c.class {
		case querykiller.ClassDDL, querykiller.ClassReplication, querykiller.ClassDaemon: // the rule has to unprotect them to be valid
			v = judgeOne(t, killAt5, c.s)
		}
		require.Equal(t, c.class, v.Class, "%s %q %q: %s", c.s.Command, c.s.State, c.s.Text, v)
		require.Empty(t, v.Act)
	}
	// The explicit word lets a rule see it.
	require.Equal(t, "kill_query r", judgeOne(t, killAt5+", unprotect: [backup], match: {user: app}",
		set("Query", "", "app", "SELECT /*!40001 SQL_NO_CACHE */ * FROM t")).Brief())
	require.Equal(t, "kill_query r", judgeOne(t, killAt5+", unprotect: [ddl], match: {kind: ddl}", set("Query", "", "app", "ALTER TABLE t FORCE")).Brief())
	// One word is not enough for what is of two classes.
	require.Equal(t, "protected own", judgeOne(t, killAt5+", unprotect: [ddl], match: {kind: ddl}", set("Query", "", "app", "/* underpin x */ ALTER TABLE t FORCE")).Brief())
}

// What is rolling back stays protected, however the rules were made.
func TestJudgeNeverActsOnARollback(t *testing.T) {
	rules := parse(t, "rules:\n  - {name: r, action: kill_connection, budget: 5s, force_rollback: true}\n")
	rules.Rules[0].Unprotect = append(querykiller.Classes(), querykiller.ClassRollingBack)
	s := slow(func(s *querykiller.Session) { s.RollingBack = querykiller.Yes })
	v := rules.Judge(&querykiller.Snapshot{Sessions: []querykiller.Session{s}}, querykiller.State{})[0]
	require.Equal(t, "protected rolling_back", v.Brief())
}

func unique(words []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, w := range words {
		if !seen[w] {
			out = append(out, w)
		}
		seen[w] = true
	}
	return out
}

func TestJudgeBlockers(t *testing.T) {
	r := parse(t, `
rules:
  - {name: b, measure: blocking, budget: 5s, action: kill_query, escalate: {to: kill_connection, after: 1s}, match: {blocks: {lock: metadata, waiter: ddl}}}
`)
	blocker := slow(idleInTransaction)
	waiter := func(id uint64, kind querykiller.Kind, lock querykiller.LockKind, waits time.Duration, by uint64) querykiller.Session {
		return slow(func(s *querykiller.Session) {
			s.ID, s.Kind, s.Locked, s.Age = id, kind, waits, waits
			s.Statement = querykiller.StatementID{Session: id, Query: id}
			s.BlockedBy = []querykiller.Block{{Session: by, Lock: lock}}
		})
	}
	judge := func(all ...querykiller.Session) string {
		return r.Judge(&querykiller.Snapshot{Sessions: all}, querykiller.State{})[0].String()
	}
	require.Equal(t, "kill_connection b: 6s of 5s", judge(blocker, waiter(8, querykiller.KindDDL, querykiller.LockMetadata, 6*time.Second, 7)))
	require.Equal(t, "leave b: 4s of 5s", judge(blocker, waiter(8, querykiller.KindDDL, querykiller.LockMetadata, 4*time.Second, 7)))
	require.Equal(t, "kill_connection b: 6s of 5s", judge(blocker,
		waiter(8, querykiller.KindDDL, querykiller.LockMetadata, 4*time.Second, 7), waiter(9, querykiller.KindDDL, querykiller.LockMetadata, 6*time.Second, 7)))
	require.Equal(t, "leave: it is idle, and no rule matches", judge(blocker, waiter(8, querykiller.KindSelect, querykiller.LockMetadata, 6*time.Second, 7)))
	require.Equal(t, "leave: it is idle, and no rule matches", judge(blocker, waiter(8, querykiller.KindDDL, querykiller.LockRow, 6*time.Second, 7)))
	// One that waits itself is not to blame.
	blocker.BlockedBy = []querykiller.Block{{Session: 99, Lock: querykiller.LockRow}}
	require.Equal(t, "leave: it is idle, and no rule matches", judge(blocker, waiter(8, querykiller.KindDDL, querykiller.LockMetadata, 6*time.Second, 7)))
}

func TestJudgeVictims(t *testing.T) {
	session := func(id uint64, seconds int, digest string) querykiller.Session {
		return slow(func(s *querykiller.Session) {
			s.ID, s.Age, s.Digest = id, time.Duration(seconds)*time.Second, digest
			s.Statement = querykiller.StatementID{Session: id, Query: id}
		})
	}
	all := []querykiller.Session{session(1, 9, "a"), session(2, 8, "a"), session(3, 7, "b"), session(4, 6, "b"), session(5, 6, "b"), session(6, 1, "b")}
	for fields, want := range map[string]string{
		"victims: all":                                 "1 2 3 4 5",
		"victims: oldest":                              "1",
		"victims: newest":                              "5",
		"victims: all_but_oldest":                      "2 3 4 5",
		"victims: oldest, group: digest":               "1 3",
		"victims: newest, group: digest":               "2 5",
		"victims: all_but_oldest, group: digest":       "2 4 5",
		"victims: all_but_oldest, group: user":         "2 3 4 5",
		"victims: all, match: {same_digest: {min: 3}}": "3 4 5",
	} {
		r := parse(t, "rules:\n  - {name: r, "+killAt5+", "+fields+"}\n")
		require.Equal(t, want, acted(r.Judge(&querykiller.Snapshot{Sessions: all}, querykiller.State{})), fields)
	}
	// While the chosen one is dying no other is chosen.
	r := parse(t, "rules:\n  - {name: r, "+killAt5+", victims: oldest, group: digest}\n")
	dying := map[querykiller.StatementID]string{all[0].Statement: "r"}
	require.Equal(t, "1 3", acted(r.Judge(&querykiller.Snapshot{Sessions: all}, querykiller.State{Dying: dying})))
	all[0].Command, all[0].RollingBack = "Killed", querykiller.Yes
	require.Equal(t, "3", acted(r.Judge(&querykiller.Snapshot{Sessions: all}, querykiller.State{Dying: dying})))
	require.Equal(t, "2 3", acted(r.Judge(&querykiller.Snapshot{Sessions: all}, querykiller.State{})))
}

// acted lists the sessions that something is done to.
func acted(verdicts []querykiller.Verdict) string {
	var ids []string
	for _, v := range verdicts {
		if v.Act != "" {
			ids = append(ids, fmt.Sprint(v.Session))
		}
	}
	return strings.Join(ids, " ")
}

func TestJudgeQuietHours(t *testing.T) {
	at := func(text string) time.Time {
		zone, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		out, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		require.NoError(t, err)
		return out
	}
	r := parse(t, "rules:\n  - {name: r, "+killAt5+`, quiet: {from: "22:00", to: "06:00", days: [fri], zone: Europe/Berlin}}`)
	for moment, quiet := range map[string]bool{
		"2026-03-06 21:59": false, "2026-03-06 22:00": true, // a Friday
		"2026-03-07 05:59": true, "2026-03-07 06:00": false,
		"2026-03-07 22:00": false, "2026-03-06 05:00": false,
	} {
		v := r.Judge(&querykiller.Snapshot{At: at(moment).UTC(), Sessions: []querykiller.Session{slow()}}, querykiller.State{})[0]
		require.Equal(t, quiet, v.Act == "", "%s: %s", moment, v)
		require.Equal(t, quiet, strings.Contains(v.Reason, "quiet hours until 06:00 CET"), v.Reason)
	}
	// The night in which the clocks go forward is short, the hours are local.
	r = parse(t, "rules:\n  - {name: r, "+killAt5+`, quiet: {from: "01:00", to: "04:00", zone: Europe/Berlin}}`)
	for moment, quiet := range map[string]bool{"2026-03-29T00:00:00Z": true, "2026-03-29T01:59:00Z": true, "2026-03-29T02:00:00Z": false} {
		m, err := time.Parse(time.RFC3339, moment)
		require.NoError(t, err)
		v := r.Judge(&querykiller.Snapshot{At: m, Sessions: []querykiller.Session{slow()}}, querykiller.State{})[0]
		require.Equal(t, quiet, v.Act == "", "%s: %s", moment, v)
	}
}

func TestJudgeOverload(t *testing.T) {
	r := parse(t, "rules:\n  - {name: r, action: kill_query, budget: 15s}\noverload: {threads_running: 10, factor: 0.5}\n")
	snap := &querykiller.Snapshot{Sessions: []querykiller.Session{slow()}}
	require.Equal(t, 5*time.Second, r.Judge(snap, querykiller.State{})[0].Due)
	require.Equal(t, "kill_query r: 10s of 7.5s, × 0.5 under overload", r.Judge(snap, querykiller.State{Overload: true})[0].String())
}

// Whatever the session: nothing that is protected or early is acted on, there is
// one verdict with a reason for each, and the same input gives the same verdict.
func TestJudgeProperties(t *testing.T) {
	budget := 3 * time.Second
	rules, err := querykiller.DefaultRules(budget)
	require.NoError(t, err)
	tri := rapid.SampledFrom([]querykiller.Tri{querykiller.Yes, querykiller.No, querykiller.Unknown})
	session := rapid.Custom(func(t *rapid.T) querykiller.Session {
		return querykiller.Session{
			ID:      rapid.Uint64Range(1, 9).Draw(t, "id"),
			User:    rapid.SampledFrom([]string{"app", "system user", "mysql.sys", "event_scheduler", ""}).Draw(t, "user"),
			Command: rapid.SampledFrom([]string{"Query", "Execute", "Sleep", "Binlog Dump GTID", "Daemon", "Killed", "Connect", ""}).Draw(t, "command"),
			Text: rapid.SampledFrom([]string{"SELECT 1", "UPDATE t SET a=1", "ALTER TABLE t FORCE", "CALL p()", "/* underpin x */ SELECT 1", "\xff", "",
				"COMMIT", "/* budget=1s */ SELECT 1"}).Draw(t, "text"),
			Age:          time.Duration(rapid.Int64Range(0, int64(2*budget)).Draw(t, "age")),
			RowsModified: rapid.Uint64().Draw(t, "rows"),
			RollingBack:  tri.Draw(t, "rolling"),
			HoldsTables:  tri.Draw(t, "tables"),
			Transaction:  time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "transaction")),
			Unknown:      rapid.SliceOf(rapid.SampledFrom([]string{"rows_modified", "transaction", "program"})).Draw(t, "unknown"),
			System:       rapid.Bool().Draw(t, "system"),
			Own:          rapid.Bool().Draw(t, "own"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		snap := &querykiller.Snapshot{Sessions: rapid.SliceOfN(session, 0, 8).Draw(t, "sessions")}
		got := rules.Judge(snap, querykiller.State{})
		require.Len(t, got, len(snap.Sessions))
		require.Equal(t, got, rules.Judge(snap, querykiller.State{}))
		for i, v := range got {
			s := snap.Sessions[i]
			require.NotEmpty(t, v.Reason)
			require.Equal(t, s.ID, v.Session)
			if v.Act != "" {
				require.GreaterOrEqual(t, s.Age, budget)
				require.False(t, s.System || s.Own || s.RollingBack == querykiller.Yes || s.HoldsTables == querykiller.Yes || s.User != "app" && s.User != "", v)
			}
			if v.Act == querykiller.ActQuery {
				require.Contains(t, []string{"Query", "Execute"}, s.Command)
				require.NotContains(t, s.Text, "underpin")
			}
		}
	})
}

// TestJudgeAhead: what is due soon is judged before its time only by a rule of
// which nothing can change until then.
func TestJudgeAhead(t *testing.T) {
	for match, ahead := range map[string]bool{
		"match: {user: app}":                        true,
		"match: {user: app, same_digest: {min: 1}}": false,
		"match: {state: executing}":                 false,
		"victims: oldest":                           false,
		"match: {kind: select}, escalate: {to: kill_connection, after: 1s}": true,
	} {
		rules := parse(t, "rules:\n  - {name: r, action: kill_query, budget: 2s, "+match+"}\n")
		s := slow(func(s *querykiller.Session) {
			s.Age, s.Transaction, s.State, s.User = 1900*time.Millisecond, 1900*time.Millisecond, "executing", "app"
		})
		v := rules.Judge(&querykiller.Snapshot{Sessions: []querykiller.Session{s}}, querykiller.State{Ahead: 200 * time.Millisecond})[0]
		require.Equal(t, ahead, v.Act == querykiller.ActQuery, "%s: %v", match, v)
		require.Equal(t, 100*time.Millisecond, v.Due, match)
	}
}
