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

// ErrUncommitted says that a file is not what was committed last.
var ErrUncommitted = errors.New("it has edits that are not committed: commit them first, for whose they are cannot be told")

// authorFormat asks for the addresses of author and committer, as recorded and
// not as a mailmap would have them, and for those who are named as co-authors. A
// commit begins behind a zero byte.
const authorFormat = "--format=%x00%H%n%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly,unfold)"

var trailerAddress = regexp.MustCompile(`<([^<>]+)>\s*$`)

// Authors returns the addresses of those who last touched a change file: the
// author, the committer and the co-authors of the last commit that did. A file
// with edits is [ErrUncommitted]; no repository, and a clone whose history does
// not reach back, are [ErrNoHistory].
func Authors(ctx context.Context, changeFile string) ([]string, error) {
	g := repository{filepath.Dir(changeFile)}
	name := filepath.Base(changeFile)
	if err := g.committed(ctx, []string{name}); err != nil {
		return nil, err
	}
	last, err := g.commits(ctx, "-1", "--", name)
	if err != nil {
		return nil, err
	}
	if len(last) == 0 {
		return nil, fmt.Errorf("%w: no commit has %s", ErrNoHistory, changeFile)
	}
	if err := g.reaches(ctx, last[0].id, changeFile); err != nil {
		return nil, err
	}
	return last[0].addresses, nil
}

// committed refuses a folder without a repository, and files with edits.
func (g repository) committed(ctx context.Context, names []string) error {
	if _, err := g.run(ctx, "rev-parse", "--show-toplevel"); err != nil {
		return fmt.Errorf("%w: %s is in no repository: %w", ErrNoHistory, g.dir, err)
	}
	dirty, err := g.run(ctx, append([]string{"status", "--porcelain", "--ignored", "--untracked-files=all", "-z", "--"}, names...)...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	if first, _, found := strings.Cut(dirty, "\x00"); found {
		return fmt.Errorf("%s: %w", first[min(len(first), len("?? ")):], ErrUncommitted)
	}
	return nil
}

// commit is a commit, and the addresses of those who made it.
type commit struct {
	id        string
	addresses []string
}

// commits returns those that git log lists.
func (g repository) commits(ctx context.Context, args ...string) ([]commit, error) {
	text, err := g.run(ctx, append([]string{"log", "--no-show-signature", "--no-color", authorFormat}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	var out []commit
	for _, record := range strings.Split(text, "\x00")[1:] {
		lines := strings.Split(strings.TrimSpace(record), "\n")
		if len(lines) < 3 {
			return nil, fmt.Errorf("%w: git log says %q of a commit", ErrNoHistory, record)
		}
		out = append(out, commit{lines[0], addresses(lines[1:])})
	}
	return out, nil
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

// unshallow is how to get what a shallow clone lacks.
const unshallow = "git fetch --unshallow, or in CI fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)"

// reaches refuses a commit at the edge of a shallow clone: to git it looks as if
// it had written every file.
func (g repository) reaches(ctx context.Context, commit, changeFile string) error {
	shallow, err := g.shallow(ctx)
	if err != nil || !shallow {
		return err
	}
	parents, err := g.run(ctx, "rev-list", "--parents", "-1", commit)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	if len(strings.Fields(parents)) < 2 {
		return fmt.Errorf("%w: the clone is shallow and does not reach back to the commit that last touched %s; %s", ErrNoHistory, changeFile, unshallow)
	}
	return nil
}

// shallow reports whether the clone lacks history.
func (g repository) shallow(ctx context.Context) (bool, error) {
	out, err := g.run(ctx, "rev-parse", "--is-shallow-repository")
	return strings.TrimSpace(out) != "false", err
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
