package source_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/source"
)

// names returns the files with their sizes.
func names(list []review.GoFile) []string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprintf("%s %d", f.Path, len(f.Text)))
	}
	slices.Sort(out)
	return out
}

func TestReadCodeChanges(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	app := filepath.Join(root, "app") // the review may begin below the top of the repository
	run(t, root, "init", "-q", "-b", "main")
	write(t, app, map[string]string{
		"a/one.go": "package a\n", "a/two.go": "package a // 2\n", "same/s.go": "package same\n", "gone/g.go": "package gone\n",
		"vendor/v/v.go": "package v\n", "a/notes.txt": "no code", "a/empty.go": "",
	})
	write(t, root, map[string]string{"outside/o.go": "package o\n"})
	commit(t, root, "begin")
	run(t, root, "checkout", "-q", "-b", "work")
	write(t, app, map[string]string{
		"a/one.go": "package a // changed\n", "fresh/f.go": "package fresh\n", "vendor/v/v.go": "package v // changed\n", "same/notes.txt": "changed",
	})
	write(t, root, map[string]string{"outside/o.go": "package o // changed\n"})
	commit(t, root, "work")
	if err := os.Remove(filepath.Join(app, "gone/g.go")); err != nil { // not committed yet
		t.Fatal(err)
	}
	got, err := source.ReadCodeChanges(t.Context(), app, "main", source.ChangedFolders)
	if err != nil {
		t.Fatal(err)
	}
	before := []string{"a/empty.go 0", "a/one.go 10", "a/two.go 15", "gone/g.go 13"}
	after := []string{"a/empty.go 0", "a/one.go 21", "a/two.go 15", "fresh/f.go 14"}
	if diff := cmp.Diff(before, names(got.Before)); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(after, names(got.After)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	// The other folders are the same on both sides.
	if got, err = source.ReadCodeChanges(t.Context(), app, "main", source.AllFolders); err != nil {
		t.Fatal(err)
	}
	same := "same/s.go 13"
	if diff := cmp.Diff(append(before, same), names(got.Before)); diff != "" {
		t.Errorf("all before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append(after, same), names(got.After)); diff != "" {
		t.Errorf("all after (-want +got):\n%s", diff)
	}
}

func TestReadCodeChangesWithoutBase(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if got, err := source.ReadCodeChanges(t.Context(), root, "", source.ChangedFolders); got != nil || err != nil {
		t.Errorf("without a base: %v, %v", got, err)
	}
	if _, err := source.ReadCodeChanges(t.Context(), root, "main", source.ChangedFolders); !errors.Is(err, source.ErrNoGit) {
		t.Errorf("without a repository: %v", err)
	}
	run(t, root, "init", "-q", "-b", "main")
	write(t, root, map[string]string{"a.go": "package a\n"})
	commit(t, root, "begin")
	got, err := source.ReadCodeChanges(t.Context(), root, "main", source.ChangedFolders)
	if err != nil || got == nil || len(got.Before)+len(got.After) > 0 {
		t.Errorf("nothing has changed: %v, %v", got, err)
	}
}
