package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// walked is the result of apply and rollback.
type walked struct {
	engine.Outcome
	// Steps are the edges of a rollback, with what each gives up.
	Steps []stepBack `json:"steps,omitempty"`
	// Todo says, by guard, what to do about each that is waited for.
	Todo map[migrate.Guard]string `json:"todo,omitempty"`
	// WayBack is the edge that leads back from where the change now stands.
	WayBack *engine.EdgeStatus `json:"way_back,omitempty"`

	again string // the command that was given
}

// stepBack is one edge of a rollback.
type stepBack struct {
	From migrate.Phase `json:"from"`
	To   migrate.Phase `json:"to"`
	Loss migrate.Loss  `json:"loss"`
	Why  string        `json:"why"`
}

// walkOptions are the flags of apply and rollback.
type walkOptions struct {
	to        string
	wait      time.Duration
	allowCopy bool
	// breakGlass is a reason, or empty.
	breakGlass string
	workers    int
}

// engineConfig returns what the engine is told. The reporter is to be closed
// before the result is printed.
func (a *app) engineConfig(o walkOptions) (engine.Config, *reporter) {
	r := a.newReporter()
	cfg := engine.Config{Workers: o.workers, Report: r.event, Throttle: a.throttle, Ramp: a.settings.Ramp}
	if o.allowCopy {
		cfg.Copying = engine.AllowCopying
	}
	return cfg, r
}

// checkPath refuses a walk for which the transition table has no way, with the
// command that would lead there.
func checkPath(c control.Change, to migrate.Phase, d migrate.Direction) error {
	course, err := c.Course()
	if err != nil {
		return err
	}
	_, err = course.Path(c.Setting.Phase, to, d)
	if err == nil {
		return nil
	}
	other, verb := migrate.Back, "rollback"
	if d == migrate.Back {
		other, verb = migrate.Forward, "apply"
	}
	hint := ""
	if course.Leads(c.Setting.Phase, to, other) {
		hint = "underpin " + verb + " " + c.Name + " --to " + string(to) + " leads there"
	}
	return &refusedError{err: err, hint: hint}
}

// again is a command of this change, to be given once more as it was given; to is
// empty where it went without.
func again(verb, change string, to migrate.Phase) string {
	command := "underpin " + verb + " " + change
	if to != "" {
		command += " --to " + string(to)
	}
	return command
}

// walk takes a walk up again once the lease of another process has run out, if that
// is within the time to wait; what is left of it is for the gates.
func (r *reporter) walk(ctx context.Context, wait time.Duration, take func(left time.Duration) (engine.Outcome, error)) (engine.Outcome, error) {
	deadline := time.Now().Add(wait)
	for told := false; ; told = true {
		out, err := take(max(0, time.Until(deadline)))
		var held *control.HeldError
		if !errors.As(err, &held) {
			return out, err
		}
		pause := min(held.Left, statusEvery) // whoever ends in order gives it up earlier
		if !time.Now().Add(pause).Before(deadline) {
			return out, err
		}
		if !told {
			r.say("%s %s drives %s: waiting for the lease, which runs for another %s", r.warn("…"), held.Owner, held.Change, ago(held.Left))
		}
		if err := mysqlx.Wait(ctx, pause); err != nil {
			return out, err
		}
	}
}

// endWalk prints how far a walk came and returns its exit.
func (a *app) endWalk(ctx context.Context, e *engine.Engine, w walked) error {
	st, err := e.Status(ctx, w.Change)
	if err != nil {
		return err
	}
	w.WayBack = st.Back
	for _, v := range w.Waiting {
		if text := todo(v, st, w.Next, w.again); text != "" {
			if w.Todo == nil {
				w.Todo = map[migrate.Guard]string{}
			}
			w.Todo[v.Guard] = text
		}
	}
	if err := a.emit(w, func(p *page) { p.walked(w, st) }); err != nil {
		return err
	}
	switch {
	case w.Reached:
		return nil
	case w.TimedOut:
		return outcome{exitTimedOut}
	}
	return outcome{exitRefused}
}

// walked shows how far a walk came.
func (p *page) walked(w walked, st engine.Status) {
	p.gap()
	p.picture(st)
	p.gap()
	switch {
	case w.From == w.Phase && w.Reached:
		p.line("%s %s is in %s already", p.good("✓"), p.bold(w.Change), w.Phase)
	case w.Reached:
		p.line("%s %s went from %s to %s", p.good("✓"), p.bold(w.Change), w.From, w.Phase)
	case w.From == w.Phase:
		p.line("%s %s stays in %s and waits for %s", p.warn("…"), p.bold(w.Change), w.Phase, w.Next)
	default:
		p.line("%s %s went from %s to %s and waits for %s", p.warn("…"), p.bold(w.Change), w.From, w.Phase, w.Next)
	}
	for _, v := range w.Waiting {
		p.refusal(v, w.Todo[v.Guard])
	}
	p.gap()
	p.wayBack(w.Change, st)
}

