package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// killed is a decision with something in every field.
func killed(at time.Time, rule string) control.Kill {
	rollback, dead := 1500*time.Millisecond, 42*time.Microsecond
	return control.Kill{
		At: at, Killer: "ann@db-1", Rule: rule, Action: "kill_query", Outcome: "killed", Reason: "31.2 s of 30 s",
		Session: 1 << 40, User: "app", Host: "10.0.0.1", Database: "shop", Release: "r7", Digest: "abc",
		Text: "SELECT ? FROM `größe` WHERE a = ?", Age: 31*time.Second + 7*time.Microsecond, RowsExamined: 1<<64 - 1, RowsModified: 3,
		Rollback: &rollback, Dead: &dead, Detail: json.RawMessage(`{"rule":"` + rule + `"}`),
	}
}

func TestKillsAreReadAsTheyWereWritten(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
		want := killed(at, "long-selects")
		id, err := control.AddKill(t.Context(), db, want)
		require.NoError(t, err)
		want.ID = id
		bare := control.Kill{At: at.In(time.FixedZone("", 7200)), Session: 9, Detail: json.RawMessage(`{}`)}
		_, err = control.AddKill(t.Context(), db, bare)
		require.NoError(t, err)

		have, err := control.Kills(t.Context(), db, control.KillFilter{})
		require.NoError(t, err)
		require.Len(t, have, 2)
		require.Equal(t, want, have[0])
		require.Nil(t, have[1].Rollback, "not known is not zero")
		require.Nil(t, have[1].Dead)
		require.Equal(t, at, have[1].At, "whatever zone it was told in")
	})
}

func TestAnOddStatementDoesNotMakeTheRecordFail(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		long := strings.Repeat("😀", 1<<20)
		k := control.Kill{At: time.Now(), Killer: long, Rule: long, Action: "warn", Outcome: "x", Reason: long, User: "a\xff\x00b", Host: long,
			Database: long, Release: long, Digest: long, Text: "\xff\xfe" + long, Detail: json.RawMessage(`{}`)}
		_, err := control.AddKill(t.Context(), db, k)
		require.NoError(t, err)
		have, err := control.Kills(t.Context(), db, control.KillFilter{})
		require.NoError(t, err)
		require.Equal(t, "a�\x00b", have[0].User)
		require.Len(t, []rune(have[0].Text), 16_000)
		require.Len(t, []rune(have[0].Rule), 64)
	})
}

// hoursAgo is a time of the server's clock.
func hoursAgo(t *testing.T, db mysqlx.Querier, n int) (at time.Time) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT UTC_TIMESTAMP(6) - INTERVAL ? HOUR", n).Scan(&at))
	return at
}

func TestKillsAreFoundByAgeRuleAndPosition(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		for n := range 6 {
			_, err := control.AddKill(t.Context(), db, killed(hoursAgo(t, db, 6-n), fmt.Sprint("rule-", n%2)))
			require.NoError(t, err)
		}
		ids := func(f control.KillFilter) (out []uint64) {
			list, err := control.Kills(t.Context(), db, f)
			require.NoError(t, err)
			for _, k := range list {
				out = append(out, k.ID)
			}
			return out
		}
		require.Equal(t, []uint64{1, 2, 3, 4, 5, 6}, ids(control.KillFilter{}))
		require.Equal(t, []uint64{4, 5, 6}, ids(control.KillFilter{Within: 3*time.Hour + 30*time.Minute}))
		require.Equal(t, []uint64{2, 4, 6}, ids(control.KillFilter{Rule: "rule-1"}))
		require.Equal(t, []uint64{4, 6}, ids(control.KillFilter{Rule: "rule-1", After: 2}))
		require.Equal(t, []uint64{2, 3}, ids(control.KillFilter{After: 1, Limit: 2}))
		require.Empty(t, ids(control.KillFilter{Rule: "rule-9"}))
	})
}

func TestOldKillsGoInBoundedSteps(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		for _, hours := range []int{1, 6, 5, 4, 3, 2} { // not in the order of their ids
			_, err := control.AddKill(t.Context(), db, killed(hoursAgo(t, db, hours), fmt.Sprint(hours)))
			require.NoError(t, err)
		}
		for _, want := range []int{2, 1, 0} {
			n, err := control.PurgeKills(t.Context(), db, 3*time.Hour+30*time.Minute, 2)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		left, err := control.Kills(t.Context(), db, control.KillFilter{})
		require.NoError(t, err)
		var rules []string
		for _, k := range left {
			rules = append(rules, k.Rule)
		}
		require.Equal(t, []string{"1", "3", "2"}, rules)
	})
}
