package review

import (
	"reflect"
	"sync"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Walk calls visit for a node of the parser's and for every node below it,
// parents first. What is below a node for which visit returns false is left out.
//
// It only reads: rules look at one tree side by side, and the parser's own
// Accept writes to the tree that it goes through.
func Walk(n ast.Node, visit func(ast.Node) bool) {
	if n != nil {
		walk(reflect.ValueOf(n), visit)
	}
}

var (
	nodeType = reflect.TypeFor[ast.Node]()
	nameType = reflect.TypeFor[ast.CIStr]()
	nodePath = reflect.TypeFor[ast.SelectStmt]().PkgPath()
)

// walk goes through a value that is, or holds, nodes.
func walk(v reflect.Value, visit func(ast.Node) bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), visit)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok && !visit(n) {
			return
		}
		walkFields(v.Elem(), visit)
	case reflect.Struct: // its address may be a node, as that of a window
		if v.CanAddr() {
			walk(v.Addr(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
}

// walkFields goes through the fields of a struct of the parser's.
func walkFields(v reflect.Value, visit func(ast.Node) bool) {
	for _, i := range fieldsOf(v.Type()) {
		walk(v.Field(i), visit)
	}
}

// fields are, by type, the indexes of the fields that may hold nodes.
var fields sync.Map

func fieldsOf(t reflect.Type) []int {
	if known, ok := fields.Load(t); ok {
		return known.([]int) //nolint:forcetypeassert // nothing else is stored
	}
	var out []int
	if t.Kind() == reflect.Struct && t.PkgPath() == nodePath {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && holdsNodes(f.Type) {
				out = append(out, i)
			}
		}
	}
	fields.Store(t, out)
	return out
}

// holdsNodes reports whether a value of a type may be a node, or hold one.
func holdsNodes(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return t.Implements(nodeType)
	case reflect.Pointer:
		return t.Implements(nodeType) || holdsNodes(t.Elem())
	case reflect.Slice:
		return holdsNodes(t.Elem())
	case reflect.Struct:
		return t.PkgPath() == nodePath && t != nameType
	}
	return false
}
