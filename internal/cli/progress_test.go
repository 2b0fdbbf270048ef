package cli

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate/engine"
)

func newTestReporter(s settings) (*reporter, *bytes.Buffer) {
	var out bytes.Buffer
	a := &app{stderr: &out, getenv: func(string) string { return "" }, settings: s}
	return a.newReporter(), &out
}

func TestPlainProgressIsRareAndWaitsAreToldOnce(t *testing.T) {
	r, out := newTestReporter(settings{LogLevel: "info"})
	for i := range uint64(100) {
		r.event(engine.Event{What: "progress", Message: "backfill", Done: i, Total: 100})
		r.event(engine.Event{What: "waiting", Message: "soaked refused: 9 s left"})
		r.event(engine.Event{What: "waiting", Message: "fleet_supports refused: r0"})
	}
	r.event(engine.Event{What: "transition", Message: "planned → expanded\x1b[2J", Millis: 12})
	r.close()
	r.close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Equal(t, "backfill  0 of about 100 rows", lines[0])
	require.Equal(t, 1, strings.Count(out.String(), "soaked"))
	require.Equal(t, 1, strings.Count(out.String(), "fleet_supports"))
	require.Contains(t, out.String(), "✓ planned → expanded�[2J  12 ms")
}

func TestLinesForPeopleSayWhatAMessageIsAboutWithoutItsKey(t *testing.T) {
	r, out := newTestReporter(settings{LogLevel: "info"})
	slog.New(lines{r, nil}).Warn("cannot see everything", slog.String(keyWhat, "other sessions"), slog.Int("failed_polls", 2))
	r.close()
	require.Equal(t, "! cannot see everything: other sessions, failed polls 2\n", out.String())
}

func TestTheWayIsSilentWhereItHasToBe(t *testing.T) {
	for _, s := range []settings{{LogLevel: "error"}, {LogLevel: "debug", JSON: true}} {
		r, out := newTestReporter(s)
		r.event(engine.Event{What: "progress", Message: "backfill", Done: 1, Total: 2})
		r.event(engine.Event{What: "waiting", Message: "soaked"})
		r.event(engine.Event{What: "ddl", Message: "ALTER TABLE users"})
		r.close()
		require.Empty(t, out.String())
	}
}
