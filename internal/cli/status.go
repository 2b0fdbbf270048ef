package cli

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// changesResult is the result of status without a name.
type changesResult struct {
	Changes []engine.Status `json:"changes"`
}

// statusOptions are the flags of status and watch.
type statusOptions struct {
	until             string
	timeout, interval time.Duration
}

// statusEvery is how often status --wait-for and watch look.
const statusEvery = time.Second

// statusCommand says where changes stand.
func statusCommand(a *app) *cobra.Command {
	var o statusOptions
	c := &cobra.Command{
		Use:     "status [NAME]",
		GroupID: groupLook,
		Short:   "Say where changes stand, what blocks them, and whether one may go back",
		Long: `Say where a change stands, what blocks the next step (naming host and release),
and whether one may go back and what that would give up. Without a name, list all
changes. With --wait-for, wait until the change is in that phase.`,
		Example: "  underpin status\n  underpin status split-user-name\n  underpin status split-user-name --wait-for verified --timeout 1h",
		Args:    takes("[NAME]"),
		RunE: func(c *cobra.Command, args []string) error {
			until, err := phaseOf(o.until)
			if err != nil {
				return err
			}
			if len(args) == 0 && until != "" {
				return usagef("--wait-for needs the name of a change")
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				e, err := a.lookingEngine(c.Flags(), db, args)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					return a.listChanges(ctx, e)
				}
				return a.status(ctx, e, args[0], until, o.timeout)
			})
		},
	}
	phaseFlag(c, &o.until, "wait-for", "wait until the change is in this phase")
	c.Flags().DurationVar(&o.timeout, "timeout", 0, "how long to wait at most (default: for ever)")
	return c
}

// lookingEngine is an engine that says of a change which signatures are missing,
// and why that cannot be told if so.
func (a *app) lookingEngine(flags *pflag.FlagSet, db *sql.DB, change []string) (*engine.Engine, error) {
	cfg := engine.Config{DB: db, Actor: a.actor(), Ramp: a.settings.Ramp}
	if len(change) > 0 {
		var err error
		if cfg.SignOff, err = a.signOff(flags, db, change[0]); err != nil {
			cfg.SignOff = unreadableSignOff{err}
		}
	}
	return engine.New(cfg)
}

func (a *app) listChanges(ctx context.Context, e *engine.Engine) error {
	list, err := e.List(ctx)
	if err != nil {
		return err
	}
	if list == nil {
		list = []engine.Status{}
	}
	for i := range list {
		list[i].Instances = append([]fleet.LiveInstance{}, list[i].Instances...)
	}
	return a.emit(changesResult{list}, func(p *page) {
		if len(list) == 0 {
			p.line("no change is known to this database; underpin plan makes the plan of one")
			return
		}
		rows := p.head("change", "service", "phase", "since", "plan")
		for _, st := range list {
			rows = append(rows, []string{p.bold(st.Change), st.Service, phaseWords(st) + p.halted(st) + p.glass(st), ago(seconds(st.Seconds)), short(st.PlanHash)})
		}
		p.table("", rows)
	})
}

// halted marks a change that somebody has paused.
func (p *page) halted(st engine.Status) string {
	if st.Paused == "" {
		return ""
	}
	return ", " + p.warn("paused")
}

