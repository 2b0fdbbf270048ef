package demo

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startChild starts a process that the kernel kills when ours dies, and returns
// a function that waits for its end.
//
// The kernel watches the thread that forked and not the process, and the Go
// runtime ends threads when it likes. So one goroutine locks a thread, forks on
// it, and stays there until the child is gone.
func startChild(cmd *exec.Cmd) (wait func() error, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // Ctrl-C on a terminal goes to us, and we stop the children in order
	}
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return func() error { return <-ended }, nil
}
