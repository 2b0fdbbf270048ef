package gosource

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
)

// Parse reads one file. Its error is that of the Go parser; the literals are
// then those of the part that could be read.
func Parse(name string, text []byte) ([]Literal, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil {
		return nil, err
	}
	r := &reader{fset: fset, file: name}
	ast.Inspect(file, r.node)
	for _, group := range file.Comments {
		for _, c := range group.List {
			r.comment(c)
		}
	}
	slices.SortStableFunc(r.out, func(a, b Literal) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.out, err
}

// reader collects the literals of one file.
type reader struct {
	fset *token.FileSet
	file string
	out  []Literal
	// structs names the struct types that a type declaration has named.
	structs map[*ast.StructType]string
	// calls names the function that an argument is given to.
	calls map[ast.Expr]string
}

func (r *reader) add(pos token.Pos, l Literal) {
	at := r.fset.PositionFor(pos, false)
	l.File, l.Line, l.Column = r.file, at.Line, at.Column
	r.out = append(r.out, l)
}

// node is called for each node, a parent before its children.
func (r *reader) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.TypeSpec:
		if s, ok := n.Type.(*ast.StructType); ok {
			r.structs = put(r.structs, s, n.Name.Name)
		}
	case *ast.StructType:
		for _, f := range n.Fields.List {
			r.tag(f, r.structs[n])
		}
	case *ast.Field:
		r.fieldType(n)
		return false
	case *ast.CallExpr:
		if name := called(n.Fun); name != "" {
			for _, a := range n.Args {
				r.calls = put(r.calls, a, name)
			}
		}
	case *ast.BinaryExpr:
		if value, ok := constant(n); ok {
			r.add(n.Pos(), Literal{Kind: String, Value: value, Name: r.calls[ast.Expr(n)]})
			return false
		}
	case *ast.BasicLit:
		if value, ok := constant(n); ok {
			r.add(n.Pos(), Literal{Kind: String, Value: value, Name: r.calls[ast.Expr(n)]})
		}
	}
	return true
}

// fieldType goes on below a field without meeting its tag as a string.
func (r *reader) fieldType(f *ast.Field) {
	if f.Type != nil {
		ast.Inspect(f.Type, r.node)
	}
}

func (r *reader) tag(f *ast.Field, of string) {
	if f.Tag == nil {
		return
	}
	value, ok := constant(f.Tag)
	if !ok {
		return
	}
	name := ""
	if len(f.Names) > 0 {
		name = f.Names[0].Name
	}
	r.add(f.Tag.Pos(), Literal{Kind: Tag, Value: value, Name: name, Struct: of})
}

// directive is the form of a directive; see go/ast's isDirective, go doc
// comment, "Syntax".
var directive = regexp.MustCompile(`^//[a-z0-9]+:[a-z0-9].*`)

func (r *reader) comment(c *ast.Comment) {
	if directive.MatchString(c.Text) {
		r.add(c.Pos(), Literal{Kind: Directive, Value: c.Text[2:]})
	}
}

// called returns the last name of the function that is called.
func called(fun ast.Expr) string {
	switch fun := fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	case *ast.IndexExpr: // of a generic function
		return called(fun.X)
	case *ast.IndexListExpr:
		return called(fun.X)
	}
	return ""
}

// constant returns the value of a string literal, or of literals added up.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.ParenExpr:
		return constant(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, ok := constant(e.X)
		if !ok {
			return "", false
		}
		right, ok := constant(e.Y)
		return left + right, ok
	}
	return "", false
}

// put adds to a map that is made when it is first needed.
func put[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}
