package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/migrate"
)

const about = `Underpin changes the schema of a MySQL or MariaDB database under a running
application: one declared change, carried through its phases, every step gated,
and a way back from every phase but the last two.

  planned ⇄ expanded ⇄ dual_write ⇄ backfilling ⇄ verified ⇄ read_new → new_only → contracted → closed

Settings come from flags, from variables (UNDERPIN_DSN, UNDERPIN_PASSWORD, …) and
from underpin.yaml, in this order of strength. Exit codes: 0 done, 1 refused by a
gate or differences found, 2 usage, 3 failed, 4 timed out waiting.`

// groups are the headings under which help lists the commands.
const (
	groupCarry = "carry"
	groupLook  = "look"
	groupWork  = "work"
	groupGate  = "gate"
	groupFlags = "flags"
	groupGuard = "guard"
	groupSetUp = "setup"
)

// newRoot returns the command tree.
func newRoot(a *app) *cobra.Command {
	version := false
	root := &cobra.Command{
		Use:           "underpin",
		Short:         "Zero-downtime schema changes on MySQL and MariaDB",
		Long:          about,
		Example:       "  underpin init\n  underpin plan changes/split-user-name\n  underpin apply split-user-name",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			if version {
				return a.version()
			}
			return c.Help()
		},
		PersistentPreRunE: func(c *cobra.Command, _ []string) (err error) {
			wish := a.settings.JSON
			a.settings, err = resolve(c.Flags(), a.getenv)
			if err != nil {
				a.settings.JSON = wish
			}
			return err
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	addFlags(root.PersistentFlags())
	root.Flags().BoolVar(&version, "version", false, "say what this binary is, like underpin version")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{err: err, hint: fmt.Sprintf("%s --help lists the flags", c.CommandPath())}
	})
	root.AddGroup(
		&cobra.Group{ID: groupCarry, Title: "Carry out a change:"},
		&cobra.Group{ID: groupLook, Title: "Look at it:"},
		&cobra.Group{ID: groupWork, Title: "Work on its rows:"},
		&cobra.Group{ID: groupGate, Title: "Review a pull request:"},
		&cobra.Group{ID: groupFlags, Title: "Switch features, and compare them:"},
		&cobra.Group{ID: groupGuard, Title: "Guard the server:"},
		&cobra.Group{ID: groupSetUp, Title: "Set up:"},
	)
	root.AddCommand(commands(a)...)
	root.SetHelpCommandGroupID(groupSetUp)
	return root
}

// commands lists every command, in the order in which one meets them.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		planCommand(a),
		preflightCommand(a),
		applyCommand(a),
		pauseCommand(a),
		resumeCommand(a),
		rollbackCommand(a),

		statusCommand(a),
		watchCommand(a),
		fleetCommand(a),
		canRunCommand(a),
		auditCommand(a),

		backfillCommand(a),
		verifyCommand(a),

		reviewCommand(a),
		rulesCommand(a),
		statsCommand(a),
		signCommand(a),
		verifySignaturesCommand(a),

		flagsCommand(a),
		experimentsCommand(a),

		killerCommand(a),

		initCommand(a),
		doctorCommand(a),
		demoCommand(a),
		versionCommand(a),
		completionCommand(a),
	}
}

// knownCommand refuses arguments of a command that only has subcommands.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := c.CommandPath() + " --help lists the commands"
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &usageError{err: fmt.Errorf("unknown command %q for %q", args[0], c.CommandPath()), hint: hint}
}

// takes checks the number of arguments; words name them, the optional ones in
// brackets.
func takes(words ...string) cobra.PositionalArgs {
	least := 0
	for _, w := range words {
		if !strings.HasPrefix(w, "[") {
			least++
		}
	}
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return &usageError{err: fmt.Errorf("%s needs %s", c.CommandPath(), strings.Join(words[len(args):least], " ")), hint: "usage: " + c.UseLine()}
		case len(args) > len(words):
			return &usageError{err: fmt.Errorf("%s takes no argument %q", c.CommandPath(), args[len(words)]), hint: "usage: " + c.UseLine()}
		}
		return nil
	}
}

// phaseFlag adds a flag that takes a phase, with completion.
func phaseFlag(c *cobra.Command, into *string, name, usage string) {
	c.Flags().StringVar(into, name, "", usage)
	names := make([]string, 0, len(migrate.Phases()))
	for _, p := range migrate.Phases() {
		names = append(names, string(p))
	}
	// It fails only for a flag that does not exist.
	_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// phaseOf reads a phase from a flag; empty stays empty.
func phaseOf(text string) (migrate.Phase, error) {
	if text == "" {
		return "", nil
	}
	p, err := migrate.ParsePhase(text)
	if err != nil {
		names := make([]string, 0, len(migrate.Phases()))
		for _, p := range migrate.Phases() {
			names = append(names, string(p))
		}
		return "", &usageError{err: fmt.Errorf("%w %q", migrate.ErrUnknownPhase, text), hint: "the phases are " + strings.Join(names, ", ")}
	}
	return p, nil
}
