package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/querykiller"
)

// trendOptions are the flags of killer trend, and those of killer run that are
// about it.
type trendOptions struct {
	file   string
	every  time.Duration
	budget time.Duration
	look   bool
}

// trendResult is the result of killer trend.
type trendResult struct {
	File    string                `json:"file"`
	Looks   int                   `json:"looks"` // that the file holds
	Since   *time.Time            `json:"since,omitempty"`
	Budget  time.Duration         `json:"budget"`
	Slowing []querykiller.Slowing `json:"slowing"`
}

// mostLooks is how many looks at the statistics a file keeps: a month of four a
// day.
const mostLooks = 120

// leastLooks is from how many on a trend is concluded: they bound the intervals
// that querykiller.FailSlowConfig wants.
const leastLooks = 5

// killerTrendCommand says which statements get slower.
func killerTrendCommand(a *app) *cobra.Command {
	var o trendOptions
	c := &cobra.Command{
		Use:   "trend",
		Short: "Say which statements get slower, and when they will be over a budget",
		Long: `Say which statements get slower from day to day, by how much, whether they grow
with their table, and on which day they will take longer than the budget. The
server's statistics by digest are totals since its start, so looks at them are
kept in a file: --look takes one first, and underpin killer run --digests FILE
takes four a day. Five looks are the least from which a trend is concluded. The
statistics need performance_schema, which MariaDB has switched off by default.`,
		Example: "  underpin killer trend --digests digests.jsonl --budget 2s --look   # from cron\n  underpin killer run --rules killer.yaml --digests digests.jsonl --trend-budget 2s",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case o.file == "":
				return usagef("give the file with the looks with --digests FILE")
			case o.budget <= 0:
				return usagef("--budget %s: it has to be positive", o.budget)
			}
			return a.trend(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.file, "digests", "", "file that keeps the looks")
	c.Flags().DurationVar(&o.budget, "budget", 2*time.Second, "the time that one execution may take")
	c.Flags().BoolVar(&o.look, "look", false, "look at the server's statistics first and add them to the file")
	return c
}

func (a *app) trend(ctx context.Context, o trendOptions) error {
	if o.look {
		if err := a.takeLook(ctx, o.file); err != nil {
			return err
		}
	}
	looks, err := readLooks(o.file)
	if err != nil {
		return &usageError{err: err, hint: "--look makes the file"}
	}
	slowing, err := querykiller.FailSlow(looks, querykiller.FailSlowConfig{Budget: o.budget})
	if err != nil {
		return err
	}
	out := trendResult{File: o.file, Looks: len(looks), Budget: o.budget, Slowing: append([]querykiller.Slowing{}, slowing...)}
	if len(looks) > 0 {
		out.Since = &looks[0].At
	}
	return a.emit(out, func(p *page) { p.trend(out) })
}

// trend shows what gets slower.
func (p *page) trend(r trendResult) {
	for _, s := range r.Slowing {
		p.line("%s %s", p.warn("!"), s.String())
	}
	switch {
	case r.Looks < leastLooks:
		p.line("too few looks to tell: %d of %d", r.Looks, leastLooks)
	case len(r.Slowing) == 0:
		p.line("nothing is on its way over %s", r.Budget)
	}
	since := ""
	if r.Since != nil {
		since = " since " + r.Since.UTC().Format("2006-01-02 15:04Z")
	}
	p.line("%s", p.dim(count(r.Looks, "look")+" at the server's statistics"+since))
}

// takeLook reads the server's statistics and adds them to the file.
func (a *app) takeLook(ctx context.Context, file string) error {
	dsn, err := a.dsn()
	if err != nil {
		return err
	}
	db, err := auditPool(dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	look, err := querykiller.ReadDigests(ctx, db)
	if err != nil {
		return err
	}
	looks, err := readLooks(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &usageError{err: err}
	}
	looks = append(looks, look)
	return writeLooks(file, looks[max(0, len(looks)-mostLooks):])
}

// readLooks reads a file of looks, one a line.
func readLooks(file string) ([]*querykiller.DigestSnapshot, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the looks: %w", err)
	}
	var looks []*querykiller.DigestSnapshot
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		look := &querykiller.DigestSnapshot{}
		if err := json.Unmarshal(lines.Bytes(), look); err != nil {
			return nil, fmt.Errorf("read the looks: line %d of %s is none: %w", n, file, err)
		}
		looks = append(looks, look)
	}
	return looks, lines.Err()
}

// writeLooks replaces the file as a whole, so that a crash leaves the old one.
func writeLooks(file string, looks []*querykiller.DigestSnapshot) error {
	var text bytes.Buffer
	for _, look := range looks {
		if err := json.NewEncoder(&text).Encode(look); err != nil {
			return fmt.Errorf("write the looks: %w", err)
		}
	}
	next := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
	err := os.WriteFile(next, text.Bytes(), 0o600)
	if err == nil {
		err = os.Rename(next, file)
	}
	if err != nil {
		return &usageError{err: fmt.Errorf("write the looks: %w", err)}
	}
	return nil
}

// watchTrend takes looks until ctx ends and warns of what gets slower. It is
// done when what it gives back returns.
func (a *app) watchTrend(ctx context.Context, o trendOptions, v *voice) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for o.file != "" && mysqlx.Wait(ctx, untilNextLook(o)) == nil {
			if err := a.takeLook(ctx, o.file); err != nil {
				if ctx.Err() == nil {
					v.logger.Warn("the server's statistics are not looked at until it is mended", slog.String("why", err.Error()))
				}
				if mysqlx.Wait(ctx, o.every) != nil {
					return
				}
				continue
			}
			v.slowing(o)
		}
	}()
	return func() { <-done }
}

// untilNextLook is how long to wait, so that restarts do not add looks.
func untilNextLook(o trendOptions) time.Duration {
	info, err := os.Stat(o.file)
	if err != nil {
		return 0
	}
	return o.every - time.Since(info.ModTime())
}

// slowing warns of every statement that is on its way over the budget.
func (v *voice) slowing(o trendOptions) {
	looks, err := readLooks(o.file)
	if err == nil {
		var list []querykiller.Slowing
		list, err = querykiller.FailSlow(looks, querykiller.FailSlowConfig{Budget: o.budget})
		for _, s := range list {
			v.logger.Warn("a statement gets slower", slog.String(keyWhat, s.String()))
		}
	}
	if err != nil {
		v.logger.Warn("no trend can be told", slog.String("why", err.Error()))
	}
}
