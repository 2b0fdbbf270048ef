package cacheformat

import (
	"maps"
	"slices"
)

// Kind says which part of a cache a declaration is about.
type Kind string

// The kinds.
const (
	Key   Kind = "key"
	Value Kind = "value"
)

// Part names one part of a cache.
type Part struct {
	Cache string
	Kind  Kind
}

// Format is what the code says of one part of a cache.
type Format struct {
	// Path, Line and Column are where it is declared first.
	Path         string
	Line, Column int
	// Lines say what it looks like, sorted: a field each, or a key each.
	Lines []string
	// Files are those that Lines were read from, sorted: also those of types that
	// a value is made of.
	Files []string
}

// Formats are those of all caches that the code declares.
type Formats map[Part]*Format

// Change is a part of a cache that has come to look otherwise.
type Change struct {
	Part
	// Path, Line and Column are where it is declared now; where it is no more,
	// where it was.
	Path         string
	Line, Column int
	// Gone and Come are the lines that differ; Come is empty and Forgotten set
	// where the code no longer declares the part.
	Gone, Come []string
	Forgotten  Forgotten
}

// Forgotten says whether a part is still declared.
type Forgotten string

// The values of Forgotten.
const (
	Declared Forgotten = ""
	NoMore   Forgotten = "no more"
)

// Compare returns what has changed, in the order of the caches' names. A cache
// that is new changes nothing.
func Compare(before, after Formats) []Change {
	var out []Change
	parts := slices.SortedFunc(maps.Keys(before), func(a, b Part) int {
		return slices.Compare([]string{a.Cache, string(a.Kind)}, []string{b.Cache, string(b.Kind)})
	})
	for _, part := range parts {
		was, now := before[part], after[part]
		if now == nil {
			out = append(out, Change{Part: part, Path: was.Path, Line: was.Line, Column: was.Column, Gone: was.Lines, Forgotten: NoMore})
			continue
		}
		c := Change{Part: part, Path: now.Path, Line: now.Line, Column: now.Column, Gone: without(was.Lines, now.Lines), Come: without(now.Lines, was.Lines)}
		if len(c.Gone)+len(c.Come) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// without returns the lines of a list that another lacks.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// add adds a line to a part that is declared at a place.
func (f Formats) add(part Part, path string, line, column int, text string) {
	one := f[part]
	if one == nil {
		one = &Format{Path: path, Line: line, Column: column}
		f[part] = one
	}
	one.Lines = with(one.Lines, text)
	one.Files = with(one.Files, path)
}

// with returns a sorted list with a text in it.
func with(list []string, text string) []string {
	if i, found := slices.BinarySearch(list, text); !found {
		return slices.Insert(list, i, text)
	}
	return list
}
