package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"
)

// fleetResult is the result of the fleet command.
type fleetResult struct {
	Instances []fleet.Entry `json:"instances"`
	// Evidence is about connections without the library, by change.
	Evidence map[string]fleet.Evidence `json:"evidence"`
}

// glance is how long connections are watched for the fleet command.
const glance = 300 * time.Millisecond

// fleetCommand shows who runs and who is connected.
func fleetCommand(a *app) *cobra.Command {
	var change string
	c := &cobra.Command{
		Use:     "fleet",
		GroupID: groupLook,
		Short:   "Show the running instances and connections without the library",
		Long: `Show the instances of the application that run, or did until lately, what each
declares, and the evidence about connections of code without the library.`,
		Example: "  underpin fleet\n  underpin fleet --change split-user-name\n  underpin fleet vouch --change split-user-name --user 'metabase@%' --why 'reads only' --for 24h",
		Args:    knownCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error { return a.fleet(ctx, db, change) })
		},
	}
	c.Flags().StringVar(&change, "change", "", "only what matters to this change")
	c.AddCommand(vouchCommand(a), expireCommand(a))
	return c
}

func (a *app) fleet(ctx context.Context, db *sql.DB, only string) error {
	all, err := fleet.All(ctx, db)
	if err != nil {
		return err
	}
	changes, err := control.List(ctx, db)
	if err != nil {
		return err
	}
	if only != "" {
		c, err := control.Get(ctx, db, only)
		if err != nil {
			return err
		}
		changes = []control.Change{c}
		all = slices.DeleteFunc(all, func(e fleet.Entry) bool {
			_, declares := e.Changes[only]
			return !declares && e.Service != c.Service
		})
	}
	out := fleetResult{Instances: append([]fleet.Entry{}, all...), Evidence: map[string]fleet.Evidence{}}
	for _, c := range changes {
		if only == "" && c.Setting.Phase == migrate.Closed {
			continue
		}
		if out.Evidence[c.Name], err = evidence(ctx, db, c); err != nil {
			return err
		}
	}
	return a.emit(out, func(p *page) { p.fleet(out) })
}

// evidence looks at the connections that matter to a change.
func evidence(ctx context.Context, db *sql.DB, c control.Change) (fleet.Evidence, error) {
	cfg := fleet.EvidenceConfig{Change: c.Name, Window: glance}
	if c.PlanHash != "" {
		p, err := plan.Unmarshal(c.Spec)
		if err != nil {
			return fleet.Evidence{}, fmt.Errorf("change %s: the recorded plan: %w", c.Name, err)
		}
		cfg.Users = p.Connections.Users
	}
	return fleet.Strangers(ctx, db, cfg)
}

// fleet shows the instances and the evidence.
func (p *page) fleet(r fleetResult) {
	if len(r.Instances) == 0 {
		p.line("no instance has announced itself")
	} else {
		rows := p.head("service", "release", "host", "pid", "lease", "declares")
		for _, e := range r.Instances {
			rows = append(rows, []string{e.Service, p.bold(e.Release), e.Host, fmt.Sprint(e.PID), p.lease(e.Left), declares(e)})
		}
		p.table("", rows)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Evidence)) {
		p.gap()
		p.evidence(name, r.Evidence[name])
	}
}

func (p *page) lease(left time.Duration) string {
	if left < 0 {
		return p.bad("dead for " + ago(-left))
	}
	return p.good(ago(left) + " left")
}

func declares(e fleet.Entry) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(e.Changes)) {
		s := e.Changes[name]
		through := "nothing"
		if n := len(s.Capability.Modes); n > 0 {
			through = s.Capability.Modes[n-1].String()
		}
		parts = append(parts, fmt.Sprintf("%s: writes the %s, works through %s, epoch %d", name, s.Capability.Writes, through, s.Applied.Epoch))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

// evidence shows what was found out about connections.
func (p *page) evidence(change string, e fleet.Evidence) {
	p.line("%s  connections, by %s: %s judged, %s of live instances", p.bold(change), e.Method, grouped(e.Sessions), grouped(e.Known))
	for _, part := range []struct {
		word string
		list []fleet.Blocker
	}{{p.bad("stranger"), e.Strangers}, {p.warn("indistinct"), e.Indistinct}, {p.good("vouched"), e.Vouched}} {
		for _, b := range part.list {
			p.line("  %s  %s", part.word, b.String())
		}
	}
	if e.CannotTell != "" {
		p.line("  %s", p.warn(e.CannotTell))
	}
	for _, note := range e.Notes {
		p.line("  %s", p.dim(note))
	}
}

// vouchResult is the result of fleet vouch.
type vouchResult struct {
	Change string    `json:"change"`
	User   string    `json:"user"`
	Who    string    `json:"who"`
	Why    string    `json:"why"`
	Until  time.Time `json:"until"`
}

// vouchCommand records an operator's word.
func vouchCommand(a *app) *cobra.Command {
	var v vouchResult
	var lasts time.Duration
	c := &cobra.Command{
		Use:   "vouch --change NAME --user PATTERN --why TEXT",
		Short: "Give your word about what the server does not show",
		Long: `Record your word that the connections of an account do not write the change's
tables, or use the library. The account is user@host, with % for any text. The
word lapses, and is part of the audit.

definitions@hidden is no account: it is your word that no trigger, event, routine
or view which this user may not see names what the change drops.`,
		Example: "  underpin fleet vouch --change split-user-name --user 'metabase@%' --why 'reads only' --for 24h",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if v.Change == "" || v.User == "" || v.Why == "" || lasts <= 0 {
				return &usageError{err: errors.New("a word needs --change, --user and --why, and --for a time to hold"), hint: "usage: " + c.UseLine()}
			}
			v.Who, v.Until = a.actor(), time.Now().Add(lasts).UTC().Truncate(time.Second)
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				err := fleet.Vouch(ctx, db, fleet.Word{Change: v.Change, User: v.User, Who: v.Who, Why: v.Why, Until: v.Until})
				if errors.Is(err, fleet.ErrInvalidWord) {
					return &usageError{err: err}
				}
				if err != nil {
					return err
				}
				return a.emit(v, func(p *page) {
					p.line("recorded: %s vouches for %s until %s", v.Who, p.bold(v.User), v.Until.Format("2006-01-02 15:04Z"))
				})
			})
		},
	}
	c.Flags().StringVar(&v.Change, "change", "", "the change (required)")
	c.Flags().StringVar(&v.User, "user", "", "the account, as user@host with % for any text (required)")
	c.Flags().StringVar(&v.Why, "why", "", "the reason, for the audit (required)")
	c.Flags().DurationVar(&lasts, "for", fleet.VouchFor, "how long the word holds")
	return c
}

// expired is the result of fleet expire.
type expired struct {
	Removed int `json:"removed"`
}

// expireCommand forgets instances that have been dead for long.
func expireCommand(a *app) *cobra.Command {
	var older time.Duration
	c := &cobra.Command{
		Use:     "expire",
		Short:   "Forget instances that have been dead for long",
		Long:    "Forget instances whose lease ran out long ago. They count for nothing; this only tidies up.",
		Example: "  underpin fleet expire --older-than 1h",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if older <= 0 {
				return usagef("--older-than %s: it has to be positive", older)
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				n, err := fleet.Expire(ctx, db, older)
				if err != nil {
					return err
				}
				return a.emit(expired{n}, func(p *page) { p.line("forgot %s", count(n, "dead instance")) })
			})
		},
	}
	c.Flags().DurationVar(&older, "older-than", fleet.KeepDead, "how long it has to have been dead")
	return c
}
