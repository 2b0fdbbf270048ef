package sign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ErrNoHistory says that git cannot tell who last touched a change.
var ErrNoHistory = errors.New("git cannot say who wrote the change")

// ErrUncommitted says that a change file is not what was committed last.
var ErrUncommitted = errors.New("the change file has edits that are not committed: commit them first, for whose they are cannot be told")

// authorFormat asks for the addresses of author and committer, as recorded and
// not as a mailmap would have them, and for those who are named as co-authors.
const authorFormat = "--format=%H%n%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly,unfold)"

var trailerAddress = regexp.MustCompile(`<([^<>]+)>\s*$`)

// Authors returns the addresses of those who last touched a change file: the
// author, the committer and the co-authors of the last commit that did. A file
// with edits is [ErrUncommitted]; no repository, and a clone whose history does
// not reach back, are [ErrNoHistory].
func Authors(ctx context.Context, changeFile string) ([]string, error) {
	g := repository{filepath.Dir(changeFile)}
	name := filepath.Base(changeFile)
	if _, err := g.run(ctx, "rev-parse", "--show-toplevel"); err != nil {
		return nil, fmt.Errorf("%w: %s is in no repository: %w", ErrNoHistory, changeFile, err)
	}
	dirty, err := g.run(ctx, "status", "--porcelain", "--ignored", "--", name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoHistory, err)
	case strings.TrimSpace(dirty) != "":
		return nil, fmt.Errorf("%s: %w", changeFile, ErrUncommitted)
	}
	last, err := g.run(ctx, "log", "-1", "--no-show-signature", "--no-color", authorFormat, "--", name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	lines := strings.Split(strings.TrimSpace(last), "\n")
	if len(lines) < 3 {
		return nil, fmt.Errorf("%w: no commit has %s", ErrNoHistory, changeFile)
	}
	if err := g.reaches(ctx, lines[0], changeFile); err != nil {
		return nil, err
	}
	return addresses(lines[1:]), nil
}

// ChangedSince returns the files below a folder that differ between the merge
// base with a revision and HEAD, relative to that folder, with slashes.
func ChangedSince(ctx context.Context, folder, base string) ([]string, error) {
	out, err := repository{folder}.run(ctx, "diff", "--name-only", "--no-renames", "--relative", "-z", "--end-of-options", base+"...HEAD", "--", ".")
	if err != nil {
		return nil, fmt.Errorf("ask git what has changed since %s (fetch it with its history): %w", base, err)
	}
	return strings.FieldsFunc(out, func(r rune) bool { return r == 0 }), nil
}

// addresses are those of author and committer, and of the trailers behind them.
func addresses(lines []string) []string {
	out := []string{lines[0], lines[1]}
	for _, trailer := range lines[2:] {
		if m := trailerAddress.FindStringSubmatch(trailer); m != nil {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reaches refuses a commit at the edge of a shallow clone: to git it looks as if
// it had written every file.
func (g repository) reaches(ctx context.Context, commit, changeFile string) error {
	shallow, err := g.run(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil || strings.TrimSpace(shallow) == "false" {
		return err
	}
	parents, err := g.run(ctx, "rev-list", "--parents", "-1", commit)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	if len(strings.Fields(parents)) < 2 {
		return fmt.Errorf("%w: the clone is shallow and does not reach back to the commit that last touched %s; git fetch --unshallow, or in CI fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)", ErrNoHistory, changeFile)
	}
	return nil
}

// repository is git in a folder. Names are taken as they are, never as patterns.
type repository struct{ dir string }

func (g repository) run(ctx context.Context, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", append([]string{"--literal-pathspecs", "--no-replace-objects"}, args...)...)
	cmd.Dir, cmd.Stderr = g.dir, &stderr
	out, err := cmd.Output()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return "", cause
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
