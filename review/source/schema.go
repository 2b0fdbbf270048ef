package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// ErrNeedsBase says that a schema folder was given and nothing to compare it
// with.
var ErrNeedsBase = errors.New("a schema folder is compared with itself as it was: a base is needed")

// readSchema reads a folder that holds the schema as it is to be, as it was at
// the base and as it is.
func (f *finder) readSchema(ctx context.Context) ([]*review.Migration, error) {
	if f.since == nil {
		return nil, ErrNeedsBase
	}
	var after []review.SchemaFile
	for _, folder := range f.order() {
		for _, name := range f.folders[folder] {
			text, problem := f.text(name)
			if f.since.removed(name) {
				continue
			}
			if problem != "" {
				return nil, fmt.Errorf("read schema file %s: %s", name, problem)
			}
			after = append(after, review.SchemaFile{Path: name, Text: text})
		}
	}
	before, err := f.schemaAt(ctx)
	if err != nil {
		return nil, err
	}
	return review.SchemaChange(before, after), nil
}

// schemaAt reads the schema's files as they were at the merge base: those that
// are there now or have been removed since, without those that were added.
func (f *finder) schemaAt(ctx context.Context) ([]review.SchemaFile, error) {
	var names []string
	for _, folder := range f.order() {
		for _, name := range f.folders[folder] {
			if f.since.status[name] != 'A' {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	texts, err := git{f.cfg.Root}.textsAt(ctx, f.since.merge, slices.Compact(names))
	if err != nil {
		return nil, err
	}
	var out []review.SchemaFile
	for _, t := range texts {
		out = append(out, review.SchemaFile{Path: t.Path, Text: strings.TrimPrefix(t.Text, "\xef\xbb\xbf")})
	}
	return out, nil
}
