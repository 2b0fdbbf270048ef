package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// child is a process that the kernel kills when ours dies.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended and err is set
	err  error
}

// startChild starts cmd, in the directory root as its file system when root is given.
//
// Pdeathsig fires when the thread that forked ends, not the process, and the Go runtime ends threads when
// it likes. So one goroutine locks a thread, forks on it, and stays there until the child is gone.
func startChild(cmd *exec.Cmd, root string) (*child, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // Ctrl-C on a terminal goes to us, and we stop the server in order
		Chroot:    root,
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go c.watch(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

func (c *child) watch(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	if err := c.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	c.err = c.cmd.Wait()
}

// wait returns how the process ended. When the context ends first, the process and its children are killed.
func (c *child) wait(ctx context.Context) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		c.kill()
		return errors.Join(context.Cause(ctx), c.err)
	}
}

// terminate asks the process to end and waits until it has.
func (c *child) terminate(ctx context.Context) error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", c.cmd.Process.Pid, err)
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("process %d did not end after SIGTERM: %w", c.cmd.Process.Pid, context.Cause(ctx))
	}
}

// kill ends the process and its children at once, and waits until the kernel has reaped it.
func (c *child) kill() {
	select {
	case <-c.done: // its number may belong to somebody else by now
		return
	default:
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) // it may have ended in between
	<-c.done
}

// tryLock takes the lock of a file, which must be kept open, and says whether it got it. The kernel gives
// the lock back when the process dies, whatever its process number space: that is why it is not a pid file.
func tryLock(f *os.File) (lockState, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return lockTaken, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return lockBusy, nil
	}
	return lockBusy, fmt.Errorf("lock %s: %w", f.Name(), err)
}

// unmount detaches whatever is mounted on path.
func unmount(path string) error {
	return syscall.Unmount(path, syscall.MNT_DETACH)
}

// memory is where every Linux has a file system that never touches a disk.
const memory = "/dev/shm"

// memoryFor returns a folder in memory with room for that many bytes, or nothing. What the file system has left and
// what the machine has left are two limits: the first is a share of all memory, used or not.
func memoryFor(bytes uint64) string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Type != tmpfsMagic || fs.Bavail*uint64(fs.Bsize) < bytes {
		return ""
	}
	if left, err := availableMemory(); err != nil || left < bytes {
		return ""
	}
	return memory
}

// tmpfsMagic is statfs's name for a tmpfs.
const tmpfsMagic = 0x01021994

// availableMemory is what the kernel says could be had without pushing anything out.
func availableMemory() (uint64, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "\nMemAvailable:")
	var kibibytes uint64
	if _, err := fmt.Sscan(rest, &kibibytes); err != nil {
		return 0, fmt.Errorf("read /proc/meminfo: %w", err)
	}
	return kibibytes << 10, nil
}
