package stale

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
)

// Methods are the names of methods that ask for a flag: those of package flags
// and of OpenFeature's client.
func Methods() []string {
	return []string{
		"Bool", "BoolDetail", "String", "StringDetail", "Float", "FloatDetail", "Int", "IntDetail", "JSON", "JSONDetail",
		"Boolean", "BooleanValue", "BooleanValueDetails", "StringValue", "StringValueDetails", "FloatValue", "FloatValueDetails",
		"IntValue", "IntValueDetails", "Object", "ObjectValue", "ObjectValueDetails",
	}
}

// leastArguments of a call that asks: context, name, target or default, and one
// more. slog.String and its like have fewer.
const leastArguments = 4

// walk calls fn for every file that the go command would look at, whatever its
// kind. Paths are relative, with slashes.
func walk(ctx context.Context, root string, fn func(name string, text []byte)) error {
	tree := os.DirFS(root)
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && name == ".":
			return fmt.Errorf("read %s: %w", root, err)
		case err != nil, gosource.SkipDefault(name, d) && d.IsDir():
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular(), gosource.SkipDefault(name, d):
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Size() > gosource.MaxFile {
			return nil //nolint:nilerr // gosource reports what it could not read
		}
		if text, err := fs.ReadFile(tree, name); err == nil {
			fn(name, text)
		}
		return nil
	})
}

// goAsks returns the calls that ask for a flag.
func goAsks(ctx context.Context, root string) ([]mention, error) {
	folders := map[string]*folder{}
	err := walk(ctx, root, func(name string, text []byte) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		dir := path.Dir(name)
		if folders[dir] == nil {
			folders[dir] = &folder{consts: map[string]string{}}
		}
		folders[dir].read(name, text)
	})
	var out []mention
	for _, f := range folders {
		out = append(out, f.asks()...)
	}
	return out, err
}

// folder is the Go files of one folder. Its constants are known by name, which
// is as exact as it gets without types: a local constant of the same name wins
// nothing here.
type folder struct {
	consts map[string]string
	calls  []call
}

// call is a call whose second argument may be a flag.
type call struct {
	at   mention
	name ast.Expr
}

func (f *folder) read(name string, text []byte) {
	fset := token.NewFileSet()
	file, _ := parser.ParseFile(fset, name, text, parser.SkipObjectResolution) // what can be read of it
	if file == nil {
		return
	}
	methods := Methods()
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				f.constants(n)
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if ok && len(n.Args) >= leastArguments && slices.Contains(methods, sel.Sel.Name) {
				at := fset.Position(n.Args[1].Pos())
				f.calls = append(f.calls, call{mention{file: name, line: at.Line, column: at.Column, asks: asking}, n.Args[1]})
			}
		}
		return true
	})
}

func (f *folder) constants(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range v.Names {
			if i < len(v.Values) {
				if text, ok := literal(v.Values[i]); ok {
					f.consts[name.Name] = text
				}
			}
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(b.Value)
	return text, err == nil
}

func (f *folder) asks() []mention {
	var out []mention
	for _, c := range f.calls {
		flag, ok := literal(c.name)
		if id, isName := c.name.(*ast.Ident); isName {
			flag, ok = f.consts[id.Name]
		}
		if ok {
			c.at.flag = flag
			out = append(out, c.at)
		}
	}
	return out
}

// errNoGroup says that a pattern does not say where the name is.
var errNoGroup = errors.New("a pattern needs a group around the name of the flag")

// textAsks returns what the patterns find.
func textAsks(ctx context.Context, root string, patterns []Pattern, r *Report) ([]mention, error) {
	for _, p := range patterns {
		if _, err := path.Match(p.Glob, ""); err != nil {
			return nil, fmt.Errorf("pattern for %q: %w", p.Glob, err)
		}
		if p.Asks.NumSubexp() == 0 {
			return nil, fmt.Errorf("pattern %s: %w", p.Asks, errNoGroup)
		}
	}
	if len(patterns) == 0 {
		return nil, nil
	}
	var out []mention
	err := walk(ctx, root, func(name string, text []byte) {
		read := false
		for _, p := range patterns {
			if ok, _ := path.Match(p.Glob, filepath.Base(name)); !ok { // checked above
				continue
			}
			read = true
			for _, m := range p.Asks.FindAllSubmatchIndex(text, -1) {
				if m[2] < 0 {
					continue
				}
				before := text[:m[2]]
				line := 1 + strings.Count(string(before), "\n")
				column := m[2] - strings.LastIndex(string(before), "\n")
				out = append(out, mention{string(text[m[2]:m[3]]), name, line, column, asking})
			}
		}
		if read && !strings.HasSuffix(name, ".go") {
			r.Files++
		}
	})
	return out, err
}
