package querykiller

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// ParseError is one mistake in a rules file.
type ParseError struct {
	File string
	// Line and Column count from 1; zero where the whole file is meant.
	Line, Column int
	// Path is the field: "rules[2].budget".
	Path string
	// Problem says what is wrong and Hint what to write instead.
	Problem, Hint string
}

// Error returns "file:line:column: path: problem; hint".
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if e.Path != "" {
		fmt.Fprintf(&b, ": %s", e.Path)
	}
	fmt.Fprintf(&b, ": %s", e.Problem)
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	return b.String()
}

// ParseErrors is every mistake in a rules file, in the order of the file.
type ParseErrors []*ParseError

// Error lists the mistakes, one a line.
func (e ParseErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes one by one.
func (e ParseErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// document returns the body of the one YAML document in text.
func document(name string, text []byte) (ast.Node, error) {
	tree, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		e := &ParseError{File: name, Problem: err.Error()}
		var bad yaml.Error
		if errors.As(err, &bad) {
			e.Problem = "the YAML is malformed: " + bad.GetMessage()
			if tk := bad.GetToken(); tk != nil && tk.Position != nil {
				e.Line, e.Column = tk.Position.Line, tk.Position.Column
			}
		}
		return nil, ParseErrors{e}
	}
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return nil, ParseErrors{{File: name, Problem: "it is empty", Hint: "a rules file begins with `rules:`"}}
	case 1:
		return bodies[0], nil
	}
	at := position(bodies[1])
	return nil, ParseErrors{{File: name, Line: at.line, Column: at.column, Problem: "a second YAML document begins here", Hint: "keep one"}}
}

// place is where something stands in the file.
type place struct{ line, column int }

// position returns where a node begins.
func position(n ast.Node) place {
	for {
		if m, ok := n.(*ast.MappingValueNode); ok {
			n = m.Key
			continue
		}
		if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
			n = m.Values[0]
			continue
		}
		break
	}
	if n != nil {
		if tk := n.GetToken(); tk != nil && tk.Position != nil {
			return place{tk.Position.Line, tk.Position.Column}
		}
	}
	return place{}
}

// readFunc takes the value of one field; path names the field in messages.
type readFunc func(n ast.Node, path string)

// fields are those that a mapping may have.
type fields map[string]readFunc

// decoder walks a rules file and collects the mistakes.
type decoder struct {
	file string
	errs ParseErrors
}

// fail records a mistake.
func (d *decoder) fail(at place, path, problem, hint string) {
	d.errs = append(d.errs, &ParseError{File: d.file, Line: at.line, Column: at.column, Path: path, Problem: problem, Hint: hint})
}

// mapping reads a mapping with the given fields and no others, and returns where
// each stands.
func (d *decoder) mapping(n ast.Node, path string, known fields) map[string]place {
	seen := map[string]place{}
	for key, value := range d.entries(n, path, seen) {
		read, ok := known[key]
		if !ok {
			d.fail(seen[key], join(path, key), "there is no such field", "the fields here are "+strings.Join(sortedKeys(known), ", "))
			continue
		}
		read(value, join(path, key))
	}
	return seen
}

// entries yields the lines of a mapping whose key is a plain text that has not
// stood there before, and enters where each stands.
func (d *decoder) entries(n ast.Node, path string, seen map[string]place) func(yield func(string, ast.Node) bool) {
	return func(yield func(string, ast.Node) bool) {
		var lines []*ast.MappingValueNode
		switch m := n.(type) {
		case *ast.MappingNode:
			lines = m.Values
		case *ast.MappingValueNode:
			lines = []*ast.MappingValueNode{m}
		default:
			d.fail(position(n), path, "this has to be a mapping, and is "+kindOf(n), "write `field: value` lines below it")
			return
		}
		for _, line := range lines {
			at := position(line.Key)
			key, ok := scalarText(line.Key)
			if !ok || key == "" {
				d.fail(at, path, "a field's name has to be a plain text", "")
				continue
			}
			if first, dup := seen[key]; dup {
				d.fail(at, join(path, key), fmt.Sprintf("the field stands here for a second time; the first is in line %d", first.line), "keep one")
				continue
			}
			seen[key] = at
			if !yield(key, line.Value) {
				return
			}
		}
	}
}

