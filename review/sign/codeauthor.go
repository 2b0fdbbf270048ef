package sign

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// CodeAuthors returns the addresses of everybody who made a commit since a
// revision that touched one of some files, which are named relative to a folder:
// authors, committers and co-authors. A file with edits is [ErrUncommitted]; no
// repository, and a clone whose history does not reach back, are [ErrNoHistory].
//
// A Go file that came and went since counts as one of them, whatever was in it: a
// declaration that moves twice is in files of which neither end knows.
func CodeAuthors(ctx context.Context, folder, base string, files []string) ([]string, error) {
	g := repository{folder}
	if err := g.committed(ctx, files); err != nil {
		return nil, err
	}
	since := base + "..HEAD"
	if err := g.whole(ctx, since); err != nil {
		return nil, err
	}
	fleeting, err := g.fleeting(ctx, base, since)
	if err != nil {
		return nil, err
	}
	// Of a merge only what it takes from neither side is its own, and no side is
	// left out because it came to the same.
	list, err := g.commits(ctx, append([]string{"--full-history", "--end-of-options", since, "--"}, slices.Concat(files, fleeting)...)...)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range list {
		out = append(out, c.addresses...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// whole refuses a range of commits that a shallow clone cuts off: who stands
// behind the cut would be left out.
func (g repository) whole(ctx context.Context, since string) error {
	shallow, err := g.shallow(ctx)
	if err != nil || !shallow {
		return err
	}
	roots, err := g.run(ctx, "rev-list", "--max-parents=0", "--end-of-options", since)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	if strings.TrimSpace(roots) != "" {
		return fmt.Errorf("%w: the clone is shallow and cuts off commits of %s; %s", ErrNoHistory, since, unshallow)
	}
	return nil
}

// fleeting returns the Go files that commits since a revision touch, and that are
// neither there nor at HEAD.
func (g repository) fleeting(ctx context.Context, base, since string) ([]string, error) {
	touched, err := g.files(ctx, "log", "--format=", "--name-only", "--no-renames", "--relative", "-m", "--end-of-options", since, "--", ".")
	if err != nil {
		return nil, err
	}
	ends := map[string]struct{}{}
	for _, end := range []string{base, "HEAD"} {
		names, err := g.files(ctx, "ls-tree", "-r", "--name-only", end, "--", ".")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			ends[name] = struct{}{}
		}
	}
	return slices.DeleteFunc(touched, func(name string) bool {
		_, lasts := ends[name]
		return lasts || !strings.HasSuffix(name, ".go")
	}), nil
}

// files runs a command of git that lists names, and returns them.
func (g repository) files(ctx context.Context, command string, args ...string) ([]string, error) {
	out, err := g.run(ctx, append([]string{command, "-z"}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoHistory, err)
	}
	list := strings.FieldsFunc(out, func(r rune) bool { return r == 0 })
	slices.Sort(list)
	return slices.Compact(list), nil
}
