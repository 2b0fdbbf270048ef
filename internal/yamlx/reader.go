package yamlx

import (
	"fmt"
	"iter"

	"github.com/goccy/go-yaml/ast"
)

// Reader walks a document and collects the mistakes. It is used by one goroutine.
type Reader struct {
	File string // for the messages
	Errs Errors
}

// Fail records a mistake; path names the field.
func (r *Reader) Fail(at Position, path, problem, hint string) {
	r.Errs = append(r.Errs, &Error{File: r.File, Line: at.Line, Column: at.Column, Path: path, Problem: problem, Hint: hint})
}

// Entries yields the lines of a mapping whose key is a plain text that has not
// stood there before, and enters into seen where each stands.
func (r *Reader) Entries(n ast.Node, path string, seen map[string]Position) iter.Seq2[string, ast.Node] {
	return func(yield func(string, ast.Node) bool) {
		var lines []*ast.MappingValueNode
		switch m := n.(type) {
		case *ast.MappingNode:
			lines = m.Values
		case *ast.MappingValueNode:
			lines = []*ast.MappingValueNode{m}
		default:
			r.Fail(At(n), path, "this has to be a mapping, and is "+KindOf(n), "write `field: value` lines below it")
			return
		}
		for _, line := range lines {
			at := At(line.Key)
			key, ok := Text(line.Key)
			if !ok || key == "" {
				r.Fail(at, path, "a field's name has to be a plain text", "")
				continue
			}
			if first, dup := seen[key]; dup {
				r.Fail(at, Join(path, key), fmt.Sprintf("the field stands here for a second time; the first is in line %d", first.Line), "keep one")
				continue
			}
			seen[key] = at
			if !yield(key, line.Value) {
				return
			}
		}
	}
}

// Join returns the path of a field within path.
func Join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
