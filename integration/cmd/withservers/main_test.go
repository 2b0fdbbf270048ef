package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// envProgram makes this test binary be withservers.
const envProgram = "WITHSERVERS_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(envProgram) != "" {
		_ = os.Unsetenv(envProgram)
		main()
	}
	os.Exit(m.Run())
}

func withservers(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), envProgram+"=1")
	return cmd
}

func TestCommandGetsServersAndItsCodeIsOurs(t *testing.T) {
	engines, err := servers.ParseEngines(os.Getenv(servers.EnvEngines))
	require.NoError(t, err)
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			cmd := withservers(t, "-engines", string(engine), "--", "sh", "-c", `echo "$UNDERPIN_ENGINES $`+engine.EnvDSN()+`"; exit 7`)
			out, err := cmd.Output()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 7, exit.ExitCode())
			require.True(t, strings.HasPrefix(string(out), string(engine)+" root:"), "%s", out)
		})
	}
}

func TestWhatIsDoneMeanwhileEndsWithTheStart(t *testing.T) {
	engines, err := servers.ParseEngines(os.Getenv(servers.EnvEngines))
	require.NoError(t, err)
	for _, meanwhile := range []string{"sleep 3600", "no-such-program-anywhere"} {
		cmd := withservers(t, "-engines", string(engines[0]), "-redis=false", "-meanwhile", meanwhile, "--", "echo", "on")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "%s", &stderr)
		require.Equal(t, "on\n", string(out))
		require.NotContains(t, stderr.String(), "sleep 3600")
	}
}

func TestSignalGoesToTheCommand(t *testing.T) {
	engines, err := servers.ParseEngines(os.Getenv(servers.EnvEngines))
	require.NoError(t, err)
	// The command tells that it runs, and then waits for a signal that it does not get itself.
	cmd := withservers(t, "-engines", string(engines[0]), "--", "sh", "-c", `trap 'echo stopped; exit 3' TERM; echo ready; while :; do sleep 0.1; done`)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, len("ready\n"))
	_, err = out.Read(line)
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	var rest bytes.Buffer
	_, err = rest.ReadFrom(out)
	require.NoError(t, err)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 3, exit.ExitCode())
	require.Equal(t, "stopped\n", rest.String())
}

func TestWrongUse(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "no command given"},
		{[]string{"-engines", "oracle", "--", "true"}, "oracle"},
		{[]string{"-via", "moon", "--", "true"}, "moon"},
		{[]string{"--", "no-such-program-anywhere"}, "no-such-program-anywhere"},
		{[]string{"-durability", "eternal", "--", "true"}, "eternal"},
	} {
		var complaint bytes.Buffer
		require.NotZero(t, do(c.args, &complaint), c.args)
		require.Contains(t, complaint.String(), c.want)
	}
	var help bytes.Buffer
	require.Zero(t, do([]string{"-h"}, &help))
	require.Contains(t, help.String(), "usage: withservers")
}

// install and images are words of ours only without a -- in front.
func TestModesAndCommandsOfTheSameName(t *testing.T) {
	for _, c := range []struct {
		args   []string
		dashed bool
	}{
		{[]string{"install"}, false},
		{[]string{"-engines", "mysql", "install"}, false},
		{[]string{"--", "install"}, true},
		{[]string{"-engines", "mysql", "--", "install"}, true},
		{[]string{"env", "--", "install"}, false},
	} {
		s, err := parse(c.args, new(bytes.Buffer))
		require.NoError(t, err)
		require.Equal(t, c.dashed, s.dashed, c.args)
	}
}
