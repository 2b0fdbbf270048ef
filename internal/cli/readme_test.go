package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// readmeTable is what README.md supposes there to be.
const readmeTable = `CREATE TABLE users (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NULL DEFAULT '',
  email VARCHAR(200) NULL,
  age INT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

// The commands of README.md's section on use run as they stand, one after the
// other: each does its work or is refused by a gate, and none is a wrong use.
func TestReadmeCommandsRun(t *testing.T) {
	t.Parallel()
	commands := readmeCommands(t)
	require.Greater(t, len(commands), 12)
	script := filepath.Join(t.TempDir(), "readme.txtar")
	require.NoError(t, os.WriteFile(script, []byte(readmeScript(t, commands)), 0o600))
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		testscript.Run(t, testscript.Params{
			Files:               []string{script},
			RequireExplicitExec: true,
			Setup:               func(env *testscript.Env) error { return setUp(t, s, env) },
			Cmds:                map[string]func(ts *testscript.TestScript, neg bool, args []string){"sql": runSQL, "runs": runs},
		})
	})
}

// readmeCommands are the lines of the shell blocks of the section, without the
// installation and the address of the database, which a script has by itself.
func readmeCommands(t *testing.T) (lines []string) {
	page, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, section, _ := strings.Cut(string(page), "\n## Use it\n")
	section, _, _ = strings.Cut(section, "\n## ")
	fenced, plain := false, false // other blocks than the shell's say what they are
	for line := range strings.Lines(section) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
			plain = fenced && line == "```"
		case plain && line != "" && !strings.HasPrefix(line, "go install ") && !strings.HasPrefix(line, "export UNDERPIN_DSN="):
			lines = append(lines, line)
		}
	}
	return lines
}

// readmeScript is a script that runs the commands where README.md's files are.
func readmeScript(t *testing.T, commands []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sql '%s'\n", strings.ReplaceAll(strings.ReplaceAll(readmeTable, "\n", " "), "'", "''"))
	for _, c := range commands {
		fmt.Fprintf(&b, "runs '%s'\n", strings.ReplaceAll(c, "'", "''"))
	}
	example, err := os.ReadFile("../../examples/split-user-name/change.yaml")
	require.NoError(t, err)
	fmt.Fprintf(&b, "\n-- examples/split-user-name/change.yaml --\n%s", example)
	// The desired schema drops age; the names of the change that is under way are there by then.
	desired := strings.Replace(readmeTable, "age INT NULL", "first_name VARCHAR(200) NULL,\n  last_name VARCHAR(200) NULL", 1)
	fmt.Fprintf(&b, "\n-- schema/users.sql --\n%s;\n", desired)
	return b.String()
}

// runs LINE gives a line to a shell, which keeps what it exports for the next ones.
func runs(ts *testscript.TestScript, _ bool, args []string) {
	line := strings.Join(args, " ")
	if name, ok := strings.CutPrefix(line, "export "); ok {
		name, value, _ := strings.Cut(name, "=")
		ts.Setenv(name, value)
		return
	}
	if code := execute(ts, "sh", "-c", line); code != 0 && code != 1 {
		ts.Fatalf("%s: exit code %d", line, code)
	}
}
