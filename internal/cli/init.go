package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
)

// initCommand creates and upgrades the control tables.
func initCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		GroupID: groupSetUp,
		Short:   "Create or upgrade the control tables",
		Long: `Create the control tables (_underpin_*) in the application's database, or upgrade
those of an older release. It may be run at any time and by several processes at
once. A binary that is older than the tables refuses.`,
		Example: "  underpin init --dsn 'app@tcp(db:3306)/shop'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			db, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			done, err := control.Init(c.Context(), db)
			if err != nil {
				return err
			}
			return a.emit(done, func(p *page) { p.line("%s", initWords(done)) })
		},
	}
}

func initWords(done control.Initialised) string {
	switch done.From {
	case 0:
		return fmt.Sprintf("created the control tables, version %d", done.To)
	case done.To:
		return fmt.Sprintf("the control tables are at version %d already", done.To)
	}
	return fmt.Sprintf("upgraded the control tables from version %d to %d", done.From, done.To)
}
