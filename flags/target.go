package flags

import (
	"slices"
	"strconv"
)

// Attributes with a meaning of their own.
const (
	// KeyAttribute is the name by which a condition speaks of the target's key.
	KeyAttribute = "key"
	// RingsAttribute lists the rings that a target belongs to.
	RingsAttribute = "rings"
)

// Target is whom a flag is evaluated for: a key that decides its place in every
// split, and attributes that rules ask about. It is a value; With and In return
// another one. Make it once a request and use it for every flag.
type Target struct {
	key        string
	attributes []Attribute
}

// attributeKind is the kind of an attribute's value.
type attributeKind uint8

const (
	textAttribute attributeKind = iota
	numberAttribute
	truthAttribute
	listAttribute
)

// Attribute is one attribute of a target. [AttributeOf] makes it.
type Attribute struct {
	name   string
	kind   attributeKind
	truth  bool
	text   string
	number float64
	list   []string
}

// AttributeOf returns an attribute.
func AttributeOf[T string | float64 | bool | []string](name string, value T) Attribute {
	switch v := any(value).(type) {
	case string:
		return Attribute{name: name, text: v}
	case float64:
		return Attribute{name: name, kind: numberAttribute, number: v}
	case bool:
		return Attribute{name: name, kind: truthAttribute, truth: v}
	case []string:
		return Attribute{name: name, kind: listAttribute, list: v}
	}
	return Attribute{name: name}
}

// User returns the target with this key: a user, an account, a machine. Numbers
// have the place of their decimal text. An empty key has no place: what needs
// one fails with [ErrNoKey].
func User[K string | int | int32 | int64 | uint | uint32 | uint64](key K) Target {
	switch k := any(key).(type) {
	case string:
		return Target{key: k}
	case int:
		return Target{key: strconv.Itoa(k)}
	case int32:
		return Target{key: strconv.FormatInt(int64(k), 10)}
	case int64:
		return Target{key: strconv.FormatInt(k, 10)}
	case uint:
		return Target{key: strconv.FormatUint(uint64(k), 10)}
	case uint32:
		return Target{key: strconv.FormatUint(uint64(k), 10)}
	case uint64:
		return Target{key: strconv.FormatUint(k, 10)}
	}
	return Target{}
}

// Nobody is a target without a key, for flags that serve everybody alike.
func Nobody() Target { return Target{} }

// Key returns the target's key.
func (t Target) Key() string { return t.key }

// With returns the target with an attribute more, or another value of it.
func (t Target) With(name, value string) Target { return t.WithAll(AttributeOf(name, value)) }

// WithNumber is With for a number.
func (t Target) WithNumber(name string, value float64) Target {
	return t.WithAll(AttributeOf(name, value))
}

// WithBool is With for a truth value.
func (t Target) WithBool(name string, value bool) Target { return t.WithAll(AttributeOf(name, value)) }

// WithList is With for several strings.
func (t Target) WithList(name string, values ...string) Target {
	return t.WithAll(AttributeOf(name, values))
}

// In returns the target as a member of these rings.
func (t Target) In(rings ...string) Target { return t.WithList(RingsAttribute, rings...) }

// WithAll is With for any number of attributes, with one allocation. Of two with
// one name the last counts. It never writes to the attributes of the target it is
// called on.
func (t Target) WithAll(more ...Attribute) Target {
	all := Target{attributes: make([]Attribute, 0, len(more)+len(t.attributes))}
	for i := range slices.Backward(more) {
		all.add(&more[i])
	}
	for i := range t.attributes {
		all.add(&t.attributes[i])
	}
	t.attributes = all.attributes
	return t
}

func (t *Target) add(a *Attribute) {
	if t.find(a.name) == nil {
		t.attributes = append(t.attributes, *a)
	}
}

// Text returns the text of an attribute, that of a number or a truth value
// included; a list has none.
func (t Target) Text(name string) (text string, ok bool) {
	a := t.find(name)
	if a == nil {
		return "", false
	}
	switch a.kind {
	case textAttribute:
		return a.text, true
	case numberAttribute:
		return strconv.FormatFloat(a.number, 'f', -1, 64), true
	case truthAttribute:
		return strconv.FormatBool(a.truth), true
	case listAttribute:
	}
	return "", false
}

// find returns an attribute, or nil.
func (t *Target) find(name string) *Attribute {
	for i := range t.attributes {
		if t.attributes[i].name == name {
			return &t.attributes[i]
		}
	}
	return nil
}