// items calls visit for every element of a list; a value that is none is a list
// of one.
func (d *decoder) items(n ast.Node, path string, visit readFunc) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		visit(n, path)
		return
	}
	if len(list.Values) == 0 {
		d.fail(position(n), path, "the list is empty", "leave the field out or fill it")
	}
	for i, item := range list.Values {
		visit(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

// text reads a text that is not empty.
func (d *decoder) text(dst *string) readFunc {
	return func(n ast.Node, path string) {
		s, ok := scalarText(n)
		switch {
		case !ok:
			d.fail(position(n), path, "this has to be a text, and is "+kindOf(n), "put it in quotes if it is meant as text")
		case strings.TrimSpace(s) == "":
			d.fail(position(n), path, "the text is empty", "leave the field out or fill it")
		default:
			*dst = strings.TrimSpace(s)
		}
	}
}

// duration reads a duration like 1.5s, more than zero.
func (d *decoder) duration(dst *time.Duration) readFunc {
	return func(n ast.Node, path string) {
		s, _ := scalarText(n)
		v, err := time.ParseDuration(s)
		if err != nil || v <= 0 {
			d.fail(position(n), path, "this has to be a duration of more than zero", "write it like 2s, 1.5s, 250ms or 5m")
			return
		}
		*dst = v
	}
}

// count reads a whole number from 1.
func (d *decoder) count(dst *int) readFunc {
	return func(n ast.Node, path string) {
		s, _ := scalarText(n)
		v, err := strconv.ParseUint(s, 10, 31)
		if err != nil || v == 0 {
			d.fail(position(n), path, "this has to be a whole number from 1", "")
			return
		}
		*dst = int(v)
	}
}

// rows reads a whole number that is not negative.
func (d *decoder) rows(dst *uint64) readFunc {
	return func(n ast.Node, path string) {
		s, _ := scalarText(n)
		v, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			d.fail(position(n), path, "this has to be a whole number that is not negative", "")
			return
		}
		*dst = v
	}
}

// number reads a number of more than zero.
func (d *decoder) number(dst *float64, most float64) readFunc {
	return func(n ast.Node, path string) {
		s, _ := scalarText(n)
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v > 0 && v <= most) {
			d.fail(position(n), path, fmt.Sprintf("this has to be a number of more than zero and at most %g", most), "")
			return
		}
		*dst = v
	}
}

// yesNo reads true or false.
func (d *decoder) yesNo(dst *Tri) readFunc {
	return func(n ast.Node, path string) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.fail(position(n), path, "this has to be true or false, and is "+kindOf(n), "")
			return
		}
		*dst = No
		if b.Value {
			*dst = Yes
		}
	}
}

// word reads one of the words.
func word[T ~string](d *decoder, dst *T, words ...T) readFunc {
	return func(n ast.Node, path string) {
		s, _ := scalarText(n)
		if !slices.Contains(words, T(s)) {
			d.fail(position(n), path, fmt.Sprintf("%q is not one of the words here", s), "they are "+joinWords(words))
			return
		}
		*dst = T(s)
	}
}

// wordList reads a list of the words, each at most once.
func wordList[T ~string](d *decoder, dst *[]T, words ...T) readFunc {
	return func(n ast.Node, path string) {
		d.items(n, path, func(n ast.Node, path string) {
			var one T
			before := len(d.errs)
			word(d, &one, words...)(n, path)
			if len(d.errs) > before {
				return
			}
			if slices.Contains(*dst, one) {
				d.fail(position(n), path, fmt.Sprintf("%q stands here twice", one), "keep one")
				return
			}
			*dst = append(*dst, one)
		})
	}
}

// scalarText returns a scalar as it is written.
func scalarText(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		if s.Value == nil {
			return "", true
		}
		return s.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		if tk := s.GetToken(); tk != nil {
			return tk.Value, true
		}
	}
	return "", false
}

// kindOf names the kind of a YAML value for people.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "empty (null)"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which a rules file does not use"
	}
	return "a scalar"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func sortedKeys(f fields) []string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func joinWords[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
