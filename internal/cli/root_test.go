package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// every calls fn for every command that people see.
func every(c *cobra.Command, fn func(*cobra.Command)) {
	if c.Hidden {
		return
	}
	fn(c)
	for _, sub := range c.Commands() {
		every(sub, fn)
	}
}

func newTestRoot() *cobra.Command {
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	return newRoot(a)
}

func TestEveryCommandIsDocumentedAndSpeaksJSON(t *testing.T) {
	every(newTestRoot(), func(c *cobra.Command) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			require.NotEmpty(t, c.Short)
			require.NotEmpty(t, c.Long)
			require.Contains(t, c.Example, "underpin")
			require.NotNil(t, c.Args, "arguments are checked by takes or knownCommand, so that a mistake is exit code 2")
			require.NotNil(t, c.Flag(jsonFlag), "--json")
			for _, line := range strings.Split(c.Long, "\n") {
				require.LessOrEqual(t, width(line), 105, line)
			}
			if c.HasParent() && c.Parent() == c.Root() {
				require.NotEmpty(t, c.GroupID, "a heading in the help")
			}
		})
	})
}

func TestTheCommandsOfTheDesignAreThere(t *testing.T) {
	root := newTestRoot()
	for _, name := range strings.Fields("init plan apply status watch rollback pause resume backfill verify fleet can-run audit doctor demo version completion " +
		"flags experiments review rules stats sign verify-signatures") {
		c, _, err := root.Find([]string{name})
		require.NoError(t, err, name)
		require.Equal(t, name, c.Name())
	}
}
