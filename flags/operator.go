package flags

import (
	"slices"
	"strconv"
	"strings"
)

// Operator compares an attribute with the values of a condition.
type Operator string

// The operators. Strings are compared byte by byte, numbers as numbers, and a
// list attribute fulfils a condition if one of its elements does (for [NotIn]:
// if all of them do).
const (
	In         Operator = "in"          // it equals one of the values
	NotIn      Operator = "not_in"      // it equals none of them
	StartsWith Operator = "starts_with" // a string begins with one of them
	EndsWith   Operator = "ends_with"   // a string ends with one of them
	Contains   Operator = "contains"    // a string has one of them in it
	Less       Operator = "less"        // a number is below the value
	AtLeast    Operator = "at_least"    // a number is the value or above it
	Older      Operator = "older"       // a version such as 2.10.1 comes before the value
	Newer      Operator = "newer"       // a version is the value or comes after it
	Absent     Operator = "absent"      // the target has no such attribute
)

// operators is what each operator takes.
var operators = map[Operator]struct {
	takes string // of the values, for a message
	ok    func(Value) bool
	count func(int) bool
}{
	In:         {"strings, numbers or booleans", scalar, some},
	NotIn:      {"strings, numbers or booleans", scalar, some},
	StartsWith: {"strings", isText, some},
	EndsWith:   {"strings", isText, some},
	Contains:   {"strings", isText, some},
	Less:       {"one number", isNumber, one},
	AtLeast:    {"one number", isNumber, one},
	Older:      {"one version such as \"2.10.1\"", isVersion, one},
	Newer:      {"one version such as \"2.10.1\"", isVersion, one},
	Absent:     {"no values", isText, none},
}

// Operators returns every operator, in alphabetical order.
func Operators() []Operator {
	var all []Operator
	for op := range operators {
		all = append(all, op)
	}
	slices.Sort(all)
	return all
}

func some(n int) bool { return n > 0 }
func one(n int) bool  { return n == 1 }
func none(n int) bool { return n == 0 }

func scalar(v Value) bool { return v.fits(Boolean) || v.fits(String) || v.fits(Number) }

func isText(v Value) bool { return v.fits(String) }

func isNumber(v Value) bool { return v.fits(Number) }

func isVersion(v Value) bool {
	text, ok := v.text()
	if !ok {
		return false
	}
	_, ok = parseVersion(text)
	return ok
}

// version is up to four numbers; those that are not written are zero.
type version [4]uint64

// parseVersion reads "v2.10.1-rc1+build": what follows a hyphen or a plus is not
// compared.
func parseVersion(text string) (v version, ok bool) {
	text = strings.TrimPrefix(text, "v")
	if end := strings.IndexAny(text, "-+"); end >= 0 {
		text = text[:end]
	}
	for i := 0; ; i++ {
		part, rest, more := strings.Cut(text, ".")
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil || i == len(v) {
			return v, false
		}
		v[i] = n
		if !more {
			return v, true
		}
		text = rest
	}
}

// condition is a compiled Condition.
type condition struct {
	attribute string
	op        Operator
	texts     []string
	set       map[string]struct{} // texts, where there are many
	numbers   []float64
	truths    []bool
	version   version
}

// manyTexts is from how many values on a set is faster than a list.
const manyTexts = 8

func compileCondition(c Condition) condition {
	out := condition{attribute: c.Attribute, op: c.Op}
	for _, v := range c.Values {
		if text, ok := v.text(); ok {
			out.texts = append(out.texts, text)
		}
		if n, ok := v.number(); ok {
			out.numbers = append(out.numbers, n)
		}
		if b, ok := v.boolean(); ok {
			out.truths = append(out.truths, b)
		}
	}
	if len(out.texts) >= manyTexts {
		out.set = make(map[string]struct{}, len(out.texts))
		for _, text := range out.texts {
			out.set[text] = struct{}{}
		}
	}
	if c.Op == Older || c.Op == Newer {
		out.version, _ = parseVersion(out.texts[0]) // Validate has read it
	}
	return out
}

// holds reports whether a target fulfils the condition.
func (c *condition) holds(t *Target) bool {
	a := t.find(c.attribute)
	if a == nil && c.attribute == KeyAttribute && t.key != "" {
		a = &Attribute{text: t.key}
	}
	switch {
	case c.op == Absent:
		return a == nil
	case a == nil:
		return false
	case a.kind != listAttribute:
		return c.one(a)
	}
	for _, text := range a.list {
		element := Attribute{text: text}
		if c.one(&element) != (c.op == NotIn) {
			return c.op != NotIn
		}
	}
	return c.op == NotIn
}

// one compares one value.
func (c *condition) one(a *Attribute) bool {
	switch c.op {
	case In:
		return c.has(a)
	case NotIn:
		return !c.has(a)
	case StartsWith, EndsWith, Contains:
		return a.kind == textAttribute && c.part(a.text)
	case Less:
		return a.kind == numberAttribute && a.number < c.numbers[0]
	case AtLeast:
		return a.kind == numberAttribute && a.number >= c.numbers[0]
	case Older, Newer:
		v, ok := parseVersion(a.text)
		return ok && a.kind == textAttribute && (slices.Compare(v[:], c.version[:]) < 0) == (c.op == Older)
	}
	return false
}

func (c *condition) has(a *Attribute) bool {
	switch a.kind {
	case textAttribute:
		if c.set != nil {
			_, ok := c.set[a.text]
			return ok
		}
		for _, text := range c.texts {
			if text == a.text {
				return true
			}
		}
	case numberAttribute:
		return slices.Contains(c.numbers, a.number)
	case truthAttribute:
		return slices.Contains(c.truths, a.truth)
	}
	return false
}

func (c *condition) part(text string) bool {
	for _, part := range c.texts {
		ok := false
		switch c.op {
		case StartsWith:
			ok = strings.HasPrefix(text, part)
		case EndsWith:
			ok = strings.HasSuffix(text, part)
		case Contains:
			ok = strings.Contains(text, part)
		}
		if ok {
			return true
		}
	}
	return false
}
