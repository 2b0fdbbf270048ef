package servers

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// CPU is the processor time that a server on this machine has used, to a hundredth of a second. It reads
// Linux's /proc and finds the process by the port that it was started with; elsewhere, and for a server that
// this package has not started, the test fails.
func CPU(t testing.TB, s *Server) time.Duration {
	t.Helper()
	used, err := processorTime(s.Addr())
	if err != nil {
		t.Fatalf("servers: %v", err)
	}
	return used
}

func processorTime(addr string) (time.Duration, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("processor time of %s: %w", addr, err)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, fmt.Errorf("processor time of %s: %w", addr, err)
	}
	for _, p := range processes {
		line, err := os.ReadFile(p) //nolint:gosec // a path of the kernel's
		if err != nil || !strings.Contains(string(line), "\x00--port="+port+"\x00") {
			continue // another process, or one that has ended
		}
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(p), "stat")) //nolint:gosec // as above
		if err != nil {
			return 0, fmt.Errorf("processor time of %s: %w", addr, err)
		}
		const tick = int64(10 * time.Millisecond) // on every Linux
		var user, system int64
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
			return 0, fmt.Errorf("processor time of %s: %w", addr, err)
		}
		return time.Duration((user + system) * tick), nil
	}
	return 0, fmt.Errorf("no process on this machine was started with the port %s", port)
}
