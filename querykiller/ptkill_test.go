package querykiller

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

const ptKillProgram = "pt-kill"

// ptKillLooked is what it says when it has been over the list.
const ptKillLooked = "Sleeping"

// ptKillInstalled reports whether percona-toolkit is there to compare with.
func ptKillInstalled() bool {
	_, err := exec.LookPath(ptKillProgram)
	return err == nil
}

// ptKill is a pt-kill that runs.
type ptKill struct {
	t   testing.TB
	cmd *exec.Cmd
	mu  sync.Mutex
	out strings.Builder
}

// runPtKill runs pt-kill with the budget until it is stopped.
func runPtKill(t testing.TB, dsn string, budget time.Duration, more ...string) *ptKill {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(cfg.Addr)
	require.NoError(t, err)
	p := &ptKill{t: t}
	p.cmd = exec.Command(ptKillProgram, append([]string{"--no-version-check", "--verbose", "--print", //nolint:gosec // a test's own arguments
		"--host", host, "--port", port, "--user", cfg.User, "--password", cfg.Passwd,
		"--busy-time", fmt.Sprint(int(budget.Seconds())), "--interval", "1", "--victims", "all", "--kill-query"}, more...)...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	require.NoError(t, p.cmd.Start())
	return p
}

// Write takes what it says.
func (p *ptKill) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// says reports whether it has said so.
func (p *ptKill) says(what string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(p.out.String(), what)
}

func (p *ptKill) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	if !p.says(ptKillLooked) {
		p.t.Logf("pt-kill: %s", p.out.String())
	}
}
