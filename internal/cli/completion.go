package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// completion is the result of the command of that name.
type completion struct {
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

// completionCommand prints a script that teaches a shell to complete.
func completionCommand(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:       "completion SHELL",
		GroupID:   groupSetUp,
		Short:     "Print the completion script of a shell",
		Long:      "Print the script that teaches bash, zsh, fish or powershell to complete commands, flags and phases.",
		Example:   "  source <(underpin completion bash)\n  underpin completion zsh > \"${fpath[1]}/_underpin\"",
		Args:      takes("SHELL"),
		ValidArgs: shells,
		RunE: func(c *cobra.Command, args []string) error {
			var script bytes.Buffer
			write, ok := map[string]func(io.Writer) error{
				"bash":       func(w io.Writer) error { return c.Root().GenBashCompletionV2(w, true) },
				"zsh":        c.Root().GenZshCompletion,
				"fish":       func(w io.Writer) error { return c.Root().GenFishCompletion(w, true) },
				"powershell": c.Root().GenPowerShellCompletionWithDesc,
			}[args[0]]
			if !ok {
				return usagef("there is no completion for %q: the shells are %s", args[0], strings.Join(shells, ", "))
			}
			if err := write(&script); err != nil {
				return fmt.Errorf("write the completion script: %w", err)
			}
			if a.settings.JSON {
				return a.emit(completion{args[0], script.String()}, nil)
			}
			_, err := script.WriteTo(a.stdout) // a script has tabs, which the page's filter would replace
			return err
		},
	}
}
