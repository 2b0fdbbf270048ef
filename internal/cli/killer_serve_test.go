package cli

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
	"github.com/underpin-db/underpin/querykiller/promkiller"
)

func TestMetricsAreServedUntilTheEnd(t *testing.T) {
	var log bytes.Buffer
	v := &voice{logger: slog.New(slog.NewTextHandler(&log, nil))}
	metrics := promkiller.New(promkiller.Sources{})
	require.NoError(t, metrics.Record(t.Context(), querykiller.Decision{Rule: "r", Action: querykiller.ActQuery, Outcome: querykiller.OutcomeDead}))
	stop, err := serveMetrics(t.Context(), "127.0.0.1:0", metrics, v)
	require.NoError(t, err)
	address := regexp.MustCompile(`http://[0-9.:]+/metrics`).FindString(log.String())
	require.NotEmpty(t, address)

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func() (string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		res, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return string(body), err
	}
	body, err := get()
	require.NoError(t, err)
	require.Contains(t, body, `underpin_killer_decisions_total{action="kill_query",outcome="dead",rule="r"} 1`)

	_, err = serveMetrics(t.Context(), address[len("http://"):len(address)-len("/metrics")], metrics, v)
	require.ErrorContains(t, err, "address already in use")
	require.Equal(t, exitUsage, judge(t.Context(), err).exit)
	stop()
	_, err = get()
	require.Error(t, err)
	require.NotContains(t, log.String(), "no longer served", "an end that was asked for is no trouble")
}

func TestAdminAddressTakesThePassword(t *testing.T) {
	a := &app{getenv: func(string) string { return "" }}
	for _, test := range []struct{ flag, usual, want string }{
		{"", "root:pw@tcp(h:3306)/x", ""},
		{"root@tcp(h:33062)/", "root:pw@tcp(h:3306)/x", "root:pw@tcp(h:33062)/"},
		{"root:other@tcp(h:33062)/", "root:pw@tcp(h:3306)/x", "root:other@tcp(h:33062)/"},
		{"admin@tcp(h:33062)/", "root:pw@tcp(h:3306)/x", "admin@tcp(h:33062)/"},
	} {
		have, err := a.adminAddress(test.flag, test.usual)
		require.NoError(t, err)
		require.Equal(t, test.want, have)
	}
	_, err := a.adminAddress("root:s3cret@h:1)", "")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
}

// What cannot be seen is told once, however often it comes and goes.
func TestBlindnessIsToldOnce(t *testing.T) {
	var log bytes.Buffer
	v := &voice{logger: slog.New(slog.NewTextHandler(&log, nil)), blind: map[string]time.Time{}}
	status := func() querykiller.Status { return querykiller.Status{} }
	for n := range 10 {
		s := &querykiller.Snapshot{Flavour: querykiller.MySQL}
		if n%2 == 0 {
			s.Degraded = []string{"no transactions"}
		}
		v.polled(querykiller.Poll{Snapshot: s}, status)
	}
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("no transactions")))
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("never touched")))
}

// A statement is looked at closely before the shortest of its budgets is used
// up, whatever shortens it.
func TestAttentionComesBeforeTheShortestBudget(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"rules: [{name: a, action: warn, budget: 30s}]":                                               100 * time.Millisecond,
		"rules: [{name: a, action: warn, budget: 30s}, {name: b, action: warn, budget: 80ms}]":        40 * time.Millisecond,
		"rules: [{name: a, action: warn, budget: 80ms}]\noverload: {threads_running: 9, factor: 0.5}": 20 * time.Millisecond,
		"rules: [{name: a, action: warn, budget: 30s, tag_budget: {min: 10ms, max: 60s}}]":            5 * time.Millisecond,
		"rules: [{name: x, match: {user: x}, action: leave}, {name: a, action: warn, budget: 1us}]":   time.Millisecond,
	} {
		rules, err := querykiller.ParseRules("x", strings.NewReader(text))
		require.NoError(t, err, text)
		require.Equal(t, want, attention(rules), text)
	}
}

// With --log-level error the way is silent, and what went wrong is told.
func TestErrorsAreToldAtEveryLevel(t *testing.T) {
	for level, want := range map[string]string{
		"info":  "! careful: why x\n✗ broken: server db, why \ufffd[2J\n",
		"error": "✗ broken: server db, why \ufffd[2J\n",
	} {
		var out bytes.Buffer
		a := &app{stderr: &out, getenv: func(string) string { return "" }, settings: settings{LogLevel: level}}
		v := a.newVoice(killerOptions{})
		v.logger.Debug("nothing")
		v.logger.Warn("careful", slog.String("why", "x"))
		v.logger.With(slog.String("server", "db")).Error("broken", slog.String("why", "\x1b[2J"))
		v.close()
		require.Equal(t, want, out.String(), level)
	}
}
