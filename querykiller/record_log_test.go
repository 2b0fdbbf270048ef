package querykiller_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

func TestLogSaysEverythingOfADecision(t *testing.T) {
	var out bytes.Buffer
	rollback, after := 1500*time.Millisecond, 12*time.Millisecond
	d := querykiller.Decision{
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Server: "shop-db", Rule: "r\n", Reason: "31.2s of 30s", Action: querykiller.ActQuery,
		Outcome: querykiller.OutcomeDead, Session: 1<<64 - 1, User: "app", Host: "h", Text: "SELECT ?\x1b[31m", Age: 31200 * time.Millisecond,
		Budget: 30 * time.Second, RowsModified: 7, Rollback: &rollback, DeadAfter: &after,
	}
	log := querykiller.NewLog(slog.New(slog.NewJSONHandler(&out, nil)))
	require.NoError(t, log.Write(t.Context(), []querykiller.Decision{d, {Outcome: querykiller.OutcomeSurvived, Error: "it runs on"}}))
	require.Equal(t, 2, bytes.Count(out.Bytes(), []byte("\n")), "a line each")

	type line struct {
		Level    string
		Decision map[string]any
	}
	var first, second line
	lines := json.NewDecoder(&out)
	lines.UseNumber()
	require.NoError(t, lines.Decode(&first))
	require.NoError(t, lines.Decode(&second))
	require.Equal(t, "WARN", first.Level)
	for key, want := range map[string]any{
		"at": "2026-03-01T12:00:00Z", "server": "shop-db", "rule": "r\n", "reason": "31.2s of 30s", "action": "kill_query", "outcome": "dead",
		"session": json.Number("18446744073709551615"), "user": "app", "text": "SELECT ?\x1b[31m", "age_seconds": json.Number("31.2"),
		"budget_seconds": json.Number("30"), "rows_modified": json.Number("7"), "rollback_seconds": json.Number("1.5"),
		"dead_after_seconds": json.Number("0.012"),
	} {
		require.Equal(t, want, first.Decision[key], key)
	}
	require.NotContains(t, first.Decision, "error")
	require.Equal(t, "ERROR", second.Level)
	require.Equal(t, "it runs on", second.Decision["error"])
	require.NotContains(t, second.Decision, "rollback_seconds", "not known is not zero")
	require.NotContains(t, second.Decision, "dead_after_seconds")
}
