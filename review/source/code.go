package source

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
	"github.com/underpin-db/underpin/review"
)

// Extent says which folders of code are read.
type Extent string

// The extents.
const (
	// ChangedFolders are those in which a Go file has changed: enough to see that
	// something has.
	ChangedFolders Extent = ""
	// AllFolders are the others too, which are the same on both sides: what is
	// declared in several folders is then there as a whole.
	AllFolders Extent = "all folders"
)

// ReadCodeChanges returns the Go files below a root that changed since the merge
// base with a revision of git, with those beside them, as they were then and as
// they are now. Without a base it is nil: nobody knows.
func ReadCodeChanges(ctx context.Context, root, base string, extent Extent) (*review.CodeChanges, error) {
	root = cmp.Or(root, ".")
	since, err := compare(ctx, root, base)
	if err != nil || since == nil {
		return nil, err
	}
	folders := map[string]bool{}
	for name := range since.status {
		if isCode(name) {
			folders[path.Dir(name)] = true
		}
	}
	out := &review.CodeChanges{}
	if len(folders) == 0 {
		return out, nil
	}
	g := git{root}
	names, err := g.codeAt(ctx, since.merge)
	if err != nil {
		return nil, err
	}
	if extent == ChangedFolders {
		names = slices.DeleteFunc(names, func(name string) bool { return !folders[path.Dir(name)] })
	}
	if out.Before, err = g.textsAt(ctx, since.merge, names); err != nil {
		return nil, err
	}
	if out.After, err = filesNow(root, folders); err != nil {
		return nil, err
	}
	for _, f := range out.Before {
		if !folders[path.Dir(f.Path)] {
			out.After = append(out.After, f)
		}
	}
	slices.SortFunc(out.After, func(a, b review.GoFile) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// isCode reports whether a file is Go code of the application.
func isCode(name string) bool {
	if !strings.HasSuffix(name, ".go") {
		return false
	}
	for folder := range strings.SplitSeq(path.Dir(name), "/") {
		if folder != "." && skipFolder(folder) {
			return false
		}
	}
	return true
}

// filesNow reads the Go files of folders as they are.
func filesNow(root string, folders map[string]bool) ([]review.GoFile, error) {
	var out []review.GoFile
	for folder := range folders {
		entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(folder)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the folder is gone
		}
		if err != nil {
			return nil, fmt.Errorf("read the code below %s: %w", root, err)
		}
		for _, e := range entries {
			name := path.Join(folder, e.Name())
			info, err := e.Info()
			if err != nil || !e.Type().IsRegular() || !isCode(name) || info.Size() > gosource.MaxFile {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				return nil, fmt.Errorf("read the code below %s: %w", root, err)
			}
			out = append(out, review.GoFile{Path: name, Text: string(text)})
		}
	}
	return out, nil
}

// codeAt returns the names of the Go files of a commit.
func (g git) codeAt(ctx context.Context, commit string) ([]string, error) {
	list, err := g.run(ctx, "ls-tree", "-r", "-z", "--name-only", commit, "--", ".")
	if err != nil {
		return nil, fmt.Errorf("ask git for the files of %s: %w", commit, err)
	}
	var out []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if isCode(name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// textsAt returns what files held at a commit, all from one process.
func (g git) textsAt(ctx context.Context, commit string, names []string) ([]review.GoFile, error) {
	var ask, stderr bytes.Buffer
	for _, name := range names {
		if strings.ContainsRune(name, '\n') {
			continue // a name that this question cannot be asked of
		}
		fmt.Fprintf(&ask, "%s:./%s\n", commit, name)
	}
	cmd := exec.CommandContext(ctx, "git", "cat-file", "--batch")
	cmd.Dir, cmd.Stdin, cmd.Stderr = g.dir, &ask, &stderr
	answer, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask git for the code of %s: %w: %s", commit, err, strings.TrimSpace(stderr.String()))
	}
	r := bufio.NewReader(bytes.NewReader(answer))
	var out []review.GoFile
	for _, name := range names {
		if strings.ContainsRune(name, '\n') {
			continue
		}
		text, err := batchEntry(r)
		if err != nil {
			return nil, fmt.Errorf("read what git says of %s at %s: %w", name, commit, err)
		}
		out = append(out, review.GoFile{Path: name, Text: text})
	}
	return out, nil
}

// batchEntry reads one answer of git cat-file --batch: a line with the object,
// its type and its size, then its content and an end of line.
func batchEntry(r *bufio.Reader) (string, error) {
	head, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	var object, kind string
	var size int64
	if _, err := fmt.Sscanf(head, "%s %s %d", &object, &kind, &size); err != nil {
		return "", fmt.Errorf("git says %q", strings.TrimSpace(head))
	}
	text := make([]byte, size+1)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", err
	}
	return string(text[:size]), nil
}
