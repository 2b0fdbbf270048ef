package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/querykiller"
)

// recordOptions are the flags of killer record.
type recordOptions struct {
	out      string
	lasts    time.Duration
	interval time.Duration
	withText bool
}

// recordResult is the result of killer record.
type recordResult struct {
	File      string   `json:"file"`
	Snapshots int      `json:"snapshots"`
	Sessions  int      `json:"sessions"` // in the last one
	Degraded  []string `json:"degraded,omitempty"`
}

// killerRecordCommand saves what the server shows, for killer test.
func killerRecordCommand(a *app) *cobra.Command {
	var o recordOptions
	c := &cobra.Command{
		Use:   "record",
		Short: "Save what the server shows, to try rules on",
		Long: `Save snapshots of the server's sessions, one JSON object a line, to try rules on
with underpin killer test. Nothing is killed. Literals of statements are taken
out unless --with-text keeps them: then the file may hold personal data.`,
		Example: "  underpin killer record --out busy.jsonl --for 10s\n  underpin killer test --processlist busy.jsonl --rules killer.yaml",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.lasts < 0 || o.interval < 10*time.Millisecond {
				return usagef("--for has to be positive, and --interval 10ms or more")
			}
			return a.record(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.out, "out", "", "file to write (default: standard output)")
	c.Flags().DurationVar(&o.lasts, "for", 0, "how long to go on (default: one snapshot)")
	c.Flags().DurationVar(&o.interval, "interval", 200*time.Millisecond, "how often to look")
	c.Flags().BoolVar(&o.withText, "with-text", false, "keep the literals of statements")
	return c
}

func (a *app) record(ctx context.Context, o recordOptions) (err error) {
	server, err := a.watched(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	to := a.stdout
	if o.out != "" {
		// Not for others to read: it may hold more than they may see.
		f, err := os.OpenFile(o.out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return &usageError{err: fmt.Errorf("write the snapshots: %w", err)}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	done, err := a.recordTo(ctx, server, to, o)
	if err != nil || o.out == "" {
		return err
	}
	return a.emit(done, func(p *page) {
		p.line("%s with %s in the last, in %s", count(done.Snapshots, "snapshot"), count(done.Sessions, "session"), done.File)
		for _, d := range done.Degraded {
			p.line("  %s %s", p.warn("!"), d)
		}
	})
}

// recordTo writes snapshots until the time is up or a signal comes.
func (a *app) recordTo(ctx context.Context, server querykiller.Server, to io.Writer, o recordOptions) (recordResult, error) {
	out := recordResult{File: cmp.Or(o.out, "-")}
	for end := time.Now().Add(o.lasts); ; {
		s, err := server.Poll(ctx)
		if err != nil {
			return out, endOfWatch(ctx, err)
		}
		out.Snapshots, out.Sessions, out.Degraded = out.Snapshots+1, len(s.Sessions), s.Degraded
		if !o.withText {
			s = s.Redacted()
		}
		if err := querykiller.WriteSaved(to, s); err != nil {
			return out, fmt.Errorf("write the snapshots: %w", err)
		}
		if time.Now().Add(o.interval).After(end) {
			return out, nil
		}
		if err := mysqlx.Wait(ctx, o.interval); err != nil {
			return out, endOfWatch(ctx, err)
		}
	}
}

// watched connects to the server that a command looks at for a while, closely.
func (a *app) watched(ctx context.Context) (querykiller.Server, error) {
	dsn, err := a.dsn()
	if err != nil {
		return nil, err
	}
	return querykiller.Connect(ctx, dsn, querykiller.Options{Attention: time.Millisecond, SweepEvery: time.Nanosecond})
}
