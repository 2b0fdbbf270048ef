package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/flags/stale"
	"github.com/underpin-db/underpin/internal/sarif"
)

// staleOptions are the flags of flags stale.
type staleOptions struct {
	idle     int // days
	patterns []string
	sarif    bool
	at       string
}

func flagsStaleCommand(a *app) *cobra.Command {
	var o staleOptions
	c := &cobra.Command{
		Use:   "stale [DIR]",
		Short: "Find flags and code that should be gone",
		Long: `Find closed flags whose code still exists, code that asks for flags that do not exist,
flags that nobody has evaluated for some time, and flags past their day. Go code below
DIR (the present folder by default) is parsed; other text is searched by patterns.
The exit code is 1 if anything is found.`,
		Example: "  underpin flags stale\n  underpin flags stale ./services --pattern '*.ts=flag\\(\"([^\"]+)\"\\)' --sarif > flags.sarif",
		Args:    takes("[DIR]"),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			cfg, err := o.config()
			if err != nil {
				return err
			}
			return a.withFlags(c.Context(), func(ctx context.Context, s *sqlstore.Store) error { return a.stale(ctx, s, dir, cfg, o) })
		},
	}
	c.Flags().IntVar(&o.idle, "idle", 30, "days without an evaluation after which a flag counts as unused")
	c.Flags().StringArrayVar(&o.patterns, "pattern", nil, "GLOB=REGEXP: in files of this name, the first group is a flag that is asked for")
	c.Flags().BoolVar(&o.sarif, "sarif", false, "print SARIF, for code scanning")
	c.Flags().StringVar(&o.at, "at", "flags.json", "with --sarif, the file at which findings stand that no code is to blame for")
	return c
}

func (o staleOptions) config() (stale.Config, error) {
	cfg := stale.Config{Idle: time.Duration(o.idle) * 24 * time.Hour}
	if o.idle < 1 {
		return cfg, usagef("--idle %d: it is a number of days from 1 on", o.idle)
	}
	for _, text := range o.patterns {
		glob, expr, ok := strings.Cut(text, "=")
		asks, err := regexp.Compile(expr)
		if !ok || err != nil || asks.NumSubexp() == 0 {
			return cfg, usagef("--pattern %q: write it as GLOB=REGEXP with a group around the flag's name, such as '*.ts=flag\\(\"([^\"]+)\"'", text)
		}
		cfg.Patterns = append(cfg.Patterns, stale.Pattern{Glob: glob, Asks: asks})
	}
	return cfg, nil
}

func (a *app) stale(ctx context.Context, s *sqlstore.Store, dir string, cfg stale.Config, o staleOptions) error {
	var err error
	if cfg.Flags, err = s.List(ctx); err != nil {
		return err
	}
	if cfg.Uses, err = s.Uses(ctx); err != nil {
		return err
	}
	if len(cfg.Uses) == 0 {
		cfg.Uses = nil // nobody reports, so nothing is known
	}
	r, err := stale.Scan(ctx, dir, cfg)
	if err != nil {
		return &usageError{err: err}
	}
	if o.sarif {
		err = sarif.Write(a.stdout, r.SARIF(thisBuild().Version, o.at))
	} else {
		err = a.emit(r, func(p *page) { p.stale(r) })
	}
	if err != nil || len(r.Findings) == 0 {
		return err
	}
	return outcome{exitRefused}
}

func (p *page) stale(r *stale.Report) {
	var rows [][]string
	for _, f := range r.Findings {
		at := "–"
		if f.File != "" {
			at = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
		}
		rows = append(rows, []string{at, p.warn(string(f.Rule)), f.Message, p.dim(f.Owner)})
	}
	p.table("", rows)
	for _, text := range r.Unread {
		p.line("%s %s", p.bad("not read"), text)
	}
	p.line("%s in %s", count(len(r.Findings), "finding"), count(r.Files, "file"))
}
