package cli

import (
	"context"
	"database/sql"
	"errors"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// paused is the result of pause and resume.
type paused struct {
	Change string        `json:"change"`
	Phase  migrate.Phase `json:"phase"`
	Paused bool          `json:"paused"`
	Why    string        `json:"why,omitempty"`
	// Was says whether it was paused before.
	Was bool `json:"was_paused"`
}

// pauseCommand stops a change where it stands.
func pauseCommand(a *app) *cobra.Command {
	var why string
	c := &cobra.Command{
		Use:     "pause NAME --why TEXT",
		GroupID: groupCarry,
		Short:   "Stop a change where it stands",
		Long: `Stop a change where it stands: no transition, no chunk of the backfill. The
application goes on in the present mode, and nothing is lost by waiting.`,
		Example: "  underpin pause split-user-name --why 'peak hours'",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if why == "" {
				return &usageError{err: errors.New("a pause needs a reason"), hint: "say it with --why, for those who find the change paused"}
			}
			return a.setPaused(c.Context(), args[0], why)
		},
	}
	c.Flags().StringVar(&why, "why", "", "the reason, for whoever finds the change paused (required)")
	return c
}

// resumeCommand lets a paused change go on.
func resumeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "resume NAME",
		GroupID: groupCarry,
		Short:   "Let a paused change go on",
		Long:    "Let a paused change go on. It moves when somebody applies it; its backfill workers\ngo on by themselves.",
		Example: "  underpin resume split-user-name",
		Args:    takes("NAME"),
		RunE:    func(c *cobra.Command, args []string) error { return a.setPaused(c.Context(), args[0], "") },
	}
}

func (a *app) setPaused(ctx context.Context, change, why string) error {
	return a.withDB(ctx, func(ctx context.Context, db *sql.DB) error {
		e, err := engine.New(engine.Config{DB: db, Actor: a.actor()})
		if err != nil {
			return err
		}
		before, err := control.GetController(ctx, db, change)
		if err != nil {
			return err
		}
		set := func() error { return e.Resume(ctx, change) }
		if why != "" {
			set = func() error { return e.Pause(ctx, change, why) }
		}
		if err := set(); err != nil {
			return err
		}
		st, err := e.Status(ctx, change)
		if err != nil {
			return err
		}
		out := paused{change, st.Phase, why != "", why, before.Paused}
		return a.emit(out, func(p *page) { p.paused(out) })
	})
}

// paused shows a pause, or the end of one.
func (p *page) paused(r paused) {
	switch {
	case r.Paused:
		p.line("paused %s in %s: %s", p.bold(r.Change), r.Phase, r.Why)
		p.line("  underpin resume %s lets it go on", r.Change)
		return
	case r.Was:
		p.line("resumed %s in %s", p.bold(r.Change), r.Phase)
	default:
		p.line("%s is in %s, and was not paused", p.bold(r.Change), r.Phase)
	}
	p.line("  underpin apply %s carries it on", r.Change)
}
