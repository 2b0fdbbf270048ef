package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// ErrNothing says that there is nothing to review where one looked.
var ErrNothing = errors.New("no migrations were found")

// Config says where to look. The zero value looks for folders of migrations
// below the working directory.
type Config struct {
	// Root is the folder that paths are told relative to. Default ".".
	Root string
	// Paths are folders and files below Root, relative to it. None: all of it.
	Paths []string
	// Format is the format of all folders; empty tells it from each.
	Format Format
	// Base is a revision of git, such as origin/main; empty: there is none.
	Base string
}

// Result is what was found.
type Result struct {
	Migrations []*review.Migration
	// Folders are the folders of migrations, with their formats.
	Folders []Folder
	// Unread says what was seen and not read, and why.
	Unread []string
}

// Folder is one folder of migrations.
type Folder struct {
	Path   string
	Format Format
	Files  int
}

// Read finds and reads the migrations, in the order in which they are run:
// folder by folder, and change files last.
func Read(ctx context.Context, cfg Config) (*Result, error) {
	cfg.Root = cmp.Or(cfg.Root, ".")
	since, err := compare(ctx, cfg.Root, cfg.Base)
	if err != nil {
		return nil, err
	}
	f := &finder{cfg: cfg, since: since, folders: map[string][]string{}, texts: map[string]content{}}
	if err := f.find(ctx); err != nil {
		return nil, err
	}
	out := &Result{Unread: f.unread}
	if cfg.Format == Schema {
		if out.Migrations, err = f.readSchema(ctx); err != nil {
			return nil, err
		}
		f.folders = nil
	}
	for _, folder := range f.order() {
		list, format, err := f.read(folder)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			out.Folders = append(out.Folders, Folder{folder, format, len(list)})
			out.Migrations = append(out.Migrations, list...)
		}
	}
	for _, name := range f.changes {
		m, err := f.change(name)
		if err != nil {
			return nil, err
		}
		m.Standing = since.standing(name, m)
		out.Migrations = append(out.Migrations, m)
	}
	out.Unread = append(out.Unread, f.unreadLater...)
	number(out.Migrations, since)
	if len(out.Migrations) == 0 {
		return out, fmt.Errorf("%w below %s: name the folder, and its --format where it cannot be told", ErrNothing, cfg.Root)
	}
	return out, nil
}

// number says what is released together: with a base everything under review,
// without one each migration by itself.
func number(list []*review.Migration, since *comparison) {
	for i, m := range list {
		if since == nil {
			m.Set = i
		}
	}
}

// read reads the migrations of one folder, in order.
func (f *finder) read(folder string) ([]*review.Migration, Format, error) {
	names := f.folders[folder]
	format, err := f.formatOf(folder, names)
	if err != nil || format == nil {
		return nil, "", err
	}
	var list []*review.Migration
	for _, name := range names {
		v, ok := format.version(path.Base(name))
		if !ok {
			continue
		}
		m := f.migration(name, format)
		m.Version, m.Name = v.text, v.name
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b *review.Migration) int {
		return cmp.Or(compareVersions(a.Version, b.Version), strings.Compare(a.Path, b.Path))
	})
	return list, format.name, nil
}

// migration reads one file.
func (f *finder) migration(name string, format *format) *review.Migration {
	m := &review.Migration{Path: name}
	if f.since.removed(name) {
		m.Standing = review.Removed
		return m
	}
	text, problem := f.text(name)
	m.Text = text
	m.Standing = f.since.standing(name, m)
	if problem != "" {
		m.Text, m.Faults = "", []review.Fault{{Problem: problem}} // no text is better than one misread
		return m
	}
	m.Sections = format.sections(path.Base(name), text)
	return m
}

// maxFile is the size in bytes above which a file is not read.
const maxFile = 64 << 20

// The beginnings of texts in other encodings.
var otherEncodings = []struct{ mark, problem string }{
	{"\xef\xbb\xbf", ""},
	{"\xff\xfe", "the file is in UTF-16: save it as UTF-8"},
	{"\xfe\xff", "the file is in UTF-16: save it as UTF-8"},
}

// readText reads a file. A problem is told to the reviewer; one file that cannot
// be read does not keep the others from being reviewed.
func readText(name string) (text, problem string) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", "the file cannot be read: " + bare(err).Error()
	case !info.Mode().IsRegular():
		return "", "this is no regular file"
	case info.Size() > maxFile:
		return "", fmt.Sprintf("the file is larger than %d MiB and was not read", maxFile>>20)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return "", "the file cannot be read: " + bare(err).Error()
	}
	text = string(raw)
	for _, e := range otherEncodings {
		if rest, found := strings.CutPrefix(text, e.mark); found {
			return rest, e.problem
		}
	}
	return text, ""
}

// bare returns an error of the file system without the path.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// text reads a file once.
func (f *finder) text(name string) (text, problem string) {
	t, found := f.texts[name]
	if !found {
		t.text, t.problem = readText(filepath.Join(f.cfg.Root, filepath.FromSlash(name)))
		f.texts[name] = t
	}
	return t.text, t.problem
}
