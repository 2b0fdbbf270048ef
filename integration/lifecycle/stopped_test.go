package lifecycle

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// envReader makes the test binary a process of the old application that reads
// one row again and again and prints what it got.
const envReader = "UNDERPIN_TEST_READER_DSN"

const shortLease = 2 * time.Second

// idle is after how long the server ends a connection of the child that sends
// nothing. When the child's lease has run out its connections belong to no live
// instance, and the gate for strangers waits until they are gone: for a stopped
// process that is when the server, or an operator, ends them.
const idle = 3 * time.Second

func TestMain(m *testing.M) {
	if dsn := os.Getenv(envReader); dsn != "" {
		if err := readForEver(context.Background(), dsn); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(servers.Tests{M: m})
}

// readForEver is the child: it ends when its standard output is closed.
func readForEver(ctx context.Context, dsn string) error {
	app := splitColumn().Old
	cfg := dualwrite.Config{
		Service: "accounts", Release: app.Release, Poll: 50 * time.Millisecond, Lease: shortLease, Shadow: dualwrite.NoShadow,
		Changes: []dualwrite.Support{{Change: "split-user-name", Writes: app.Writes, Through: app.Through}},
	}
	connector, err := dualwrite.Connector(dsn, cfg)
	if err != nil {
		return err
	}
	client, err := dualwrite.Join(ctx, sql.OpenDB(connector), cfg)
	if err != nil {
		return err
	}
	names := client.Change("split-user-name")
	for {
		text, err := dualwrite.Read(ctx, names, int64(4), app.ReadOld(4), app.ReadNew(4))
		line := "read " + text
		if err != nil {
			line = "refused " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		if _, err := fmt.Println(line); err != nil {
			return nil //nolint:nilerr // the parent has gone: the child is done
		}
		if err := mysqlx.Wait(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// A process that is stopped through the transitions to new_only, and wakes when
// the source is stale, serves nothing from it.
func TestStoppedProcessServesNothingStaleWhenItWakes(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s, splitColumn())
		w.apply(t, migrate.Verified)
		child, lines := w.child(t)
		wait(t, lines, "read Ada Lovelace")
		require.NoError(t, child.Signal(syscall.SIGSTOP))

		w.apply(t, migrate.ReadingNew) // with the child in the fleet, stopped
		newer := w.start(t, w.c.New)
		w.apply(t, migrate.OnlyNew) // once the child's lease has run out
		newer.write(t, func(ctx context.Context, tx *dualwrite.Tx) error {
			return newer.Update(ctx, tx, 4, Person{"Augusta Ada", "King"})
		})
		drain(lines) // what it had printed before it was stopped
		require.NoError(t, child.Signal(syscall.SIGCONT))

		for range 20 {
			line := next(t, lines)
			require.NotContains(t, line, "Lovelace", "a stale read was served")
			if strings.HasPrefix(line, "read ") {
				require.Equal(t, "read Augusta Ada King", line)
			}
		}
		newer.stop(t)
	})
}

// child starts the reader as a process of its own.
func (w *world) child(t *testing.T) (*os.Process, <-chan string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), envReader+"="+w.appDSN+fmt.Sprintf("&wait_timeout=%d", int(idle.Seconds())))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := make(chan string, 10_000)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range lines { // until the pipe is closed
		}
		_ = cmd.Wait()
	})
	return cmd.Process, lines
}

func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line, ok := <-lines:
		require.True(t, ok, "the process has ended")
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("the process says nothing")
		return ""
	}
}

func wait(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	for range 1000 {
		if next(t, lines) == want {
			return
		}
	}
	t.Fatalf("the process never said %q", want)
}

func drain(lines <-chan string) {
	for {
		select {
		case <-lines:
		default:
			return
		}
	}
}
