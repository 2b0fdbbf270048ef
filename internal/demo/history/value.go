package history

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// Value is what a write put into a row's name, or what a read found there. The
// zero Value is no row.
type Value struct {
	// Shape is the shape that was written or read; empty where there is no row.
	Shape migrate.Shape `json:"s,omitempty"`
	// Name is the source shape; nil is NULL.
	Name *string `json:"n,omitempty"`
	// First and Last are the target shape; nil is NULL.
	First *string `json:"f,omitempty"`
	Last  *string `json:"l,omitempty"`
}

// Source returns a value in the source shape.
func Source(name *string) Value { return Value{Shape: migrate.SourceShape, Name: name} }

// Target returns a value in the target shape.
func Target(first, last *string) Value {
	return Value{Shape: migrate.TargetShape, First: first, Last: last}
}

// something is the shape of [Something].
const something migrate.Shape = "?"

// Something returns what a write saw that met a row and did not look at its
// name.
func Something() Value { return Value{Shape: something} }

// Absent reports whether there is no row.
func (v Value) Absent() bool { return v.Shape == "" }

// In returns what a value that was written in one shape is when read in
// another, by the mapping of examples/split-user-name.
func (v Value) In(shape migrate.Shape) Value {
	switch {
	case v.Absent() || shape == "" || v.Shape == shape:
		return v
	case shape == migrate.TargetShape:
		return Target(split(v.Name))
	}
	return Source(join(v.First, v.Last))
}

// Shows reports whether a read that returned seen may have seen this write.
func (v Value) Shows(seen Value) bool {
	if v.Absent() || seen.Absent() {
		return v.Absent() == seen.Absent()
	}
	if seen.Shape == something {
		return true
	}
	w := v.In(seen.Shape)
	return same(w.Name, seen.Name) && same(w.First, seen.First) && same(w.Last, seen.Last)
}

// String shows the value to people.
func (v Value) String() string {
	switch v.Shape {
	case "":
		return "no row"
	case something:
		return "a row"
	case migrate.SourceShape:
		return "name=" + quote(v.Name)
	}
	return fmt.Sprintf("first_name=%s last_name=%s", quote(v.First), quote(v.Last))
}

// split is the forward mapping.
func split(name *string) (first, last *string) {
	if name == nil {
		return nil, nil
	}
	f, _, _ := strings.Cut(*name, " ")
	l := strings.Trim((*name)[len(f):], " ")
	return &f, &l
}

// join is the backward mapping. CONCAT_WS leaves NULLs out.
func join(first, last *string) *string {
	var parts []string
	for _, p := range []*string{first, last} {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	name := strings.Trim(strings.Join(parts, " "), " ")
	return &name
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func quote(s *string) string {
	if s == nil {
		return "NULL"
	}
	return fmt.Sprintf("%q", *s)
}
