package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// changeFile is the name of one of Underpin's own change files.
const changeFile = "change.yaml"

// finder looks for files below the root.
type finder struct {
	cfg   Config
	since *comparison
	// folders are the .sql files of each folder, sorted; named are the
	// folders that somebody named.
	folders map[string][]string
	named   []string
	changes []string
	texts   map[string]content
	unread  []string
	// unreadLater is what is found when folders are read.
	unreadLater []string
}

// content is a file's text, or why there is none.
type content struct{ text, problem string }

// passedOver are the folders in which no migrations of the application stand.
var passedOver = []string{"vendor", "testdata", "node_modules"}

// otherEngines are names of folders for other database engines.
var otherEngines = []string{
	"postgres", "postgresql", "pg", "pgsql", "pgx", "sqlite", "sqlite3", "mssql", "sqlserver", "oracle", "cockroach",
	"cockroachdb", "crdb", "clickhouse", "spanner", "cassandra", "redshift", "snowflake", "ql", "tidb", "vertica",
}

// find fills the finder.
func (f *finder) find(ctx context.Context) error {
	for _, p := range f.cfg.Paths {
		if err := f.look(ctx, p); err != nil {
			return err
		}
	}
	if len(f.cfg.Paths) == 0 {
		if err := f.walk(ctx, f.cfg.Root); err != nil {
			return err
		}
	}
	for _, name := range f.since.removedFiles() {
		if folder := path.Dir(name); f.folders[folder] != nil && strings.HasSuffix(name, ".sql") {
			f.folders[folder] = append(f.folders[folder], name)
		}
	}
	for folder := range f.folders {
		slices.Sort(f.folders[folder])
		f.folders[folder] = slices.Compact(f.folders[folder])
	}
	slices.Sort(f.changes)
	f.changes = slices.Compact(f.changes)
	return nil
}

// look looks at one path that was named.
func (f *finder) look(ctx context.Context, name string) error {
	rel, err := f.below(name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return &PathError{Path: name, Problem: "it is not below " + rootWords(f.cfg.Root)}
	}
	full := filepath.Join(f.cfg.Root, rel)
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &PathError{Path: name, Problem: "there is no such file or folder"}
	case err != nil:
		return fmt.Errorf("look for migrations: %w", err)
	case !info.IsDir():
		f.add(filepath.ToSlash(rel))
		f.named = append(f.named, path.Dir(filepath.ToSlash(rel)))
		return nil
	}
	f.named = append(f.named, filepath.ToSlash(rel))
	return f.walk(ctx, full)
}

// below is a path relative to the root.
func (f *finder) below(name string) (string, error) {
	if !filepath.IsAbs(name) {
		return filepath.Clean(name), nil
	}
	root, err := filepath.Abs(f.cfg.Root)
	if err != nil {
		return "", err
	}
	return filepath.Rel(root, name)
}

// rootWords names the root, and what to do about a path that is not below it.
func rootWords(root string) string {
	if root == "." {
		return "the working directory: run from the folder that holds it"
	}
	return root
}

// walk collects the files below a folder. Links to folders are not followed,
// so that a loop of links does no harm.
func (f *finder) walk(ctx context.Context, top string) error {
	return filepath.WalkDir(top, func(full string, d fs.DirEntry, err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		rel, relErr := filepath.Rel(f.cfg.Root, full)
		if relErr != nil {
			return relErr
		}
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil && full == top:
			return fmt.Errorf("look for migrations: %w", err)
		case err != nil:
			f.unread = append(f.unread, rel+": "+err.Error())
		case d.IsDir() && full != top && skipFolder(d.Name()):
			return fs.SkipDir
		case d.IsDir():
		default:
			f.add(rel)
		}
		return nil
	})
}

func skipFolder(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains(passedOver, name) || slices.Contains(otherEngines, strings.ToLower(name))
}

// goMigration is the name of a migration that is a program, as goose has them.
var goMigration = regexp.MustCompile(`^\d{4,}_.*\.go$`)

// add adds a file, if it is one of SQL or a change file.
func (f *finder) add(rel string) {
	switch {
	case path.Base(rel) == changeFile:
		f.changes = append(f.changes, rel)
	case goMigration.MatchString(path.Base(rel)) && !strings.HasSuffix(rel, "_test.go"):
		f.unread = append(f.unread, rel+": a migration that is written in Go")
	case strings.HasSuffix(rel, ".sql"):
		f.folders[path.Dir(rel)] = append(f.folders[path.Dir(rel)], rel)
	}
}

// order returns the folders in the order of their names, in which numbers count
// as numbers: folders may be named after releases.
func (f *finder) order() []string {
	return slices.SortedFunc(maps.Keys(f.folders), func(a, b string) int {
		return cmp.Or(compareVersions(a, b), strings.Compare(a, b))
	})
}

// isNamed reports whether a folder, or one above it, was named.
func (f *finder) isNamed(folder string) bool {
	return slices.ContainsFunc(f.named, func(n string) bool { return n == "." || folder == n || strings.HasPrefix(folder, n+"/") })
}

// PathError says what is wrong with a path that was given.
type PathError struct{ Path, Problem string }

func (e *PathError) Error() string { return e.Path + ": " + e.Problem }
