package cli

import "github.com/spf13/cobra"

const aboutKiller = `End statements that have used up their budget before they take the database down,
and nothing else: replication, backups, DDL, the event scheduler, what is rolling
back and Underpin's own connections are protected, and the statement that follows
an offender on its session is never hit in its place.

Begin with a dry run: underpin killer run --budget 30s --dry-run`

// killerCommand groups what has to do with statements that run too long.
func killerCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "killer",
		GroupID: groupGuard,
		Short:   "End statements that run too long, and nothing else",
		Long:    aboutKiller,
		Example: "  underpin killer run --budget 30s --dry-run\n  underpin killer explain\n  underpin killer log --since 24h",
		Args:    knownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		killerRunCommand(a),
		killerTestCommand(a),
		killerLogCommand(a),
		killerExplainCommand(a),
		killerRecordCommand(a),
		killerTrendCommand(a),
	)
	return c
}
