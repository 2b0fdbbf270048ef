package cli

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
)

// killLogResult is the result of killer log.
type killLogResult struct {
	Decisions []control.Kill `json:"decisions"`
}

// mostStatement is how many cells of a statement a page shows; --json has all.
const mostStatement = 80

// killerLogCommand prints what the killer has decided.
func killerLogCommand(a *app) *cobra.Command {
	var f control.KillFilter
	c := &cobra.Command{
		Use:   "log",
		Short: "Print what was decided, from the control tables",
		Long: `Print what the killer has decided, oldest first: one line a decision with the rule,
the statement without its literals, and what became of it. Times are those of the
server. The log is written by underpin killer run; what a run could not write
there (a read-only server, no control tables) is in that run's own output only.`,
		Example: "  underpin killer log --since 24h\n  underpin killer log --rule long-selects --json | jq '.decisions[].digest'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			if f.Within < 0 {
				return usagef("--since %s: it has to be positive, or 0 for everything", f.Within)
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error { return a.killLog(ctx, db, f) })
		},
	}
	c.Flags().DurationVar(&f.Within, "since", 24*time.Hour, "how far back; 0 is everything that is kept")
	c.Flags().StringVar(&f.Rule, "rule", "", "only what this rule decided")
	return c
}

func (a *app) killLog(ctx context.Context, db *sql.DB, f control.KillFilter) error {
	out := killLogResult{Decisions: []control.Kill{}}
	for {
		some, err := control.Kills(ctx, db, f)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		out.Decisions = append(out.Decisions, some...)
		f.After = some[len(some)-1].ID
	}
	return a.emit(out, func(p *page) { p.kills(out.Decisions) })
}

// kills shows recorded decisions.
func (p *page) kills(list []control.Kill) {
	if len(list) == 0 {
		p.line("nothing was decided in that time")
		return
	}
	rows := p.head("when", "outcome", "rule", "age", "user", "session", "gone after", "statement")
	for _, k := range list {
		gone := "–"
		if k.Dead != nil {
			gone = exactly(*k.Dead)
		}
		rows = append(rows, []string{
			p.dim(k.At.UTC().Format("2006-01-02 15:04:05.000Z")), p.outcome(k.Outcome), k.Rule, exactly(k.Age),
			k.User + "@" + k.Host, fmt.Sprint(k.Session), gone, p.dim(cut(k.Text, mostStatement)),
		})
	}
	p.table("", rows)
	p.gap()
	p.line("%s", count(len(list), "decision"))
}

// exactly writes a length of time with milliseconds, rounded down, so that an
// age is never told to be above a budget that it has not reached.
func exactly(d time.Duration) string {
	return fmt.Sprintf("%.3f s", d.Truncate(time.Millisecond).Seconds())
}
