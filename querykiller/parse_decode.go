package querykiller

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/underpin-db/underpin/internal/yamlx"
)

// ParseError is one mistake in a rules file, with its line, column and field.
type ParseError = yamlx.Error

// ParseErrors is every mistake in a rules file, in the order of the file.
type ParseErrors = yamlx.Errors

// place is where something stands in the file.
type place = yamlx.Position

// readFunc takes the value of one field; path names the field in messages.
type readFunc func(n ast.Node, path string)

// fields are those that a mapping may have.
type fields map[string]readFunc

// decoder walks a rules file and collects the mistakes.
type decoder struct{ yamlx.Reader }

// mapping reads a mapping with the given fields and no others, and returns where
// each stands.
func (d *decoder) mapping(n ast.Node, path string, known fields) map[string]place {
	seen := map[string]place{}
	for key, value := range d.Entries(n, path, seen) {
		read, ok := known[key]
		if !ok {
			d.Fail(seen[key], yamlx.Join(path, key), "there is no such field", "the fields here are "+strings.Join(sortedKeys(known), ", "))
			continue
		}
		read(value, yamlx.Join(path, key))
	}
	return seen
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
		d.Fail(yamlx.At(n), path, "the list is empty", "leave the field out or fill it")
	}
	for i, item := range list.Values {
		visit(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

// text reads a text that is not empty.
func (d *decoder) text(dst *string) readFunc {
	return func(n ast.Node, path string) {
		s, ok := yamlx.Text(n)
		switch {
		case !ok:
			d.Fail(yamlx.At(n), path, "this has to be a text, and is "+yamlx.KindOf(n), "put it in quotes if it is meant as text")
		case strings.TrimSpace(s) == "":
			d.Fail(yamlx.At(n), path, "the text is empty", "leave the field out or fill it")
		default:
			*dst = strings.TrimSpace(s)
		}
	}
}

// duration reads a duration like 1.5s, more than zero.
func (d *decoder) duration(dst *time.Duration) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, err := time.ParseDuration(s)
		if err != nil || v <= 0 {
			d.Fail(yamlx.At(n), path, "this has to be a duration of more than zero", "write it like 2s, 1.5s, 250ms or 5m")
			return
		}
		*dst = v
	}
}

// count reads a whole number from 1.
func (d *decoder) count(dst *int) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, err := strconv.ParseUint(s, 10, 31)
		if err != nil || v == 0 {
			d.Fail(yamlx.At(n), path, "this has to be a whole number from 1", "")
			return
		}
		*dst = int(v)
	}
}

// rows reads a whole number that is not negative.
func (d *decoder) rows(dst *uint64) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			d.Fail(yamlx.At(n), path, "this has to be a whole number that is not negative", "")
			return
		}
		*dst = v
	}
}

// number reads a number of more than zero.
func (d *decoder) number(dst *float64, most float64) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v > 0 && v <= most) {
			d.Fail(yamlx.At(n), path, fmt.Sprintf("this has to be a number of more than zero and at most %g", most), "")
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
			d.Fail(yamlx.At(n), path, "this has to be true or false, and is "+yamlx.KindOf(n), "")
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
		s, _ := yamlx.Text(n)
		if !slices.Contains(words, T(s)) {
			d.Fail(yamlx.At(n), path, fmt.Sprintf("%q is not one of the words here", s), "they are "+joinWords(words))
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
			before := len(d.Errs)
			word(d, &one, words...)(n, path)
			if len(d.Errs) > before {
				return
			}
			if slices.Contains(*dst, one) {
				d.Fail(yamlx.At(n), path, fmt.Sprintf("%q stands here twice", one), "keep one")
				return
			}
			*dst = append(*dst, one)
		})
	}
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
