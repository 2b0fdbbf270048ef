package cli

import (
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/cli/doctor"
)

// doctorCommand looks at the server and the user.
func doctorCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		GroupID: groupSetUp,
		Short:   "Check the server's settings and the user's privileges",
		Long: `Check the server's settings and the user's privileges, and say what each missing
one costs. Privileges are probed on an empty scratch table that is dropped again.
The basic path needs nothing beyond DDL and DML on the application's own
database.`,
		Example: "  underpin doctor\n  underpin doctor --json | jq '.privileges[] | select(.level != \"fine\")'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			report, err := doctor.Examine(c.Context(), db)
			if err != nil {
				return err
			}
			if err := a.emit(report, func(p *page) { p.doctor(report) }); err != nil || report.Healthy {
				return err
			}
			return outcome{exitRefused}
		},
	}
}

// doctor shows a report.
func (p *page) doctor(r doctor.Report) {
	p.line("%s %s, database %s as %s", p.bold(r.Flavour), r.Version, r.Database, r.User)
	for _, part := range []struct {
		title string
		list  []doctor.Finding
	}{{"settings", r.Settings}, {"privileges", r.Privileges}} {
		p.gap()
		p.line("%s", p.dim(part.title))
		var rows [][]string
		for _, f := range part.list {
			rows = append(rows, []string{p.level(f.Level), f.Name, f.Found})
		}
		p.table("  ", rows)
	}
	for _, list := range [][]doctor.Finding{r.Settings, r.Privileges} {
		for _, f := range list {
			if f.Level != doctor.Fine {
				p.gap()
				p.line("%s %s: %s", p.level(f.Level), p.bold(f.Name), f.Cost)
				p.line("  %s %s", p.dim("→"), f.Remedy)
			}
		}
	}
	p.gap()
	if r.Healthy {
		p.line("%s nothing that is needed is missing", p.good("✓"))
		return
	}
	p.line("%s something that is needed is missing", p.bad("✗"))
}

func (p *page) level(l doctor.Level) string {
	switch l {
	case doctor.Fine:
		return p.good("✓")
	case doctor.Costs:
		return p.warn("!")
	}
	return p.bad("✗")
}
