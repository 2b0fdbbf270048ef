package querykiller

import (
	"context"
	"log/slog"
	"time"
)

// Log is a [Sink] that writes decisions to a structured log: what needs a
// person as errors, kills as warnings, the rest as information.
type Log struct{ logger *slog.Logger }

// NewLog returns a sink for logger, for instance one with slog.NewJSONHandler.
func NewLog(logger *slog.Logger) *Log { return &Log{logger} }

// Name implements Sink.
func (l *Log) Name() string { return "log" }

// Write implements Sink. A handler's own errors are not told by slog.
func (l *Log) Write(ctx context.Context, batch []Decision) error {
	for _, d := range batch {
		l.logger.LogAttrs(ctx, d.level(), "decision of the query killer", slog.Any("decision", d))
	}
	return nil
}

func (d Decision) level() slog.Level {
	switch {
	case d.Outcome.Alarm():
		return slog.LevelError
	case d.Outcome == OutcomeGone, d.Outcome == OutcomeWarned, d.Outcome == OutcomeDryRun:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// LogValue implements slog.LogValuer. Lengths of time are in seconds.
func (d Decision) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.Time("at", d.At), slog.String("server", d.Server), slog.String("rule", d.Rule), slog.String("reason", d.Reason),
		slog.String("action", string(d.Action)), slog.String("outcome", string(d.Outcome)),
		slog.Bool("escalation", d.Escalation), slog.Bool("overload", d.Overload),
		slog.Uint64("session", d.Session), slog.String("user", d.User), slog.String("host", d.Host), slog.String("database", d.Database),
		slog.String("program", d.Program), slog.String("release", d.Release), slog.String("owner", d.Owner),
		slog.String("kind", string(d.Kind)), slog.String("digest", d.Digest), slog.String("text", d.Text),
		slog.Float64("measured_seconds", d.Measured.Seconds()), slog.Float64("budget_seconds", d.Budget.Seconds()),
		slog.Float64("age_seconds", d.Age.Seconds()),
		slog.Uint64("rows_examined", d.RowsExamined), slog.Uint64("rows_modified", d.RowsModified),
		slog.Float64("window_seconds", d.Window.Seconds()),
	}
	attrs = append(attrs, optionalSeconds("rollback_seconds", d.Rollback)...)
	attrs = append(attrs, optionalSeconds("dead_after_seconds", d.DeadAfter)...)
	if d.Error != "" {
		attrs = append(attrs, slog.String("error", d.Error))
	}
	return slog.GroupValue(attrs...)
}

// optionalSeconds leaves out what is not known: it is not zero.
func optionalSeconds(key string, d *time.Duration) []slog.Attr {
	if d == nil {
		return nil
	}
	return []slog.Attr{slog.Float64(key, d.Seconds())}
}
