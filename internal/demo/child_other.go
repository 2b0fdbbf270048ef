//go:build !linux

package demo

import "os/exec"

// startChild starts a process. Its standard input ends when ours does, which is
// what ends it here.
func startChild(cmd *exec.Cmd) (wait func() error, err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd.Wait, nil
}