// refusal shows a guard that does not hold, who is in the way, and what to do.
func (p *page) refusal(v engine.Verdict, todo string) {
	p.line("  %s %s  %s", p.bad("✗"), p.bold(string(v.Guard)), reasonAlone(v))
	for _, b := range v.Blockers[:min(mostBlockers, len(v.Blockers))] {
		p.line("      %s", b.String())
	}
	if more := len(v.Blockers) - mostBlockers; more > 0 {
		p.line("      and %d more; --json lists them all", more)
	}
	if todo != "" {
		p.line("    %s %s", p.dim("→"), todo)
	}
}

// mostBlockers is how many of those in the way are named on a page.
const mostBlockers = 8

// reasonAlone is the reason without the blockers that it quotes: they are
// listed below it.
func reasonAlone(v engine.Verdict) string {
	if len(v.Blockers) > 0 {
		if before, _, quotes := strings.Cut(v.Reason, ": "+v.Blockers[0].String()); quotes {
			return before
		}
	}
	return v.Reason
}

// wayBack shows whether one may go back and what that would give up.
func (p *page) wayBack(change string, st engine.Status) {
	if st.Back == nil {
		p.line("way back  %s", p.noWayBack(st))
		return
	}
	p.line("way back  to %s, %s: underpin rollback %s --to %s", st.Back.To, p.loss(st.Back.Loss), change, st.Back.To)
	if st.Back.Note != "" {
		p.line("          %s", st.Back.Note)
	}
	for _, v := range st.Back.Guards {
		if !v.Holds {
			p.refusal(v, "")
		}
	}
}

// noWayBack says why nothing leads back from where a change stands.
func (p *page) noWayBack(st engine.Status) string {
	none := p.warn("none")
	switch {
	case st.Phase == migrate.Planned:
		return "nothing has been done yet"
	case st.Course == migrate.Mapped:
		return none + ": the source is gone; a new change could lead back"
	case st.Course == migrate.Retired:
		return none + ": it is gone; a new change could lead back"
	}
	return none + ": nothing is gone, but the change is closed; a new change leads back"
}

// loss paints what a step back gives up.
func (p *page) loss(l migrate.Loss) string {
	if l == migrate.LossNone {
		return p.good(string(l))
	}
	return p.warn(string(l))
}

// todo says what to do about a guard that does not hold. again is the command that
// asks for the step.
func todo(v engine.Verdict, st engine.Status, next migrate.Phase, again string) string {
	change := st.Change
	onward := "underpin apply " + change + " --to " + string(next)
	switch v.Guard {
	case migrate.GuardFleetSupports:
		return "roll out a release that can work in " + string(next) + ", then " + again + " (or wait for it: --wait 10m)"
	case migrate.GuardNoStrangers:
		return todoOfStrangers(v, change, again)
	case migrate.GuardReadersDrained:
		return "wait for the next heartbeats: " + again + " --wait 1m"
	case migrate.GuardRampFull, migrate.GuardSoaked:
		return "let it soak: " + again + " --wait 2h, or the same command later"
	case migrate.GuardShadowClean:
		return "let the application serve reads, then " + again
	case migrate.GuardBackfilled, migrate.GuardReversed:
		if st.Copy == nil || st.Copy.Quarantined == 0 {
			return again + " does it"
		}
		return "mend the rows that underpin status " + change + " lists, then " + again
	case migrate.GuardVerified:
		if st.Verification == nil || st.Verification.Clean() {
			return again + " does it"
		}
		return "look with underpin verify " + change + ", mend with --repair, then " + again
	case migrate.GuardUnnamed:
		return "drop or change what names it, then " + again
	case migrate.GuardUnused:
		return "replace the code that sends it; then " + onward
	case migrate.GuardSchemaWhole:
		return "put the schema back as the plan has it, then " + again
	case engine.GuardRampHeld:
		return "raise the share where the ramp is held, then " + again
	case engine.GuardSignatures:
		return "underpin sign " + change + ", commit the signature, then " + again + "; in an emergency: " + again + " --break-glass REASON"
	case migrate.GuardSignedOff:
		return onward + ", when you are sure"
	case migrate.GuardRowsFit:
		return "mend or remove those rows, then " + again
	case migrate.GuardReleases:
		return "replace it by a release that the change names, then " + again
	case migrate.GuardHeld:
		return "wait: " + onward + " later; whoever misses it is helped by underpin rollback " + change + " --to planned"
	case migrate.GuardForgotten:
		return "take the change out of the application's code and roll that out, then " + onward
	}
	return ""
}

// todoOfStrangers tells connections that are named from those that nobody may see.
func todoOfStrangers(v engine.Verdict, change, again string) string {
	vouch := "give your word: underpin fleet vouch --change " + change + " --user "
	const rest = " --why TEXT --for 24h"
	if len(v.Blockers) == 0 {
		return "grant PROCESS, or what else underpin doctor finds missing, then " + again + "; or, if no code without the library is connected, " + vouch + "%@%" + rest
	}
	return "stop it; or, if it is not the application's, " + vouch + "USER@HOST" + rest
}
