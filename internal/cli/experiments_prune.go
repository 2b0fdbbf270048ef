package cli

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags/experiment"
)

// pruneOptions are the flags of experiments prune.
type pruneOptions struct {
	keep   int // days
	why    string
	dryRun bool
}

func experimentsPruneCommand(a *app) *cobra.Command {
	var o pruneOptions
	c := &cobra.Command{
		Use:   "prune --why TEXT",
		Short: "Delete old events that no experiment needs",
		Long: `Delete events that are older than --keep days and that no experiment needs. One that
runs, or was stopped within --keep, keeps the events of its metrics. The results of one
that was stopped before are written down first; experiments show prints them from then
on, without segments. Assignments are permanent and not touched.

It works a thousand events at a time, rests as long as it works, and may be killed at
any moment and run again. Who did it, and why, is in the audit.`,
		Example: "  underpin experiments prune --dry-run\n  underpin experiments prune --keep 365 --why 'a year is enough'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.keep < 1 {
				return usagef("--keep %d: it is a number of days from 1 on", o.keep)
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error { return a.prune(ctx, db, o) })
		},
	}
	c.Flags().IntVar(&o.keep, "keep", int(experiment.DefaultKeep/(24*time.Hour)), "days for which events are kept")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be deleted, and delete nothing")
	c.Flags().StringVar(&o.why, "why", "", "the reason, for the audit (required but with --dry-run)")
	return c
}

func (a *app) prune(ctx context.Context, db *sql.DB, o pruneOptions) error {
	cfg := experiment.PruneConfig{Keep: time.Duration(o.keep) * 24 * time.Hour}
	if o.dryRun {
		cfg.Mode = experiment.PruneNothing
	} else {
		a.resumable.Store(true)
	}
	done, err := experiment.Prune(ctx, db, experiment.By{Actor: a.actor(), Why: o.why}, cfg)
	if err != nil && done.Deleted+uint64(len(done.Settled)) == 0 {
		return experimentError(err)
	}
	if told := a.emit(done, func(p *page) { p.pruned(done) }); told != nil {
		return told
	}
	return experimentError(err)
}

// pruned says what a prune has done.
func (p *page) pruned(d experiment.Pruned) {
	did, settled := "deleted", "wrote down the results of"
	if d.Mode == experiment.PruneNothing {
		did, settled = "would delete", "would write down the results of"
	}
	for _, name := range d.Settled {
		p.line("%s %s %s", p.good("✓"), settled, p.bold(name))
	}
	p.line("%s %s %s from before %s", p.good("✓"), did, count(int(d.Deleted), "event"), day(d.Before))
	if d.Needed > 0 {
		p.line("  %s as old, but experiments need them", fmt.Sprintf("%s are", count(int(d.Needed), "event")))
	}
	if !d.Complete {
		p.line("  %s interrupted; run it again to go on", p.warn("!"))
	}
}
