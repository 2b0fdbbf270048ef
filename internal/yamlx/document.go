package yamlx

import (
	"errors"
	"regexp"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Hints say what to write instead, where a file is not one document.
type Hints struct {
	Empty  string // for a file without a document
	Second string // for one with more
}

// tabPattern is in what the parser says of a tab where YAML has none. It shows the
// tab itself, of which nobody sees anything.
var tabPattern = regexp.MustCompile(`'\t'|^tab character`)

// Document returns the body of the one YAML document in text; the name is used in
// messages only. An error is [Errors].
func Document(name string, text []byte, hints Hints) (ast.Node, error) {
	tree, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey()) // a Reader tells where both stand
	if err != nil {
		e := &Error{File: name, Problem: err.Error()}
		var bad yaml.Error
		if errors.As(err, &bad) {
			words := bad.GetMessage()
			if tabPattern.MatchString(words) {
				words, e.Hint = "a tab", "indent with spaces"
			}
			e.Problem = "the YAML is malformed: " + words
			if tk := bad.GetToken(); tk != nil && tk.Position != nil {
				e.Line, e.Column = tk.Position.Line, tk.Position.Column
			}
		}
		return nil, Errors{e}
	}
	var bodies []ast.Node
	for _, doc := range tree.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		return nil, Errors{{File: name, Problem: "it is empty", Hint: hints.Empty}}
	case 1:
		return bodies[0], nil
	}
	at := At(bodies[1])
	return nil, Errors{{File: name, Line: at.Line, Column: at.Column, Problem: "a second YAML document begins here", Hint: hints.Second}}
}

// Position is where something stands in a file; lines and columns count from 1.
type Position struct{ Line, Column int }

// At returns where a node begins; the zero value if that is not known.
func At(n ast.Node) Position {
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
			return Position{tk.Position.Line, tk.Position.Column}
		}
	}
	return Position{}
}

// Text returns a scalar as it is written; ok is false if n is none.
func Text(n ast.Node) (text string, ok bool) {
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

// KindOf names the kind of a value for people.
func KindOf(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "empty (null)"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which this file does not use"
	}
	return "a scalar"
}
