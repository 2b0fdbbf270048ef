package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tree is a minimal Debian of its own in a folder, made by debootstrap, that holds one server. It serves where this
// machine's distribution does not have the release, and as the contents of a container image.
type tree struct {
	engine   Engine
	suite    string
	packages []string
	program  string // the server, as seen from inside
}

// treeFor names the suite of Debian that has the release Underpin is tested with.
func treeFor(engine Engine) (*tree, error) {
	switch engine {
	case MySQL:
		return &tree{engine, "sid", []string{"mysql-server-core", "mysql-client-core"}, "/usr/sbin/mysqld"}, nil
	case MariaDB:
		return &tree{engine, "bookworm", []string{"mariadb-server-core", "mariadb-client-core"}, "/usr/sbin/mariadbd"}, nil
	}
	return nil, fmt.Errorf("no tree for engine %q", engine)
}

func (t *tree) dir() (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, string(t.engine)+"-"+t.suite), nil
}

// buildTree builds beside the final place and renames at the end: a tree that exists is complete.
func (in *installer) buildTree(ctx context.Context, t *tree) error {
	dir, err := t.dir()
	if err != nil {
		return err
	}
	mirror, err := debianMirror(ctx)
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("debootstrap"); err != nil {
		in.logf("installing the package debootstrap on this machine")
		if err := in.aptInstall(ctx, "debootstrap"); err != nil {
			return err
		}
	}
	unfinished := dir + ".tmp"
	if err := removeTree(unfinished); err != nil {
		return err
	}
	in.logf("building Debian %s with %s in %s; this takes a minute and most of a gigabyte", t.suite, strings.Join(t.packages, ", "), dir)
	if err := in.fillTree(ctx, t, unfinished, mirror); err != nil {
		return errors.Join(err, removeTree(unfinished))
	}
	if err := os.Rename(unfinished, dir); err != nil {
		return fmt.Errorf("put the finished tree in its place: %w", err)
	}
	return nil
}

func (in *installer) fillTree(ctx context.Context, t *tree, dir, mirror string) error {
	if err := in.run(ctx, "", "debootstrap", "--variant=minbase", t.suite, dir, mirror); err != nil {
		return err
	}
	undo, err := lendAptSettings(ctx, dir)
	if err != nil {
		return err
	}
	install := append([]string{"install", "-y", "--no-install-recommends"}, t.packages...)
	if err := in.run(ctx, dir, "/usr/bin/apt-get", install...); err != nil {
		return err
	}
	if err := undo(); err != nil {
		return err
	}
	if err := in.run(ctx, dir, "/usr/bin/apt-get", "clean"); err != nil {
		return err
	}
	if err := unmountBelow(dir); err != nil { // debootstrap may have left /proc or /dev
		return err
	}
	return os.Chmod(filepath.Join(dir, "tmp"), 0o1777)
}

// debianMirror is the archive this machine itself installs from: a proxy or a mirror of the house stays in use.
func debianMirror(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)").Output()
	if err != nil {
		return "", fmt.Errorf("ask apt for its mirror: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if uri, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian "); ok {
			return strings.TrimSuffix(uri, "/"), nil
		}
	}
	return "", absent("apt on this machine has no Debian archive among its sources (or apt-get update has never run): " +
		"only Debian itself has the packages")
}

// lendAptSettings gives the apt inside a tree what the one outside needs to reach its mirror: proxies,
// certificates and logins. The function it returns takes them away again, since a tree may become an image.
func lendAptSettings(ctx context.Context, dir string) (undo func() error, err error) {
	conf := filepath.Join(dir, "etc/apt/apt.conf.d/90underpin")
	auth := filepath.Join(dir, "etc/apt/auth.conf.d")
	dump, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return nil, fmt.Errorf("ask apt for its settings: %w", err)
	}
	var keep strings.Builder
	for line := range strings.Lines(string(dump)) {
		if lendable(line) {
			keep.WriteString(line)
		}
	}
	if err := os.WriteFile(conf, []byte(keep.String()), 0o644); err != nil {
		return nil, fmt.Errorf("write the settings of apt into the tree: %w", err)
	}
	err = errors.Join(
		copyInto("/etc/resolv.conf", filepath.Join(dir, "etc/resolv.conf"), 0o644),
		copyInto("/etc/ssl/certs/ca-certificates.crt", filepath.Join(dir, "etc/ssl/certs/ca-certificates.crt"), 0o644),
		copyInto("/etc/apt/auth.conf", filepath.Join(auth, "main.conf"), 0o600),
	)
	logins, _ := filepath.Glob("/etc/apt/auth.conf.d/*.conf") // the pattern is well-formed
	for _, login := range logins {
		err = errors.Join(err, copyInto(login, filepath.Join(auth, filepath.Base(login)), 0o600))
	}
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(os.Remove(conf), os.RemoveAll(auth)) }, nil
}

// lendable chooses settings about the network; those that name a program of this machine mean nothing inside.
func lendable(line string) bool {
	for _, prefix := range []string{"Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv"} {
		if strings.HasPrefix(line, prefix) {
			return !strings.Contains(line, "Auto-Detect") && !strings.Contains(line, "ProxyAutoDetect")
		}
	}
	return false
}

// copyInto copies a file; one that does not exist here is not needed there.
func copyInto(from, to string, mode os.FileMode) error {
	text, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy into the tree: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("copy into the tree: %w", err)
	}
	// A link inside the tree would lead out of it.
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("copy into the tree: %w", err)
	}
	return os.WriteFile(to, text, mode)
}

// removeTree removes a folder, after taking off whatever is mounted in it: debootstrap may bind this machine's
// /dev there, and removing through that would be a disaster.
func removeTree(dir string) error {
	if err := unmountBelow(dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// unmountBelow takes off the mounts below dir, the innermost first, and fails when one remains.
func unmountBelow(dir string) error {
	mounts, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	for i := len(mounts) - 1; i >= 0; i-- {
		if err := unmount(mounts[i]); err != nil {
			return fmt.Errorf("unmount %s: %w", mounts[i], err)
		}
	}
	left, err := mountsBelow(dir)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("something is still mounted on %s: unmount it and try again", strings.Join(left, ", "))
	}
	return err
}

func mountsBelow(dir string) ([]string, error) {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("read the mounts: %w", err)
	}
	escaped := strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`).Replace(dir) // as the kernel writes them
	var found []string
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && strings.HasPrefix(fields[1], escaped+"/") {
			found = append(found, strings.Replace(fields[1], escaped, dir, 1))
		}
	}
	return found, nil
}
