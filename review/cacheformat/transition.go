package cacheformat

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Transition is what becomes of the format of one cache as a whole: what people
// sign.
type Transition struct {
	Cache string
	// Before and After are digests; see [Formats.Digest].
	Before, After string
	// Changes are the parts that differ.
	Changes []Change
	// Files are those that declare the cache, before or after: whoever edits one
	// of them can change the format.
	Files []string
}

// NoFormat stands for the digest where nothing of a cache is declared.
const NoFormat = "none"

// Transitions returns a transition for each cache of which a part has changed, in
// the order of their names.
func Transitions(before, after Formats) []Transition {
	var out []Transition
	for _, c := range Compare(before, after) {
		if last := len(out) - 1; last >= 0 && out[last].Cache == c.Cache {
			out[last].Changes = append(out[last].Changes, c)
			continue
		}
		t := Transition{Cache: c.Cache, Before: before.Digest(c.Cache), After: after.Digest(c.Cache), Changes: []Change{c}}
		for _, f := range slices.Concat(before.files(c.Cache), after.files(c.Cache)) {
			t.Files = with(t.Files, f)
		}
		out = append(out, t)
	}
	return out
}

// Same reports whether two states of the code declare the same of every cache, of
// new ones too.
func Same(before, after Formats) bool {
	return maps.EqualFunc(before, after, func(a, b *Format) bool { return slices.Equal(a.Lines, b.Lines) })
}

// Text returns the format of a cache in its one canonical form: a first line, and
// a line for each line of its keys and of its values, sorted, in quotation marks
// and ASCII. Where in which file they are declared, and in which order, is not in
// it. It is empty where nothing of the cache is declared.
func (f Formats) Text(cache string) []byte {
	var b bytes.Buffer
	for _, kind := range []Kind{Key, Value} {
		one := f[Part{cache, kind}]
		if one == nil {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintln(&b, "underpin cache format 1")
		}
		for _, line := range one.Lines {
			fmt.Fprintf(&b, "%s: %s\n", kind, strconv.QuoteToASCII(line))
		}
	}
	return b.Bytes()
}

// Digest returns the SHA-256 of [Formats.Text] in hexadecimal, or [NoFormat].
func (f Formats) Digest(cache string) string {
	text := f.Text(cache)
	if len(text) == 0 {
		return NoFormat
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// files are those that declare a cache.
func (f Formats) files(cache string) []string {
	var out []string
	for _, kind := range []Kind{Key, Value} {
		if one := f[Part{cache, kind}]; one != nil {
			out = append(out, one.Files...)
		}
	}
	return out
}
