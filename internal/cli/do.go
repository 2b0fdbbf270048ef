package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupted is the cause of a context that a signal has ended.
var errInterrupted = errors.New("interrupted")

// Do runs one command line and returns its exit code.
func Do(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go a.interrupt(ctx, cancel, signals)
	return int(a.run(ctx, args))
}

// interrupt ends the context at the first signal and the process at the second.
func (a *app) interrupt(ctx context.Context, cancel context.CancelCauseFunc, signals <-chan os.Signal) {
	select {
	case <-ctx.Done():
		return
	case <-signals:
	}
	if a.resumable.Load() && !a.settings.JSON {
		fmt.Fprintln(a.stderr, "\nstopping after this step; everything can be resumed")
	}
	cancel(errInterrupted)
	<-signals
	os.Exit(int(exitFailed))
}

// run builds the commands, executes one and reports how it ended.
func (a *app) run(ctx context.Context, args []string) exit {
	a.settings.JSON = wantsJSON(args, a.getenv) // in case the settings cannot be read
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return a.finish(ctx, root.ExecuteContext(ctx))
}