// glass marks a change that took steps without the signatures they needed.
func (p *page) glass(st engine.Status) string {
	if len(st.BrokenGlass) == 0 {
		return ""
	}
	return ", " + p.bad("GLASS BROKEN")
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// phaseWords names the phase, with the share of reads where there is one.
func phaseWords(st engine.Status) string {
	if st.Phase == migrate.ReadingNew {
		return fmt.Sprintf("%s, %s of the reads", st.Phase, percent(st.Ramp))
	}
	return string(st.Phase)
}

// status prints where a change stands, once it is in the phase that is waited
// for, or the time is up.
func (a *app) status(ctx context.Context, e *engine.Engine, name string, until migrate.Phase, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for {
		st, err := e.Status(ctx, name)
		if err != nil {
			return err
		}
		st.Instances = append([]fleet.LiveInstance{}, st.Instances...)
		there := until == "" || st.Phase == until
		late := timeout > 0 && !time.Now().Before(deadline)
		if there || late {
			if err := a.emit(st, func(p *page) { p.status(st) }); err != nil || there {
				return err
			}
			return outcome{exitTimedOut}
		}
		if err := mysqlx.Wait(ctx, statusEvery); err != nil {
			return err
		}
	}
}

// status shows where a change stands and answers the three questions.
func (p *page) status(st engine.Status) {
	p.line("%s  %s", p.bold(st.Change), st.Service)
	p.gap()
	p.picture(st)
	p.gap()
	p.where(st)
	p.next(st)
	p.back(st)
	p.instances(st)
}

// where answers: where am I?
func (p *page) where(st engine.Status) {
	p.line("%s   %s since %s", p.bold("where am I"), p.here(phaseWords(st)), ago(seconds(st.Seconds)))
	rows := [][]string{{p.dim("mode"), fmt.Sprintf("%s, epoch %d", st.Mode, st.Epoch)}}
	if st.PlanHash != "" {
		rows = append(rows, []string{p.dim("plan"), short(st.PlanHash)})
	} else {
		rows = append(rows, []string{p.dim("plan"), "none yet: an application has announced the change"})
	}
	if st.Controller != "" {
		rows = append(rows, []string{p.dim("driven by"), st.Controller})
	}
	if st.Paused != "" {
		rows = append(rows, []string{p.warn("paused"), st.Paused})
	}
	for _, b := range st.BrokenGlass {
		rows = append(rows, []string{p.bad("GLASS BROKEN"), fmt.Sprintf("to %s by %s on %s: %s (%s)", b.To, b.By, b.At.Format(time.DateTime), b.Why, b.Missing)})
	}
	if c := st.Copy; c != nil && c.Spans > 0 {
		rows = append(rows, []string{p.dim(string(c.Job)), copyWords(*c)})
		if c.Waiting != "" {
			rows = append(rows, []string{p.warn("waits"), c.Waiting})
		}
	}
	for _, q := range st.Quarantined {
		rows = append(rows, []string{p.bad("does not fit"), q})
	}
	if v := st.Verification; v != nil {
		rows = append(rows, []string{p.dim("verified"), fmt.Sprintf("%s compared, %s differ", count(v.Compared, "row"), grouped(v.Differ()))})
	}
	p.table("  ", rows)
	p.gap()
}

// next answers: what blocks the next step?
func (p *page) next(st engine.Status) {
	if st.Next == nil {
		words := "nothing follows " + string(st.Phase)
		if st.PlanHash == "" {
			words = "a plan has to be applied first: underpin apply CHANGEFILE"
		}
		p.line("%s  %s", p.bold("what blocks"), words)
		p.gap()
		return
	}
	var refused []engine.Verdict
	for _, v := range st.Next.Guards {
		if !v.Holds {
			refused = append(refused, v)
		}
	}
	if len(refused) == 0 {
		p.line("%s  nothing: underpin apply %s --to %s", p.bold("what blocks"), st.Change, st.Next.To)
	} else {
		p.line("%s  %s waits for", p.bold("what blocks"), st.Next.To)
	}
	for _, v := range refused {
		p.refusal(v, todo(v, st, st.Next.To, again("apply", st.Change, "")))
	}
	for _, g := range st.Next.Unmeasured {
		p.line("  %s", p.dim(string(g)+" is measured when the step is asked for"))
	}
	p.gap()
}

// back answers: may I go back, and what would I lose?
func (p *page) back(st engine.Status) {
	if st.Back == nil {
		p.line("%s  %s", p.bold("may I go back"), p.noWayBack(st))
		p.gap()
		return
	}
	var refused []engine.Verdict
	for _, v := range st.Back.Guards {
		if !v.Holds {
			refused = append(refused, v)
		}
	}
	may := "yes"
	if len(refused) > 0 {
		may = "not yet"
	}
	p.line("%s  %s, to %s: %s", p.bold("may I go back"), may, st.Back.To, p.loss(st.Back.Loss))
	if st.Back.Note != "" {
		p.line("  %s", st.Back.Note)
	}
	for _, v := range refused {
		p.refusal(v, "")
	}
	if len(refused) == 0 {
		p.line("  underpin rollback %s --to %s", st.Change, st.Back.To)
	}
	p.gap()
}

// instances shows the live instances that matter to the change.
func (p *page) instances(st engine.Status) {
	if len(st.Instances) == 0 {
		p.line("%s  no live instance of %s has announced itself", p.bold("who runs"), st.Service)
		return
	}
	p.line("%s", p.bold("who runs"))
	rows := p.head("release", "host", "pid", "writes", "works in", "epoch", "lease")
	for _, i := range st.Instances {
		writes, modes := "-", "does not declare the change"
		if i.Declared == migrate.Yes {
			names := make([]string, len(i.Capability.Modes))
			for n, m := range i.Capability.Modes {
				names[n] = m.String()
			}
			writes, modes = string(i.Capability.Writes), strings.Join(names, " ")
		}
		rows = append(rows, []string{p.bold(i.Release), i.Host, fmt.Sprint(i.PID), writes, modes, fmt.Sprint(i.Applied.Epoch), p.lease(i.Left)})
	}
	p.table("  ", rows)
}
