package cli

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// applyCommand carries a change on as far as its gates allow.
func applyCommand(a *app) *cobra.Command {
	var o walkOptions
	c := &cobra.Command{
		Use:     "apply CHANGEFILE|DIR|NAME",
		GroupID: groupCarry,
		Short:   "Carry a change on, as far as its gates allow",
		Long: `Carry a change on, as far as its gates allow, and say what it waits for. Given a
change file, the plan is made and recorded first; a file that was edited after
the change had begun is refused. Without --to the change goes up to new_only
(a change of the schema alone: to expanded): what has no way back has to be
asked for.

It may be killed at any moment and run again: it looks at the server for what is
left to do.`,
		Example: "  underpin apply changes/split-user-name\n  underpin apply split-user-name --to verified --wait 30m\n  underpin apply split-user-name --to contracted",
		Args:    takes("CHANGEFILE|DIR|NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("break-glass") && strings.TrimSpace(o.breakGlass) == "" {
				return usagef("--break-glass takes a reason")
			}
			to, err := phaseOf(o.to)
			if err != nil {
				return err
			}
			return a.apply(c.Context(), c.Flags(), args[0], to, o)
		},
	}
	phaseFlag(c, &o.to, "to", "go no further than this phase (default: the last with a way back)")
	c.Flags().DurationVar(&o.wait, "wait", 0, "how long to wait in all, for gates and for another process that drives the change")
	c.Flags().BoolVar(&o.allowCopy, "allow-copy", false, "allow DDL that copies the table while writers wait")
	c.Flags().StringVar(&o.breakGlass, "break-glass", "", "go on without the signatures that are needed, for this reason; it is recorded and shown for good")
	c.Flags().IntVar(&o.workers, "workers", 0, "backfill workers in this process (default: what suits the server)")
	return c
}

func (a *app) apply(ctx context.Context, flags *pflag.FlagSet, arg string, to migrate.Phase, o walkOptions) error {
	cfg, r := a.engineConfig(o)
	defer r.close()
	return a.withDB(ctx, func(ctx context.Context, db *sql.DB) error {
		var err error
		if cfg.SignOff, err = a.signOff(flags, db, arg); err != nil && o.breakGlass == "" {
			return err
		} else if err != nil {
			cfg.SignOff = unreadableSignOff{err}
		}
		cfg.DB, cfg.Actor = db, a.actor()
		e, err := engine.New(cfg)
		if err != nil {
			return err
		}
		a.resumable.Store(true)
		name, err := a.submit(ctx, db, e, arg)
		if err != nil {
			return err
		}
		c, err := control.Get(ctx, db, name)
		if err != nil {
			return err
		}
		asked := to
		if to == "" {
			if to, err = furthest(c); err != nil {
				return err
			}
		}
		if err := checkPath(c, to, migrate.Forward); err != nil {
			return err
		}
		out, err := r.walk(ctx, o.wait, func(left time.Duration) (engine.Outcome, error) {
			return e.Apply(ctx, name, engine.WalkOptions{To: to, Wait: left, BreakGlass: o.breakGlass})
		})
		r.close()
		if err != nil {
			return err
		}
		return a.endWalk(ctx, e, walked{Outcome: out, again: again("apply", name, asked)})
	})
}

// furthest is how far a change goes unless it is told: as far as its course
// says, and no further than it is where it is past that.
func furthest(c control.Change) (migrate.Phase, error) {
	course, err := c.Course()
	if err != nil {
		return "", err
	}
	if !course.Leads(c.Setting.Phase, course.Furthest(), migrate.Forward) {
		return c.Setting.Phase, nil
	}
	return course.Furthest(), nil
}
