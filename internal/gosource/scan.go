package gosource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// MaxFile is the size in bytes above which a file is not read.
const MaxFile = 16 << 20

var errTooLarge = fmt.Errorf("it is larger than %d bytes and was not read", MaxFile)

// Config says what to read. The zero value reads all Go files but those that
// the go command passes over.
type Config struct {
	// Skip reports whether to pass over a file or a folder, by its path
	// relative to the root, with slashes. Nil passes over [SkipDefault].
	Skip func(path string, d fs.DirEntry) bool
}

// SkipDefault passes over what the go command passes over in ./..., and
// node_modules: vendor, testdata, and names that begin with a dot or an
// underscore.
func SkipDefault(path string, d fs.DirEntry) bool {
	name := d.Name()
	if path != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
		return true
	}
	return d.IsDir() && slices.Contains([]string{"vendor", "testdata", "node_modules"}, name)
}

// Source is what a tree of Go files says.
type Source struct {
	// Files counts the files that were read.
	Files int
	// Literals are ordered by file, line and column.
	Literals []Literal
	// Problems are ordered by file.
	Problems []Problem
}

// Scan reads the Go files below a folder, as many at a time as there are
// processors. Links to folders are not followed, as the go command does not,
// so that a loop of links does no harm. The error is for a root that cannot be
// read, or that of the context.
func Scan(ctx context.Context, root string, cfg Config) (*Source, error) {
	if cfg.Skip == nil {
		cfg.Skip = SkipDefault
	}
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("read Go files: %w", err)
	}
	paths, problems, err := find(ctx, root, cfg.Skip)
	if err != nil {
		return nil, fmt.Errorf("read Go files below %s: %w", root, err)
	}
	out := &Source{Files: len(paths), Problems: problems}
	results := readAll(ctx, root, paths)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, r := range results {
		out.Literals = append(out.Literals, r.literals...)
		if r.problem != nil {
			out.Problems = append(out.Problems, *r.problem)
		}
	}
	slices.SortStableFunc(out.Problems, func(a, b Problem) int { return strings.Compare(a.File, b.File) })
	return out, nil
}

// find lists the Go files below root, in order, relative to it.
func find(ctx context.Context, root string, skip func(string, fs.DirEntry) bool) (paths []string, problems []Problem, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		rel, relErr := filepath.Rel(root, path)
		if relErr != nil {
			return relErr
		}
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil && rel == ".":
			return err
		case err != nil:
			problems = append(problems, Problem{rel, bare(err)})
		case skip(rel, d) && d.IsDir():
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(rel, ".go") || skip(rel, d):
		default:
			paths = append(paths, rel)
		}
		return nil
	})
	return paths, problems, err
}

// bare returns an error of the file system without the path, which the
// problem names.
func bare(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// result is what one file yields.
type result struct {
	literals []Literal
	problem  *Problem
}

// readAll reads files side by side; results are in the order of the paths.
func readAll(ctx context.Context, root string, paths []string) []result {
	results := make([]result, len(paths))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		workers.Go(func() {
			for i := range next {
				results[i] = read(root, paths[i])
			}
		})
	}
	for i := range paths {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

// read reads one file.
func read(root, path string) result {
	full := filepath.Join(root, filepath.FromSlash(path))
	info, err := os.Stat(full)
	switch {
	case err != nil:
		return result{problem: &Problem{path, bare(err)}}
	case !info.Mode().IsRegular():
		return result{} // a link to a folder, a socket: no file of Go
	case info.Size() > MaxFile:
		return result{problem: &Problem{path, errTooLarge}}
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return result{problem: &Problem{path, bare(err)}}
	}
	literals, err := Parse(path, text)
	if err != nil {
		return result{literals, &Problem{path, err}}
	}
	return result{literals: literals}
}
