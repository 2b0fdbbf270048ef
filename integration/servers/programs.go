package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// program is a server binary that has been asked what it is.
type program struct {
	path    string // as seen from root
	root    string // the tree to run it in; empty: this machine's own file system
	install string // mariadb-install-db, as seen from root; empty for MySQL
	version string
}

// programPlaces are looked in after PATH: daemons live where an ordinary user's PATH does not lead.
func programPlaces() []string {
	return []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/bin"}
}

func programNames(engine Engine) []string {
	if engine == MariaDB {
		return []string{"mariadbd", "mysqld"}
	}
	return []string{"mysqld"}
}

// findProgram returns the first binary that is really the engine: this machine's own, then the tree of `install`.
// When there is none it says what it looked at.
func findProgram(ctx context.Context, engine Engine) (*program, error) {
	var seen []string
	for _, candidate := range candidates(engine) {
		err := candidate.ask(ctx, engine)
		if err == nil {
			return candidate, nil
		}
		seen = append(seen, err.Error())
	}
	if len(seen) == 0 {
		return nil, absent("no %s in PATH or %s, and nothing installed in %s",
			strings.Join(programNames(engine), " or "), strings.Join(programPlaces(), ", "), cacheNote())
	}
	return nil, absent("no usable %s: %s", engine, strings.Join(seen, "; "))
}

func candidates(engine Engine) []*program {
	var found []*program
	for _, name := range programNames(engine) {
		if path, ok := lookUp(name); ok {
			install, _ := lookUp("mariadb-install-db") // ask reports a missing one
			found = append(found, &program{path: path, install: install})
		}
	}
	if tree, err := treeFor(engine); err == nil {
		root, err := tree.dir()
		if _, statErr := os.Stat(filepath.Join(root, tree.program)); err == nil && statErr == nil {
			found = append(found, &program{path: tree.program, root: root, install: "/usr/bin/mariadb-install-db"})
		}
	}
	return found
}

func lookUp(name string) (string, bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	for _, dir := range programPlaces() {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, true
		}
	}
	return "", false
}

// ask runs `--version` and checks the answer.
func (p *program) ask(ctx context.Context, engine Engine) error {
	if p.root != "" && os.Geteuid() != 0 {
		return fmt.Errorf("%s is installed in %s, which needs root to run", engine, p.root)
	}
	if engine == MySQL {
		p.install = ""
	} else if p.install == "" {
		return fmt.Errorf("%s: mariadb-install-db is missing beside it", p.path)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var out strings.Builder
	cmd := p.command(p.path, "--no-defaults", "--version")
	cmd.Stdout, cmd.Stderr = &out, &out
	running, err := startChild(cmd, p.root)
	if err != nil {
		return err
	}
	if err := running.wait(ctx); err != nil {
		return fmt.Errorf("%s --version: %w: %s", p.path, err, strings.TrimSpace(out.String()))
	}
	p.version = strings.TrimSpace(out.String())
	if err := engine.check(p.version); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(p.root, p.path), err)
	}
	return nil
}

// command is a command with an environment of its own: neither the caller's locale nor its time zone leaks into a server.
func (p *program) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"PATH=" + defaultPath, "LC_ALL=C", "TZ=UTC", "HOME=/"}
	if p.root != "" {
		cmd.Dir = "/"
	}
	return cmd
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// asUser is the argument that lets a server run as root, which it refuses by default.
func asUser() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// EnvCache is the environment variable that moves the folder where servers are installed.
const EnvCache = "UNDERPIN_CACHE"

// CacheDir is where servers are installed: UNDERPIN_CACHE, else the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv(EnvCache); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", errors.Join(fmt.Errorf("no cache folder: set %s", EnvCache), err)
	}
	return filepath.Join(dir, "underpin"), nil
}

func cacheNote() string {
	dir, err := CacheDir()
	if err != nil {
		return "the cache folder"
	}
	return dir
}
