package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// verified is the result of the verify command.
type verified struct {
	backfill.Report
	Clean bool `json:"clean"`
}

// verifyOptions are the flags of the verify command.
type verifyOptions struct {
	repair  bool
	workers int
}

// verifyCommand compares every pair.
func verifyCommand(a *app) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:     "verify NAME",
		GroupID: groupWork,
		Short:   "Compare every pair of rows, without locks",
		Long: `Compare every pair of rows of the two shapes, in both directions, byte for byte
and without locks. Differences are counted, with the keys of some. With --repair
each row that is not in step is brought into step under its lock; run verify
again afterwards, as a pass that repaired proves nothing.`,
		Example: "  underpin verify split-user-name\n  underpin verify split-user-name --repair",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if o.workers < 1 {
				return usagef("--workers %d: one at least", o.workers)
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error { return a.verify(ctx, db, args[0], o) })
		},
	}
	c.Flags().BoolVar(&o.repair, "repair", false, "bring rows that differ into step")
	c.Flags().IntVar(&o.workers, "workers", 2, "chunks compared at once, each with a connection")
	return c
}

func (a *app) verify(ctx context.Context, db *sql.DB, name string, o verifyOptions) error {
	r := a.newReporter()
	defer r.close()
	c, err := control.Get(ctx, db, name)
	if err != nil {
		return err
	}
	if c.PlanHash == "" {
		return fmt.Errorf("change %s: %w", name, engine.ErrNoPlan)
	}
	p, err := plan.Unmarshal(c.Spec)
	if err != nil {
		return fmt.Errorf("change %s: the recorded plan: %w", name, err)
	}
	a.resumable.Store(true)
	cfg := engine.VerifyConfig(db, p)
	cfg.Workers = o.workers
	cfg.Progress = func(v backfill.Report) { r.progress("verify", v.Compared, max(p.Facts.Source.Rows, v.Compared)) }
	if o.repair {
		cfg.Repair = migrate.Yes
	}
	report, err := backfill.Verify(ctx, cfg)
	r.close()
	if errors.Is(err, backfill.ErrNotKeptInStep) {
		return &refusedError{err: err, hint: "verify from dual_write to read_new, and in reversing; underpin status " + name + " says where the change stands"}
	}
	if err != nil {
		return err
	}
	out := verified{report, report.Clean()}
	if err := a.emit(out, func(p *page) { p.verified(out, o) }); err != nil || out.Clean {
		return err
	}
	return outcome{exitRefused}
}

// verified shows what a verification found.
func (p *page) verified(r verified, o verifyOptions) {
	if r.Clean {
		p.line("%s %s: %s compared, none differs  %s", p.good("✓"), p.bold(r.Change), count(r.Compared, "row"), p.dim(ago(r.Duration)))
	} else {
		p.line("%s %s: %s compared, %s differ", p.bad("✗"), p.bold(r.Change), count(r.Compared, "row"), grouped(r.Differ()))
	}
	var rows [][]string
	for _, n := range []struct {
		rows  uint64
		words string
	}{
		{r.Missing, "are missing in the target"},
		{r.Extra, "are in the target without a source row"},
		{r.Different, "are out of step"},
		{r.Quarantined, "are quarantined: they do not fit the other shape"},
		{r.Repaired, "were brought into step"},
		{r.Finer, "are in step with a finer value in the target, which a step back to planned would give up"},
	} {
		if n.rows > 0 {
			rows = append(rows, []string{grouped(n.rows), n.words})
		}
	}
	p.table("  ", rows)
	for _, key := range r.Examples {
		p.line("  key %s", key)
	}
	switch {
	case r.Clean:
	case o.repair:
		p.line("  %s run underpin verify %s again: a pass that repaired proves nothing", p.dim("→"), r.Change)
	case r.Phase == migrate.DualWriting || r.Phase == migrate.Backfilling:
		p.line("  %s the copy is not complete in %s, so some rows have to differ", p.dim("→"), r.Phase)
	default:
		p.line("  %s underpin verify %s --repair brings them into step", p.dim("→"), r.Change)
	}
}
