package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/underpin-db/underpin/internal/yamlx"
	"github.com/underpin-db/underpin/migrate"
)

// namePattern is what a change or a service may be called.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

const nameHint = "use small letters, digits and hyphens, 63 at most, beginning with a letter or digit"

// percentPattern is a share in percent with at most two decimals.
var percentPattern = regexp.MustCompile(`^([0-9]{1,3})(?:\.([0-9]{1,2}))?$`)

// need says whether a field may be left out.
type need string

const (
	optional need = ""
	needed   need = "needed"
)

// zero says whether a duration may be zero.
type zero string

const (
	zeroAllowed zero = "allowed"
	zeroRefused zero = "refused"
)

// readFunc takes the value of one field; path names the field in messages.
type readFunc func(n ast.Node, path string)

// field is one field that a mapping may have.
type field struct {
	name string
	need need
	read readFunc
}

// decoder walks a change file and collects the mistakes.
type decoder struct{ yamlx.Reader }

// fail records a mistake.
func (d *decoder) fail(at Position, path, problem, hint string) {
	d.Fail(yamlx.Position{Line: at.Line, Column: at.Column}, path, problem, hint)
}

// failf records a mistake at a node; the hint is formatted with args.
func (d *decoder) failf(n ast.Node, path, problem, hint string, args ...any) {
	d.Fail(yamlx.At(n), path, problem, fmt.Sprintf(hint, args...))
}

// position returns where something stands, with the file.
func (d *decoder) position(at yamlx.Position) Position {
	return Position{d.File, at.Line, at.Column}
}

// each calls visit for every line of a mapping.
func (d *decoder) each(n ast.Node, path string, visit func(key Scalar, value ast.Node, path string)) {
	seen := map[string]yamlx.Position{}
	for key, value := range d.Entries(n, path, seen) {
		visit(Scalar{key, d.position(seen[key])}, value, yamlx.Join(path, key))
	}
}

// mapping reads a mapping with the given fields and no others.
func (d *decoder) mapping(n ast.Node, path string, fields []field) {
	seen := map[string]bool{}
	d.each(n, path, func(key Scalar, value ast.Node, sub string) {
		for _, f := range fields {
			if f.name == key.Text {
				seen[f.name] = true
				f.read(value, sub)
				return
			}
		}
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.name
		}
		d.fail(key.Position, sub, "there is no such field", "the fields here are "+strings.Join(names, ", "))
	})
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return // it was said to be none
	}
	for _, f := range fields {
		if f.need == needed && !seen[f.name] {
			d.failf(n, yamlx.Join(path, f.name), "the field is missing", "add `%s:`", f.name)
		}
	}
}

// nested reads a mapping inside a mapping.
func (d *decoder) nested(fields ...field) readFunc {
	return func(n ast.Node, path string) { d.mapping(n, path, fields) }
}

// scalar reads a text that is not empty.
func (d *decoder) scalar(dst *Scalar) readFunc {
	return func(n ast.Node, path string) {
		s, ok := yamlx.Text(n)
		if !ok {
			d.failf(n, path, "this has to be a text, and is "+yamlx.KindOf(n), "put it in quotes if it is meant as text")
			return
		}
		if strings.TrimSpace(s) == "" {
			d.failf(n, path, "the text is empty", "leave the field out or fill it")
			return
		}
		*dst = Scalar{strings.TrimSpace(s), d.position(yamlx.At(n))}
	}
}

// items calls visit for every element of a list.
func (d *decoder) items(n ast.Node, path string, visit func(n ast.Node, path string)) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.failf(n, path, "this has to be a list, and is "+yamlx.KindOf(n), "write it as [a, b], or as lines that begin with a dash")
		return
	}
	for i, item := range list.Values {
		visit(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

// scalars reads a list of texts.
func (d *decoder) scalars(dst *[]Scalar) readFunc {
	return func(n ast.Node, path string) {
		d.items(n, path, func(n ast.Node, path string) {
			var s Scalar
			d.scalar(&s)(n, path)
			*dst = append(*dst, s)
		})
	}
}

// strings reads a list of texts without duplicates; it is kept sorted.
func (d *decoder) strings(dst *[]string) readFunc {
	return func(n ast.Node, path string) {
		var list []Scalar
		d.scalars(&list)(n, path)
		d.checkUnique(list, path)
		*dst = sortedTexts(list)
	}
}

// assigns reads `column: expression` lines.
func (d *decoder) assigns(dst *[]Assign) readFunc {
	return func(n ast.Node, path string) {
		d.each(n, path, func(key Scalar, value ast.Node, sub string) {
			a := Assign{Column: key}
			d.scalar(&a.Value)(value, sub)
			*dst = append(*dst, a)
		})
	}
}

// duration reads a duration like 10m.
func (d *decoder) duration(dst *Duration, z zero) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, err := time.ParseDuration(s)
		if err != nil || v < 0 || (v == 0 && z == zeroRefused) {
			d.failf(n, path, "this has to be a duration", "write it like 10m, 30s or 100ms")
			return
		}
		*dst = Duration(v)
	}
}

// choice reads true or false.
func (d *decoder) choice(dst *migrate.Choice) readFunc {
	return func(n ast.Node, path string) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.failf(n, path, "this has to be true or false, and is "+yamlx.KindOf(n), "")
			return
		}
		*dst = migrate.No
		if b.Value {
			*dst = migrate.Yes
		}
	}
}

// number reads a whole number that is not negative.
func (d *decoder) number(dst *uint64) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			d.failf(n, path, "this has to be a whole number that is not negative", "")
			return
		}
		*dst = v
	}
}

// percent reads a share in percent into basis points.
func (d *decoder) percent(dst *uint16) readFunc {
	return func(n ast.Node, path string) {
		s, _ := yamlx.Text(n)
		v, ok := basisPoints(s)
		if !ok {
			d.failf(n, path, "this has to be a share in percent from 0 to 100", "write it like 5 or 0.25, with no percent sign and at most two decimals")
			return
		}
		*dst = v
	}
}

// ramp reads shares that rise to 100.
func (d *decoder) ramp(dst *[]uint16) readFunc {
	return func(n ast.Node, path string) {
		before := len(d.Errs)
		var steps []uint16
		d.items(n, path, func(n ast.Node, path string) {
			var v uint16
			bad := len(d.Errs)
			d.percent(&v)(n, path)
			if len(d.Errs) == bad && (v == 0 || len(steps) > 0 && v <= steps[len(steps)-1]) {
				d.failf(n, path, "the shares of a ramp have to rise, from more than 0", "write it like [1, 5, 25, 50, 100]")
			}
			steps = append(steps, v)
		})
		if len(d.Errs) > before {
			return
		}
		if len(steps) == 0 || steps[len(steps)-1] != migrate.RampFull {
			d.failf(n, path, "a ramp has to end at 100", "write it like [1, 5, 25, 50, 100]")
			return
		}
		*dst = steps
	}
}
