package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// watchCommand shows where a change stands, again and again.
func watchCommand(a *app) *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use:     "watch NAME",
		GroupID: groupLook,
		Short:   "Show where a change stands, again and again",
		Long: `Show what underpin status shows, again and again, until Ctrl-C or until the change
is in the phase that --until names. With --json every look is one object on a
line of its own.`,
		Example: "  underpin watch split-user-name\n  underpin watch split-user-name --until read_new --timeout 2h",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			until, err := phaseOf(o.until)
			if err != nil {
				return err
			}
			if o.interval <= 0 {
				return usagef("--interval %s: it has to be positive", o.interval)
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				e, err := a.lookingEngine(c.Flags(), db, args)
				if err != nil {
					return err
				}
				return a.watch(ctx, e, args[0], until, o)
			})
		},
	}
	phaseFlag(c, &o.until, "until", "stop once the change is in this phase")
	c.Flags().DurationVar(&o.timeout, "timeout", 0, "how long to watch at most (default: for ever)")
	c.Flags().DurationVar(&o.interval, "interval", statusEvery, "how often to look")
	return c
}

func (a *app) watch(ctx context.Context, e *engine.Engine, name string, until migrate.Phase, o statusOptions) error {
	deadline := time.Now().Add(o.timeout)
	last := ""
	for {
		st, err := e.Status(ctx, name)
		if err != nil {
			return endOfWatch(ctx, err)
		}
		if last, err = a.look(st, last); err != nil {
			return err
		}
		switch {
		case until != "" && st.Phase == until:
			return nil
		case o.timeout > 0 && !time.Now().Before(deadline):
			return outcome{exitTimedOut}
		}
		if err := mysqlx.Wait(ctx, o.interval); err != nil {
			return endOfWatch(ctx, err)
		}
	}
}

// look prints one look: over the last one on a terminal, below it elsewhere,
// and there only when something but the time has changed.
func (a *app) look(st engine.Status, last string) (string, error) {
	if a.settings.JSON {
		return "", a.writeJSONLine(st)
	}
	p, timeless := newPage(a.styleOf(a.stdout)), newPage(plain)
	p.status(st)
	if isTerminal(a.stdout) {
		fmt.Fprint(a.stdout, "\x1b[H\x1b[2J")
		p.writeTo(a.stdout)
		return "", nil
	}
	st.Seconds = 0
	timeless.status(st)
	now := timeless.b.String()
	if now != last {
		p.writeTo(a.stdout)
	}
	return now, nil
}

// endOfWatch turns the end by Ctrl-C, which is how one stops watching, into
// success.
func endOfWatch(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return nil
	}
	return err
}
