package cli

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// rollbackCommand leads a change back.
func rollbackCommand(a *app) *cobra.Command {
	var o walkOptions
	c := &cobra.Command{
		Use:     "rollback NAME --to PHASE",
		GroupID: groupCarry,
		Short:   "Lead a change back to an earlier phase",
		Long: `Lead a change back to an earlier phase, as far as its gates allow. It asks
nothing; it says for every step what is given up. The way back from new_only
rebuilds every row of the source first; from contracted there is none.`,
		Example: "  underpin rollback split-user-name --to verified\n  underpin rollback split-user-name --to planned --wait 5m",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			to, err := phaseOf(o.to)
			if err != nil {
				return err
			}
			if to == "" {
				return &usageError{err: errors.New("a rollback needs the phase to go back to"), hint: "say it with --to; underpin status " + args[0] + " says which lie behind"}
			}
			return a.rollback(c.Context(), args[0], to, o)
		},
	}
	phaseFlag(c, &o.to, "to", "the phase to go back to (required)")
	c.Flags().DurationVar(&o.wait, "wait", 0, "how long to wait in all, for gates and for another process that drives the change")
	c.Flags().BoolVar(&o.allowCopy, "allow-copy", false, "allow DDL that copies the table while writers wait")
	c.Flags().IntVar(&o.workers, "workers", 0, "workers that rebuild the source, in this process (default: what suits the server)")
	return c
}

func (a *app) rollback(ctx context.Context, name string, to migrate.Phase, o walkOptions) error {
	cfg, r := a.engineConfig(o)
	defer r.close()
	return a.withDB(ctx, func(ctx context.Context, db *sql.DB) error {
		cfg.DB, cfg.Actor = db, a.actor()
		e, err := engine.New(cfg)
		if err != nil {
			return err
		}
		c, err := control.Get(ctx, db, name)
		if err != nil {
			return err
		}
		if err := checkPath(c, to, migrate.Back); err != nil {
			return err
		}
		w := walked{again: again("rollback", name, to)}
		if w.Steps, err = stepsBack(c, to); err != nil {
			return err
		}
		r.stepsBack(w.Steps)
		a.resumable.Store(true)
		w.Outcome, err = r.walk(ctx, o.wait, func(left time.Duration) (engine.Outcome, error) {
			return e.Rollback(ctx, name, engine.WalkOptions{To: to, Wait: left})
		})
		r.close()
		if err != nil {
			return err
		}
		return a.endWalk(ctx, e, w)
	})
}

// stepsBack lists the edges of a rollback.
func stepsBack(c control.Change, to migrate.Phase) ([]stepBack, error) {
	course, err := c.Course()
	if err != nil {
		return nil, err
	}
	path, err := course.Path(c.Setting.Phase, to, migrate.Back)
	if err != nil {
		return nil, err
	}
	out := make([]stepBack, len(path))
	for i, e := range path {
		out[i] = stepBack{e.From, e.To, e.Loss, e.Why}
	}
	return out, nil
}
