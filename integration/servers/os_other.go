//go:build !linux

package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// child is a process. Outside Linux nothing ends it when ours is killed: stop servers in order.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

var errOnlyLinux = errors.New("an installed tree needs Linux: use a DSN, a server on this machine, or Docker")

func startChild(cmd *exec.Cmd, root string) (*child, error) {
	if root != "" {
		return nil, errOnlyLinux
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
	}()
	return c, nil
}

func (c *child) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		c.kill()
		return errors.Join(context.Cause(ctx), c.err)
	}
}

func (c *child) terminate(ctx context.Context) error {
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", c.cmd.Process.Pid, err)
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("process %d did not end: %w", c.cmd.Process.Pid, context.Cause(ctx))
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended in between
	<-c.done
}

// tryLock says busy, so that nothing that might be in use is ever swept.
func tryLock(*os.File) (lockState, error) { return lockBusy, nil }

func unmount(string) error { return errOnlyLinux }

func memoryFor(uint64) string { return "" }
