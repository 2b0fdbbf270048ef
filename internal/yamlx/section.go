package yamlx

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Section is one section of a settings file that several readers share, each
// with a section of its own. It collects the mistakes in it.
type Section struct {
	Errs Errors

	file, name string
	tree       *ast.File
}

// ReadSection decodes a section of a file into a value; a field that the value
// has not is a mistake, and other sections are somebody else's. found is false
// where there is none. An error is [Errors].
func ReadSection(file string, text []byte, name string, into any) (s *Section, found bool, err error) {
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, false, Errors{Misread(file, err)}
	}
	s = &Section{file: file, name: name, tree: tree}
	node := s.find("$." + name)
	if node == nil || node.Type() == ast.NullType {
		return s, false, nil
	}
	if err := yaml.NodeToValue(node, into, yaml.Strict()); err != nil {
		e := Misread(file, err)
		e.Path = name
		return nil, true, Errors{e}
	}
	return s, true, nil
}

// Misread says where in a file the YAML library's mistake is, without quoting
// the file.
func Misread(file string, err error) *Error {
	e := &Error{File: file, Problem: "it cannot be read as settings"}
	var bad yaml.Error
	if errors.As(err, &bad) {
		e.Problem = bad.GetMessage()
		if tk := bad.GetToken(); tk != nil && tk.Position != nil {
			e.Line, e.Column = tk.Position.Line, tk.Position.Column
		}
	}
	return e
}

// Failf records a mistake at a path of the section, such as needs[0].role.
func (s *Section) Failf(at, format string, args ...any) {
	e := &Error{File: s.file, Path: Join(s.name, at), Problem: fmt.Sprintf(format, args...)}
	if n := s.find("$." + e.Path); n != nil && n.GetToken() != nil {
		e.Line, e.Column = n.GetToken().Position.Line, n.GetToken().Position.Column
	}
	s.Errs = append(s.Errs, e)
}

// find returns the node at a path of the file; nil where there is none.
func (s *Section) find(at string) ast.Node {
	p, err := yaml.PathString(at)
	if err != nil {
		return nil
	}
	n, err := p.FilterFile(s.tree)
	if err != nil {
		return nil
	}
	return n
}
