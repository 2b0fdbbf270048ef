package review

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
)

// queryName begins a named query; sqlc's form, which others share.
var queryName = regexp.MustCompile(`(?m)^\s*(?:--|#|/\*)\s*name:\s*(\w+)(?:\s+:(\w+))?.*$`)

// readQueries reads the named queries of the SQL files below a folder.
func readQueries(ctx context.Context, root string) ([]Query, error) {
	var out []Query
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("read named queries: %w", err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && rel != "." && gosource.SkipDefault(rel, d):
			return fs.SkipDir
		case !d.Type().IsRegular() || !strings.HasSuffix(path, ".sql"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && len(text) <= gosource.MaxFile {
			out = append(out, ParseQueries(filepath.ToSlash(rel), string(text))...)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read named queries below %s: %w", root, err)
	}
	return out, nil
}

// ParseQueries returns the named queries of one file; none for a file without
// names.
func ParseQueries(path, text string) []Query {
	var out []Query
	names := queryName.FindAllStringSubmatchIndex(text, -1)
	for i, at := range names {
		end := len(text)
		if i+1 < len(names) {
			end = names[i+1][0]
		}
		q := Query{Name: text[at[2]:at[3]], Path: path, Text: strings.TrimSpace(text[at[1]:end])}
		if at[4] >= 0 {
			q.Kind = text[at[4]:at[5]]
		}
		q.Line = 1 + strings.Count(text[:at[2]], "\n")
		out = append(out, q)
	}
	return out
}
