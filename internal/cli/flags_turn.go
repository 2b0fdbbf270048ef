package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/sqlstore"
)

// rampOptions are the flags of flags ramp.
type rampOptions struct {
	variant, why string
	rings        []string
}

func flagsRampCommand(a *app) *cobra.Command {
	var o rampOptions
	c := &cobra.Command{
		Use:   "ramp NAME SHARE",
		Short: "Give a variant to a share of users, rings first",
		Long: `Give a variant to a share of users, from 0% to 100% in steps of 0.01%, and to everybody
in some rings whatever the share is. Who is inside at 5% is inside at 25%: raising the
share takes the variant from nobody. The rings stay as they are unless --ring says
otherwise; --ring with an empty name takes all rings out.`,
		Example: "  underpin flags ramp new-checkout 0 --ring qa --ring staff --why 'we try it'\n  underpin flags ramp new-checkout 0.01% --why 'first users'\n  underpin flags ramp new-checkout 25% --why 'no complaints'",
		Args:    takes("NAME", "SHARE"),
		RunE: func(c *cobra.Command, args []string) error {
			by, err := a.by(sqlstore.ActionRamp, o.why)
			if err != nil {
				return err
			}
			share, err := flags.ParseShare(args[1])
			if err != nil {
				return flagFault(err)
			}
			edit := func(f flags.Flag) (flags.Flag, error) { return ramped(f, share, o, c.Flags().Changed("ring")) }
			return a.editFlag(c.Context(), args[0], by, "ramped", edit)
		},
	}
	c.Flags().StringVar(&o.variant, "variant", "", "the variant (default that of the ramp so far, or the one that is true)")
	c.Flags().StringSliceVar(&o.rings, "ring", nil, "a ring that has the variant whatever the share is")
	whyFlag(c, &o.why)
	return c
}

// ramped returns the flag with another ramp.
func ramped(f flags.Flag, share flags.Share, o rampOptions, setRings bool) (flags.Flag, error) {
	if f.State == flags.Closed {
		return f, fmt.Errorf("flag %q: %w", f.Name, errClosed)
	}
	ramp := flags.Ramp{}
	if f.Ramp != nil {
		ramp = *f.Ramp
	}
	ramp.Share = share
	if o.variant != "" {
		ramp.Variant = o.variant
	}
	if i := slices.IndexFunc(f.Variants, func(v flags.Variant) bool { return v.Value.String() == "true" }); ramp.Variant == "" && i >= 0 {
		ramp.Variant = f.Variants[i].Name
	}
	if ramp.Variant == "" {
		return f, &usageError{err: fmt.Errorf("flag %q has had no ramp: say with --variant which variant it gives", f.Name)}
	}
	if setRings {
		ramp.Rings = slices.DeleteFunc(slices.Clone(o.rings), func(r string) bool { return r == "" })
	}
	f.Ramp = &ramp
	return f, nil
}

// editFlag makes a change that holds whatever else was changed meanwhile.
func (a *app) editFlag(ctx context.Context, name string, by sqlstore.By, what string, edit func(flags.Flag) (flags.Flag, error)) error {
	return a.withFlags(ctx, func(ctx context.Context, s *sqlstore.Store) error {
		f, err := s.Edit(ctx, name, by, edit)
		if err != nil {
			return err
		}
		return a.changedFlag(f, what)
	})
}

func flagsKillCommand(a *app) *cobra.Command {
	var why string
	var undo bool
	c := &cobra.Command{
		Use:   "kill NAME",
		Short: "Switch a flag off for everybody, at once",
		Long: `Switch a flag off: everybody gets its off variant, whatever rules, rings and shares
say. Applications follow within a second by their poll, and at once over Redis. It
always works, whatever somebody else is changing at the moment. --undo switches it on
again, with the rules and the ramp that it had.`,
		Example: "  underpin flags kill new-checkout --why 'orders fail'\n  underpin flags kill new-checkout --undo --why 'mended'",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			action, state, what := sqlstore.ActionKill, flags.Off, "switched off"
			if undo {
				action, state, what = sqlstore.ActionRevive, flags.On, "switched on"
			}
			by, err := a.by(action, why)
			if err != nil {
				return err
			}
			return a.editFlag(c.Context(), args[0], by, what, func(f flags.Flag) (flags.Flag, error) {
				if f.State == flags.Closed {
					return f, fmt.Errorf("flag %q: %w", f.Name, errClosed)
				}
				f.State = state
				return f, nil
			})
		},
	}
	c.Flags().BoolVar(&undo, "undo", false, "switch it on again")
	whyFlag(c, &why)
	return c
}

// closeOptions are the flags of flags close.
type closeOptions struct {
	serve, why string
	remove     bool
}

func flagsCloseCommand(a *app) *cobra.Command {
	var o closeOptions
	c := &cobra.Command{
		Use:   "close NAME",
		Short: "Answer a flag for good, and remove it once its code is gone",
		Long: `Answer a flag for good: everybody gets the variant named by --serve, and its rules and
ramp go. The code that asks has to go then; underpin flags stale lists where it still
is. Once it is gone, --remove takes the flag out of the store; its history stays.`,
		Example: "  underpin flags close new-checkout --serve on --why 'everybody has it'\n  underpin flags close new-checkout --remove --why 'its code is gone'",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			if o.remove == (o.serve != "") {
				return usagef("say either what the flag shall serve, with --serve, or --remove")
			}
			if o.remove {
				return a.removeFlag(c.Context(), args[0], o.why)
			}
			by, err := a.by(sqlstore.ActionClose, o.why)
			if err != nil {
				return err
			}
			return a.editFlag(c.Context(), args[0], by, "closed", func(f flags.Flag) (flags.Flag, error) { return f.Close(o.serve), nil })
		},
	}
	c.Flags().StringVar(&o.serve, "serve", "", "the variant that everybody gets")
	c.Flags().BoolVar(&o.remove, "remove", false, "take a closed flag out of the store")
	whyFlag(c, &o.why)
	return c
}

func (a *app) removeFlag(ctx context.Context, name, why string) error {
	by, err := a.by(sqlstore.ActionRemove, why)
	if err != nil {
		return err
	}
	return a.withFlags(ctx, func(ctx context.Context, s *sqlstore.Store) error {
		f, err := s.Get(ctx, name)
		if err != nil {
			return err
		}
		if f.State != flags.Closed {
			return &refusedError{err: fmt.Errorf("flag %q is not closed: code that asks for it would fall back on its own default", name),
				hint: "close it with --serve first, and remove its code"}
		}
		if err := s.Remove(ctx, name, f.Version, by); err != nil {
			return err
		}
		return a.emit(struct {
			Removed string `json:"removed"`
		}{name}, func(p *page) { p.line("removed %s", p.bold(name)) })
	})
}
