package cacheformat

import (
	"bytes"
	"go/ast"
	"go/printer"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// shape returns what encoders see of a type, a line for each field or method, and
// the files that say so.
func (r *reader) shape(folder string, t *ast.TypeSpec) (lines, files []string) {
	w := &walker{reader: r, folder: folder}
	w.named("", t)
	return w.lines, w.files
}

// walker goes through a type and those of its package that it is made of.
type walker struct {
	*reader
	folder string
	lines  []string
	files  []string
	open   []string // types on the way here, against endless ones
}

// named goes through a type with a name.
func (w *walker) named(at string, t *ast.TypeSpec) {
	if level := slices.Index(w.open, t.Name.Name); level >= 0 { // what it is called does not count
		w.lines = append(w.lines, at+" as at level "+strconv.Itoa(level))
		return
	}
	w.open = append(w.open, t.Name.Name)
	w.in(t)
	for _, m := range w.methods[w.folder+"."+t.Name.Name] {
		w.in(m)
		w.lines = append(w.lines, strings.TrimSpace(at+" func "+m.Name.Name+w.code(m.Type)+w.code(m.Body)))
	}
	w.expr(at, "", t.Type)
	w.open = w.open[:len(w.open)-1]
}

// in notes the file that a node stands in.
func (w *walker) in(n ast.Node) { w.files = with(w.files, w.fset.Position(n.Pos()).Filename) }

// expr goes through a type where it is used; prefix is what it is the element
// of, such as a list.
func (w *walker) expr(at, prefix string, e ast.Expr) {
	switch e := e.(type) {
	case *ast.StructType:
		if prefix != "" {
			w.lines = append(w.lines, at+" "+prefix)
		}
		for _, f := range e.Fields.List {
			w.field(at, f)
		}
	case *ast.StarExpr: // encoders follow pointers
		w.expr(at, prefix+"*", e.X)
	case *ast.ArrayType:
		w.expr(at, prefix+"["+w.length(e)+"]", e.Elt)
	case *ast.MapType:
		w.expr(at, prefix+"map["+w.code(e.Key)+"]", e.Value)
	case *ast.Ident:
		t := w.packages[w.folder][e.Name]
		if t == nil {
			w.lines = append(w.lines, strings.TrimSpace(at+" "+prefix+e.Name))
			return
		}
		if _, isStruct := t.Type.(*ast.StructType); isStruct && prefix != "" {
			w.lines = append(w.lines, at+" "+prefix)
			prefix = ""
		}
		if prefix == "" {
			w.named(at, t)
			return
		}
		w.in(t)
		w.expr(at, prefix, t.Type)
	default:
		w.lines = append(w.lines, strings.TrimSpace(at+" "+prefix+w.code(e)))
	}
}

func (w *walker) length(e *ast.ArrayType) string {
	if e.Len == nil {
		return ""
	}
	return w.code(e.Len)
}

// field goes through one field, or several of one type.
func (w *walker) field(at string, f *ast.Field) {
	tags := tagsOf(f)
	if slices.Contains(tags, `json:"-"`) && len(tags) == 1 {
		return
	}
	if len(f.Names) == 0 && len(tags) == 0 { // the fields of an embedded type stand among the others
		w.expr(at, "", f.Type)
		return
	}
	below := func(name string) string { return strings.TrimPrefix(at+"."+name, ".") }
	if len(tags) > 0 {
		w.expr(below(strings.Join(tags, " ")), "", f.Type)
		return
	}
	for _, n := range f.Names {
		if n.IsExported() {
			w.expr(below(n.Name), "", f.Type)
		}
	}
}

// encoders are the tags by which encoders name a field.
var encoders = []string{"json", "msgpack", "bson", "cbor", "xml", "yaml", "protobuf", "codec"}

// tagsOf returns the tags of encoders that a field has.
func tagsOf(f *ast.Field) []string {
	if f.Tag == nil {
		return nil
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return nil
	}
	var out []string
	for _, key := range encoders {
		if value, found := reflect.StructTag(text).Lookup(key); found {
			out = append(out, key+":"+strconv.Quote(value))
		}
	}
	return out
}

// code writes a node as Go, without comments and in one line.
func (r *reader) code(n ast.Node) string {
	var b bytes.Buffer
	if reflect.ValueOf(n).IsNil() || printer.Fprint(&b, r.fset, n) != nil {
		return ""
	}
	return strings.TrimPrefix(strings.Join(strings.Fields(b.String()), " "), "func")
}
