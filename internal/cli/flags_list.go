package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/sqlstore"
)

// listedFlag is a flag with the day on which it was last evaluated.
type listedFlag struct {
	flags.Flag
	LastUsed string `json:"last_used,omitempty"` // a day in UTC
}

// flagList is the result of flags list.
type flagList struct {
	Flags []listedFlag `json:"flags"`
}

func flagsListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the flags, what they serve and when they were last evaluated",
		Long: `List the flags by name: their switch, what they serve, whose they are, when they were
last evaluated by an application that reports it, and when they should be gone.`,
		Example: "  underpin flags list\n  underpin flags list --json | jq '.flags[] | select(.state == \"closed\").name'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withFlags(c.Context(), func(ctx context.Context, s *sqlstore.Store) error {
				list, err := listFlags(ctx, s)
				if err != nil {
					return err
				}
				return a.emit(list, func(p *page) { p.flags(list.Flags) })
			})
		},
	}
}

func listFlags(ctx context.Context, s *sqlstore.Store) (flagList, error) {
	all, err := s.List(ctx)
	if err != nil {
		return flagList{}, err
	}
	uses, err := s.Uses(ctx)
	if err != nil {
		return flagList{}, err
	}
	out := flagList{Flags: []listedFlag{}}
	for _, f := range all {
		one := listedFlag{Flag: f}
		if day, ok := uses[f.Name]; ok {
			one.LastUsed = day.Format(time.DateOnly)
		}
		out.Flags = append(out.Flags, one)
	}
	return out, nil
}

func (p *page) flags(all []listedFlag) {
	if len(all) == 0 {
		p.line("there are no flags; underpin flags set FILE makes some")
		return
	}
	rows := p.head("flag", "state", "serves", "type", "kind", "owner", "last used", "expires")
	for _, f := range all {
		rows = append(rows, []string{p.bold(f.Name), p.stateOf(f.State), serving(f.Flag), string(f.Type), string(f.Kind), f.Owner, orDash(f.LastUsed), p.expiry(f.Expires)})
	}
	p.table("", rows)
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

func (p *page) expiry(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	day := at.Format(time.DateOnly)
	if time.Now().After(at) {
		return p.bad(day)
	}
	return day
}

func flagsShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Show one flag with its variants and rules",
		Long:    "Show one flag: its variants, requirements, rules, ramp, safe value and bound.",
		Example: "  underpin flags show new-checkout\n  underpin flags show new-checkout --json > new-checkout.json",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withFlags(c.Context(), func(ctx context.Context, s *sqlstore.Store) error {
				f, err := s.Get(ctx, args[0])
				if err != nil {
					return err
				}
				return a.emit(oneFlag{f}, func(p *page) { p.flag(f) })
			})
		},
	}
}

// mostValue is how many cells of a value a page shows; --json has all.
const mostValue = 60

func (p *page) flag(f flags.Flag) {
	p.line("%s  %s  %s", p.bold(f.Name), p.stateOf(f.State), p.dim(fmt.Sprintf("version %d", f.Version)))
	if f.Description != "" {
		p.line("  %s", f.Description)
	}
	rows := [][]string{
		{"type", string(f.Type)}, {"kind", string(f.Kind)}, {"owner", f.Owner}, {"serves", serving(f)},
		{"while off", f.Off}, {"while stale", fmt.Sprintf("%s, after %s", f.Safe, f.StaleAfter)}, {"expires", p.expiry(f.Expires)},
	}
	for _, v := range f.Variants {
		rows = append(rows, []string{"variant", v.Name + " = " + cut(v.Value.String(), mostValue)})
	}
	for _, r := range f.Requires {
		rows = append(rows, []string{"requires", r.Flag + " = " + r.Variant})
	}
	for _, r := range f.Rules {
		text := ""
		for i, w := range r.When {
			if i > 0 {
				text += " and "
			}
			text += fmt.Sprintf("%s %s %v", w.Attribute, w.Op, w.Values)
		}
		rows = append(rows, []string{"rule", cut(text, 2*mostValue) + " → " + serveText(r.Serve)})
	}
	p.table("  ", rows)
}

// flagHistory is the result of flags history.
type flagHistory struct {
	Flag    string            `json:"flag"`
	Changes []sqlstore.Change `json:"changes"`
}

func flagsHistoryCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "history NAME",
		Short: "Show who changed a flag, when and why",
		Long: `Show who changed a flag, when and why, the oldest first, with what it served
afterwards. The history of a removed flag stays. --json has the whole flag before
and after each change; the entries are those of underpin audit.`,
		Example: "  underpin flags history new-checkout",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withFlags(c.Context(), func(ctx context.Context, s *sqlstore.Store) error {
				list, err := s.History(ctx, args[0])
				if err != nil {
					return err
				}
				if len(list) == 0 {
					return fmt.Errorf("flag %q: %w", args[0], flags.ErrNotFound)
				}
				return a.emit(flagHistory{args[0], list}, func(p *page) { p.history(list) })
			})
		},
	}
}

func (p *page) history(list []sqlstore.Change) {
	rows := p.head("when", "what", "who", "serves", "why")
	for _, ch := range list {
		after := "removed"
		if ch.After != nil {
			after = p.stateOf(ch.After.State) + ", " + serving(*ch.After)
		}
		rows = append(rows, []string{p.dim(ch.At.UTC().Format("2006-01-02 15:04:05Z")), p.bold(ch.Action), ch.Actor, after, ch.Why})
	}
	p.table("", rows)
}

func flagsExportCommand(a *app) *cobra.Command {
	var into string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print every flag as a file that flags set takes",
		Long: `Print every flag as JSON, with its version: a file that underpin flags set takes, that
applications can read with the file store, and that can be kept in a repository.`,
		Example: "  underpin flags export > flags.json\n  underpin flags export --output flags.json",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withFlags(c.Context(), func(ctx context.Context, s *sqlstore.Store) error {
				all, err := s.List(ctx)
				if err != nil {
					return err
				}
				return a.export(all, into)
			})
		},
	}
	c.Flags().StringVar(&into, "output", "", "write to this file and say how many")
	return c
}

// exported is the document of flags export. It is also a file of flags.
type exported struct {
	Flags []flags.Flag `json:"flags"`
}

func (a *app) export(all []flags.Flag, into string) error {
	if all == nil {
		all = []flags.Flag{}
	}
	if into == "" {
		a.writeJSON(a.stdout, exported{all})
		return nil
	}
	text, err := json.MarshalIndent(exported{all}, "", "  ")
	if err != nil {
		return fmt.Errorf("export the flags: %w", err)
	}
	if err := os.WriteFile(into, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("export the flags: %w", err)
	}
	return a.emit(struct {
		File  string `json:"file"`
		Flags int    `json:"flags"`
	}{into, len(all)}, func(p *page) { p.line("wrote %s to %s", count(len(all), "flag"), into) })
}
