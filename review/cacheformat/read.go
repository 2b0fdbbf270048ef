package cacheformat

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
	"github.com/underpin-db/underpin/review"
)

// Directive begins the comment that declares a part of a cache, behind the two
// slashes.
const Directive = "underpin:cache "

// Read reads the formats. The error is that of a pattern that is none, or of the
// first file that does not parse and could tell of a cache: what could be read of
// it is in the result.
func Read(files []review.GoFile, declared []review.CacheConfig) (Formats, error) {
	r := &reader{fset: token.NewFileSet(), out: Formats{}, declared: declared, packages: map[string]map[string]*ast.TypeSpec{}, methods: map[string][]*ast.FuncDecl{}}
	for _, c := range declared {
		pattern, err := regexp.Compile(c.Pattern)
		if err != nil {
			return nil, fmt.Errorf("read the pattern of cache %s: %w", c.Name, err)
		}
		r.patterns = append(r.patterns, pattern)
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f review.GoFile) bool { return strings.HasSuffix(f.Path, "_test.go") })
	telling := r.telling(files)
	var first error
	for _, f := range files {
		if err := r.keys(f); err != nil && first == nil {
			first = fmt.Errorf("read %s: %w", f.Path, err)
		}
		if !telling[path.Dir(f.Path)] {
			continue
		}
		file, err := parser.ParseFile(r.fset, f.Path, f.Text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil && first == nil {
			first = fmt.Errorf("read %s: %w", f.Path, err)
		}
		if file == nil {
			continue
		}
		r.files = append(r.files, file)
		r.collect(file, path.Dir(f.Path))
	}
	for i, file := range r.files {
		r.file(file, path.Dir(r.fset.Position(r.files[i].Pos()).Filename))
	}
	return r.out, first
}

// reader reads the files of several folders.
type reader struct {
	fset     *token.FileSet
	out      Formats
	declared []review.CacheConfig
	patterns []*regexp.Regexp // of declared
	files    []*ast.File
	// packages are the types of each folder, by name; methods the encoding
	// methods, by folder and type.
	packages map[string]map[string]*ast.TypeSpec
	methods  map[string][]*ast.FuncDecl
}

// telling returns the folders in which a directive, or a type that is declared,
// stands in some file: most of a large tree says nothing of a cache, and is not
// looked at.
func (r *reader) telling(files []review.GoFile) map[string]bool {
	words := []string{Directive}
	for _, c := range r.declared {
		for _, t := range c.Types {
			words = append(words, t[strings.LastIndexByte(t, '.')+1:])
		}
	}
	out := map[string]bool{}
	for _, f := range files {
		folder := path.Dir(f.Path)
		out[folder] = out[folder] || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(f.Text, w) })
	}
	return out
}

// collect keeps the types of a file for those that name them.
func (r *reader) collect(file *ast.File, folder string) {
	types := r.packages[folder]
	if types == nil {
		types = map[string]*ast.TypeSpec{}
		r.packages[folder] = types
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					types[t.Name.Name] = t
				}
			}
		case *ast.FuncDecl:
			if on := receiver(d); on != "" && encodes(d.Name.Name) {
				r.methods[folder+"."+on] = append(r.methods[folder+"."+on], d)
			}
		}
	}
}

// receiver returns the type that a method is of.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	on := d.Recv.List[0].Type
	if star, ok := on.(*ast.StarExpr); ok {
		on = star.X
	}
	if name, ok := on.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// encodes reports whether a method of that name encodes or decodes its value.
func encodes(name string) bool {
	return slices.ContainsFunc([]string{"Marshal", "Unmarshal", "Encode", "Decode", "GobEncode", "GobDecode", "AppendBinary", "AppendText"},
		func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// keys keeps the strings that look like a declared cache's keys.
func (r *reader) keys(f review.GoFile) error {
	if !slices.ContainsFunc(r.declared, func(c review.CacheConfig) bool { return c.Pattern != "" }) {
		return nil
	}
	literals, err := gosource.Parse(f.Path, []byte(f.Text))
	for _, l := range literals {
		for i, pattern := range r.patterns {
			if l.Kind == gosource.String && r.declared[i].Pattern != "" && pattern.MatchString(l.Value) {
				r.out.add(Part{r.declared[i].Name, Key}, l.File, l.Line, l.Column, l.Value)
			}
		}
	}
	return err
}

// file reads the declarations of one file.
func (r *reader) file(file *ast.File, folder string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			for _, cache := range named(d.Doc) {
				r.add(Part{cache, Key}, d, "func "+d.Name.Name+r.code(d.Type)+r.code(d.Body))
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				r.spec(d, s, file.Name.Name, folder)
			}
		}
	}
}

// spec reads one constant, variable or type.
func (r *reader) spec(d *ast.GenDecl, s ast.Spec, pkg, folder string) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, cache := range named(d.Doc, s.Doc) {
			for i, value := range s.Values {
				r.add(Part{cache, Key}, s, s.Names[min(i, len(s.Names)-1)].Name+" = "+r.code(value))
			}
		}
	case *ast.TypeSpec:
		caches := named(d.Doc, s.Doc)
		for _, c := range r.declared {
			if slices.Contains(c.Types, s.Name.Name) || slices.Contains(c.Types, pkg+"."+s.Name.Name) {
				caches = append(caches, c.Name)
			}
		}
		for _, cache := range caches {
			lines, files := r.shape(folder, s)
			for _, line := range lines {
				r.add(Part{cache, Value}, s, line)
			}
			if one := r.out[Part{cache, Value}]; one != nil {
				for _, f := range files {
					one.Files = with(one.Files, f)
				}
			}
		}
	}
}

func (r *reader) add(part Part, at ast.Node, text string) {
	p := r.fset.Position(at.Pos())
	r.out.add(part, p.Filename, p.Line, p.Column, text)
}

// named returns the caches that directives in comments name.
func named(docs ...*ast.CommentGroup) []string {
	var out []string
	for _, doc := range docs {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if rest, found := strings.CutPrefix(c.Text, "//"+Directive); found {
				out = append(out, strings.Fields(rest)...)
			}
		}
	}
	return out
}
