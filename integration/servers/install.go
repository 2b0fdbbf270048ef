package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mariadbSeries is the MariaDB release Underpin is tested with. A machine whose own package is another one
// gets a tree.
const mariadbSeries = "10.11"

// EnsureInstalled makes sure that this machine has a server of the engine, installing what Debian packages when it
// has not. It says on log what it does before it does it, and may be called by several processes at once.
func EnsureInstalled(ctx context.Context, engine Engine, log io.Writer) error {
	opts := Options{Engine: engine, Log: log}
	if _, err := opts.complete(); err != nil {
		return err
	}
	_, err := opts.ensureInstalled(ctx)
	return err
}

func startInstalled(ctx context.Context, opts Options) (*Server, error) {
	if _, err := opts.ensureInstalled(ctx); err != nil {
		return nil, err
	}
	return startNative(ctx, opts, Install)
}

func (o *Options) ensureInstalled(ctx context.Context) (*program, error) {
	if found, err := findProgram(ctx, o.Engine); err == nil {
		o.logf("%s is here: %s", o.Engine, found.version)
		return found, nil
	}
	in, err := newInstaller(ctx, o)
	if err != nil {
		return nil, err
	}
	defer in.close()
	// Another process may have installed it while this one waited for the lock.
	if found, err := findProgram(ctx, o.Engine); err == nil {
		return found, nil
	}
	if err := in.install(ctx); err != nil {
		return nil, fmt.Errorf("install %s: %w", o.Engine, err)
	}
	found, err := findProgram(ctx, o.Engine)
	if err != nil {
		return nil, fmt.Errorf("the installation went through, and yet: %w; its log is %s", err, in.out.Name())
	}
	o.logf("installed %s", found.version)
	return found, nil
}

// installer holds the lock of the installation and its log.
type installer struct {
	engine Engine
	logf   func(format string, args ...any)
	cache  string
	lock   *os.File
	out    *os.File
}

// newInstaller waits for the lock: only one process at a time installs, and apt does not like company either.
func newInstaller(ctx context.Context, opts *Options) (*installer, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, absent("this machine has no apt-get: only Debian and its kin can be installed on")
	}
	if os.Geteuid() != 0 {
		return nil, absent("installing needs root")
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	in := &installer{engine: opts.Engine, logf: opts.logf, cache: cache}
	if in.lock, err = os.OpenFile(filepath.Join(cache, "install.lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("open the lock of the installation: %w", err)
	}
	if err := in.waitForLock(ctx); err != nil {
		return nil, errors.Join(err, in.lock.Close())
	}
	name := filepath.Join(cache, fmt.Sprintf("install-%s.log", opts.Engine))
	if in.out, err = os.Create(name); err != nil {
		return nil, errors.Join(fmt.Errorf("open the log of the installation: %w", err), in.lock.Close())
	}
	return in, nil
}

func (in *installer) waitForLock(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for told := false; ; told = true {
		state, err := tryLock(in.lock)
		if err != nil || state == lockTaken {
			return err
		}
		if !told {
			in.logf("waiting for another process that is installing")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the process that holds %s: %w", in.lock.Name(), context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func (in *installer) close() {
	_ = in.out.Close()
	_ = in.lock.Close() // this gives the lock back
}

// install takes MariaDB from this machine's own distribution when that is the right release, and everything else
// from a tree.
func (in *installer) install(ctx context.Context) error {
	in.logf("the output of the installation goes to %s", in.out.Name())
	if in.engine == MariaDB && strings.Contains(in.candidate(ctx, "mariadb-server-core"), mariadbSeries) {
		packages := []string{"mariadb-server-core", "mariadb-client-core"}
		in.logf("installing the packages %s on this machine", strings.Join(packages, ", "))
		return in.aptInstall(ctx, packages...)
	}
	tree, err := treeFor(in.engine)
	if err != nil {
		return err
	}
	return in.buildTree(ctx, tree)
}

// candidate is the version that apt would install, or nothing; the package lists are fetched when they are missing.
func (in *installer) candidate(ctx context.Context, name string) string {
	for _, fetch := range []func() error{
		func() error { return nil },
		func() error { return in.run(ctx, "", "apt-get", "update") },
	} {
		if fetch() != nil {
			return ""
		}
		out, err := exec.CommandContext(ctx, "apt-cache", "show", "--no-all-versions", name).Output()
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(out)) {
			if version, ok := strings.CutPrefix(line, "Version: "); ok {
				return strings.TrimSpace(version)
			}
		}
	}
	return ""
}

// aptInstall installs packages on this machine. Lists that are missing or out of date are fetched and it tries once more.
func (in *installer) aptInstall(ctx context.Context, packages ...string) error {
	args := append([]string{"install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"}, packages...)
	if in.run(ctx, "", "apt-get", args...) == nil {
		return nil
	}
	if err := in.run(ctx, "", "apt-get", "update"); err != nil {
		return err
	}
	return in.run(ctx, "", "apt-get", args...)
}

// run runs a command, in the file system root when that is given, with its output in the log.
func (in *installer) run(ctx context.Context, root, name string, args ...string) error {
	path := name
	if root == "" {
		found, err := exec.LookPath(name)
		if err != nil {
			return fmt.Errorf("%s is missing on this machine: %w", name, err)
		}
		path = found
	}
	fmt.Fprintf(in.out, "\n# %s %s\n", path, strings.Join(args, " "))
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = in.out, in.out
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "PATH="+defaultPath)
	if root != "" {
		cmd.Dir = "/"
	}
	running, err := startChild(cmd, root)
	if err != nil {
		return err
	}
	if err := running.wait(ctx); err != nil {
		return fmt.Errorf("%s %s: %w; all of it is in %s%s", name, strings.Join(args, " "), err, in.out.Name(), tailOf(in.out.Name()))
	}
	return nil
}
