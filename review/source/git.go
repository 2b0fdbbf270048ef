package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// Errors of git, as far as they are decisions for the caller.
var (
	// ErrNoBase says that the base is not known in this clone.
	ErrNoBase = errors.New("the base is not known here")
	// ErrShallow says that the clone does not reach back to the merge base.
	ErrShallow = errors.New("the clone is shallow")
	// ErrNoGit says that there is no repository, or no git.
	ErrNoGit = errors.New("there is no git repository")
)

// comparison is what has changed since the merge base. Nil compares with
// nothing: everything is under review.
type comparison struct {
	// status is git's letter for each file, relative to the root.
	status map[string]byte
	// merge is the merge base.
	merge string
}

// compare asks git what has changed since the merge base with a revision:
// committed, in the index, in the working tree, or not tracked yet.
func compare(ctx context.Context, root, base string) (*comparison, error) {
	if base == "" {
		return nil, nil
	}
	g := git{root}
	if _, err := g.run(ctx, "rev-parse", "--show-toplevel"); err != nil {
		return nil, fmt.Errorf("%w at %s: a base needs one: %w", ErrNoGit, root, err)
	}
	commit, err := g.run(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", base+"^{commit}")
	if err != nil {
		return nil, g.noBase(ctx, base)
	}
	merge, err := g.run(ctx, "merge-base", "HEAD", line(commit))
	if err != nil {
		return nil, g.noMergeBase(ctx, base)
	}
	c := &comparison{status: map[string]byte{}, merge: line(merge)}
	changed, err := g.run(ctx, "diff", "--name-status", "--no-renames", "--relative", "-z", line(merge), "--", ".")
	if err != nil {
		return nil, fmt.Errorf("ask git what has changed since %s: %w", base, err)
	}
	fields := strings.Split(strings.TrimSuffix(string(changed), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		c.status[fields[i+1]] = fields[i][0]
	}
	fresh, err := g.run(ctx, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
	if err != nil {
		return nil, fmt.Errorf("ask git for files that are not tracked: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(fresh), "\x00"), "\x00") {
		c.status[name] = 'A'
	}
	return c, nil
}

// git is git in a folder.
type git struct{ dir string }

func (g git) run(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stderr = g.dir, &stderr
	out, err := cmd.Output()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

// shallow reports whether the clone lacks history.
func (g git) shallow(ctx context.Context) bool {
	out, err := g.run(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && line(out) == "true"
}

func (g git) noBase(ctx context.Context, base string) error {
	hint := "fetch it first: git fetch " + strings.Replace(base, "/", " ", 1)
	if g.shallow(ctx) {
		hint = "the clone is shallow, so fetch it with its history: git fetch --unshallow; in GitHub Actions, fetch-depth: 0"
	}
	return fmt.Errorf("%w: %s; %s", ErrNoBase, base, hint)
}

func (g git) noMergeBase(ctx context.Context, base string) error {
	if g.shallow(ctx) {
		return fmt.Errorf("%w: it does not reach back to where %s branched off; git fetch --unshallow, or in GitHub Actions fetch-depth: 0", ErrShallow, base)
	}
	return fmt.Errorf("%w: HEAD and %s have no commit in common", ErrNoBase, base)
}

func line(out []byte) string { return strings.TrimSpace(string(out)) }

// standing says why a file that is there is looked at.
func (c *comparison) standing(name string, m *review.Migration) review.Standing {
	if m.Standing != "" || c == nil {
		return m.Standing
	}
	switch c.status[filepath.ToSlash(name)] {
	case 0:
		return review.Past
	case 'A':
		return review.Reviewed
	}
	return review.Edited
}

// removed reports whether a file was there at the base and is no more.
func (c *comparison) removed(name string) bool { return c != nil && c.status[name] == 'D' }

// removedFiles lists them.
func (c *comparison) removedFiles() []string {
	if c == nil {
		return nil
	}
	var out []string
	for name, status := range c.status {
		if status == 'D' {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
