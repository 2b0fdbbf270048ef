package cli

import (
	"context"
	"database/sql"
	"errors"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// canRunResult is the result of the can-run command.
type canRunResult struct {
	Service string          `json:"service"`
	Release string          `json:"release"`
	CanRun  bool            `json:"can_run"`
	Changes []fleet.Verdict `json:"changes"`
}

// canRunCommand says whether a release may run now.
func canRunCommand(a *app) *cobra.Command {
	var release string
	c := &cobra.Command{
		Use:     "can-run --service S --release R",
		GroupID: groupLook,
		Short:   "Say whether a release may run now, or may be rolled back to",
		Long: `Say whether a release may run under the present setting of every change of its
service. Ask before a deployment and before a rollback of the application. A
release is judged by what it was last seen to declare.`,
		Example: "  underpin can-run --service accounts --release r1 && deploy r1",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			service := a.settings.Service
			if service == "" || release == "" {
				return &usageError{err: errors.New("can-run needs a service and a release"), hint: "usage: " + c.UseLine()}
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				verdicts, err := fleet.CanRun(ctx, db, service, release)
				if err != nil {
					return err
				}
				out := canRunResult{service, release, fleet.AllAllow(verdicts), append([]fleet.Verdict{}, verdicts...)}
				if err := a.emit(out, func(p *page) { p.canRun(out) }); err != nil || out.CanRun {
					return err
				}
				return outcome{exitRefused}
			})
		},
	}
	c.Flags().StringVar(&release, "release", "", "the release (required)")
	return c
}

// canRun shows the verdicts.
func (p *page) canRun(r canRunResult) {
	if r.CanRun {
		p.line("%s release %s of %s may run", p.good("✓"), p.bold(r.Release), r.Service)
	} else {
		p.line("%s release %s of %s may not run now", p.bad("✗"), p.bold(r.Release), r.Service)
	}
	if len(r.Changes) == 0 {
		p.line("  no change of %s is known to this database", r.Service)
	}
	for _, v := range r.Changes {
		mark := p.good("✓")
		if v.Allowed != migrate.Yes {
			mark = p.bad("✗")
		}
		p.line("  %s %s in %s: %s", mark, v.Change, v.Phase, v.Why)
	}
}
