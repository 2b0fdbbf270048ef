package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// playChild is a process that does what a test wants, or plays its real part.
func playChild(role string) int {
	if role == "real" {
		return playPart(os.Args[1])
	}
	in := bufio.NewScanner(os.Stdin)
	in.Scan() // the task
	switch role {
	case "broken":
		fmt.Fprintln(os.Stderr, "no such\ndatabase")
		return 3
	case "steady":
		fmt.Fprintln(os.Stdout, `{"kind":"ready"}`)
		for in.Scan() {
			switch in.Text() {
			case `{"order":"stop"}`:
				fmt.Fprintln(os.Stdout, `{"kind":"stopped"}`)
				return 0
			case `{"order":"release","slots":[{"number":3}]}`:
				fmt.Fprintln(os.Stdout, `{"kind":"released","slots":[{"number":3}]}`)
			}
		}
	}
	return 1
}

// playPart is what the hidden commands of underpin demo do.
func playPart(name string) int {
	parts := map[string]func(context.Context, io.Reader, io.Writer) error{"app": App, "worker": Worker}
	if err := parts[name](context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

// child starts this program again.
func child(t *testing.T, role string) (*process, *atomic.Int64) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv(childRole, role)
	var heard atomic.Int64
	p, err := launch(t.Context(), []string{self}, "r1/1", releaseReady, task{Place: "r1/1"}, func(p *process, line []byte) {
		heard.Add(1)
		e, ok := decode(line)
		if ok {
			p.note(e)
		}
	})
	require.NoError(t, err)
	return p, &heard
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAProcessServesObeysAndStops(t *testing.T) {
	p, heard := child(t, "steady")
	require.NoError(t, p.serve(soon(t)))
	require.NoError(t, p.letGo(soon(t), []slot{{Number: 3}}))
	require.NoError(t, p.stop(soon(t)))
	require.EqualValues(t, 3, heard.Load(), "everything it told has been heard when it has ended")
	p.kill() // harmless
}

func TestAProcessIsKilled(t *testing.T) {
	p, _ := child(t, "steady")
	require.NoError(t, p.serve(soon(t)))
	require.NoError(t, p.breathe(soon(t)))
	p.kill()
	require.True(t, p.wasKilled())
	require.ErrorContains(t, p.wait(soon(t)), "killed")
	require.ErrorIs(t, p.breathe(soon(t)), errEnded)
}

func TestAProcessThatBreaksSaysWhy(t *testing.T) {
	p, _ := child(t, "broken")
	err := p.serve(soon(t))
	require.ErrorIs(t, err, errEnded)
	require.ErrorContains(t, err, "no such database")
}

// TestAProcessEndsWithItsInput: what ends the children where the kernel does
// not.
func TestAProcessEndsWithItsInput(t *testing.T) {
	p, _ := child(t, "steady")
	require.NoError(t, p.serve(soon(t)))
	require.NoError(t, p.stdin.Close())
	require.ErrorContains(t, p.wait(soon(t)), "exit status 1")
}
