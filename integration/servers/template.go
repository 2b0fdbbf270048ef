package servers

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Initialising MySQL takes four seconds and gives the same files every time, so the first server of a release
// leaves a copy of its data directory in the cache and the others start from that. Whatever goes wrong with the copy,
// initialising is the way out. The folder may be deleted at any time.

// templateDir is where the initialised data directory of exactly this program is kept.
func (p *program) templateDir(engine Engine) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	identity := fmt.Sprintf("%s\n%s\n%s\n%d", p.root, p.path, p.version, os.Geteuid())
	return filepath.Join(cache, "templates", fmt.Sprintf("%s-%x", engine, sha256.Sum256([]byte(identity)))[:len(engine)+17]), nil
}

// fromTemplate fills the data directory from the cache and says whether that worked.
func (n *native) fromTemplate(ctx context.Context) bool {
	template, err := n.program.templateDir(n.engine)
	if err != nil {
		return false
	}
	if _, err := os.Stat(template); err != nil {
		return false
	}
	if err := copyFolder(ctx, template, n.host("data")); err != nil {
		_ = os.RemoveAll(n.host("data")) // initialize reports it when something is in its way
		return false
	}
	return true
}

// saveTemplate keeps a copy of the data directory, which no server has opened yet. It is made beside its place and
// renamed, so that two processes may do it at once.
func (n *native) saveTemplate(ctx context.Context) error {
	template, err := n.program.templateDir(n.engine)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(template), 0o700); err != nil {
		return err
	}
	unfinished, err := os.MkdirTemp(filepath.Dir(template), "unfinished-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unfinished)
	copied := filepath.Join(unfinished, "data")
	if err := copyFolder(ctx, n.host("data"), copied); err != nil {
		return err
	}
	// The server's UUID: two servers with the same one cannot replicate.
	if err := os.Remove(filepath.Join(copied, "auto.cnf")); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Rename(copied, template); err != nil && !os.IsExist(err) {
		return err
	}
	return nil
}

// copyFolder leaves the work to cp, which clones files where the file system can.
func copyFolder(ctx context.Context, from, to string) error {
	out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", from, to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	return nil
}
