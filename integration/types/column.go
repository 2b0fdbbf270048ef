package types

// Engine says where a column can be had; the zero value is both.
type Engine string

// The engines.
const (
	Both    Engine = ""
	MySQL   Engine = "mysql"
	MariaDB Engine = "mariadb"
)

// On reports whether something of this engine is there on another.
func (e Engine) On(engine string) bool { return e == Both || string(e) == engine }

// Kind is a kind of difference between two rows that should be in step.
type Kind string

// The kinds.
const (
	Other      Kind = "another value"
	OneBit     Kind = "one bit"
	Sign       Kind = "sign"
	ZeroSign   Kind = "sign of zero"
	LastDigit  Kind = "last digit"
	LastByte   Kind = "last byte"
	ZeroByte   Kind = "trailing zero byte"
	Space      Kind = "trailing space"
	Leading    Kind = "leading space"
	Case       Kind = "case"
	Accent     Kind = "accent"
	Equivalent Kind = "equivalent letters"
	NullEmpty  Kind = "NULL and empty"
	NullZero   Kind = "NULL and zero"
	Moment     Kind = "smallest unit of time"
	NumberForm Kind = "form of a number"
	Type       Kind = "type inside a document"
	Member     Kind = "another member"
	Shape      Kind = "same shape written differently"
	System     Kind = "another reference system"
	Missing    Kind = "row missing"
	Extra      Kind = "row extra"
)

// Near is two values, as SQL, that are different data and hard to tell apart.
type Near struct {
	Kind Kind
	A, B string
}

// Column is a column type that is mapped, with values of it as SQL.
type Column struct {
	Name   string // of the column in the tests' tables
	DDL    string
	Engine Engine
	Values []string // NULL is always one more
	Near   []Near   // NULL and the first value are always one more
	// Shown is what the tests tell values apart by, over {v}, where the text
	// does not say all; empty is the text.
	Shown string
}

// Columns returns the mapped types of an engine.
func Columns(engine string) []Column {
	var out []Column
	for _, list := range [][]Column{numbers, times, texts(), bytes, documents, listed, addresses, carried} {
		for _, c := range list {
			if c.Engine.On(engine) {
				out = append(out, c)
			}
		}
	}
	return out
}

// Pairs returns the pairs of near values of a column.
func (c Column) Pairs() []Near {
	return append([]Near{{Other, "NULL", c.Values[0]}}, c.Near...)
}
