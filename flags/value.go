package flags

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Value is a JSON value as it was written: a boolean, a string, a number or a
// document. The zero value is none.
type Value struct{ raw json.RawMessage }

// ValueOf returns a value that holds a boolean, a string or a number.
func ValueOf[T bool | string | int | int64 | float64](v T) Value {
	raw, err := json.Marshal(v)
	if err != nil { // NaN and the infinities
		return Value{}
	}
	return Value{raw}
}

// Document returns a value that holds a JSON document. It fails for text that
// is no JSON.
func Document(text []byte) (Value, error) {
	if !json.Valid(text) {
		return Value{}, fmt.Errorf("%w: %.64q is no JSON", ErrValue, text)
	}
	var v Value
	err := v.UnmarshalJSON(text)
	return v, err
}

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.raw == nil {
		return []byte("null"), nil
	}
	return v.raw, nil
}

// UnmarshalJSON implements json.Unmarshaler: text is valid JSON. Space between the
// parts of a document is dropped.
func (v *Value) UnmarshalJSON(text []byte) error {
	if !bytes.ContainsAny(text, " \t\r\n") { // most values
		v.raw = bytes.Clone(text)
		return nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return fmt.Errorf("a value has to be JSON: %w", err)
	}
	v.raw = b.Bytes()
	return nil
}

// String returns the value as JSON.
func (v Value) String() string { return string(v.raw) }

func (v Value) boolean() (value, ok bool) {
	switch string(v.raw) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func (v Value) text() (string, bool) {
	if len(v.raw) == 0 || v.raw[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(v.raw, '\\') < 0 && utf8.Valid(v.raw) {
		return string(v.raw[1 : len(v.raw)-1]), true
	}
	var s string
	return s, json.Unmarshal(v.raw, &s) == nil
}

func (v Value) number() (float64, bool) {
	if len(v.raw) == 0 || v.raw[0] != '-' && (v.raw[0] < '0' || v.raw[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(v.raw), 64)
	return n, err == nil
}

// integer returns the whole number, exactly.
func (v Value) integer() (int64, bool) {
	if n, err := strconv.ParseInt(string(v.raw), 10, 64); err == nil {
		return n, true
	}
	f, ok := v.number()
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// fits says whether the value is of the type.
func (v Value) fits(t Type) bool {
	ok := false
	switch t {
	case Boolean:
		_, ok = v.boolean()
	case String:
		_, ok = v.text()
	case Number:
		_, ok = v.number()
	case JSON:
		ok = len(v.raw) > 0
	}
	return ok
}

// Share is a part of all targets in basis points, from 0 to [Buckets]. As text
// it is a percentage: "0.01%", "5%", "100%".
type Share uint16

// All is every target.
const All Share = Buckets

// ErrShare says that a percentage is out of bounds or finer than can be kept.
var ErrShare = errors.New("a share is a percentage from 0 to 100 in steps of 0.01")

// ParseShare reads a percentage, with or without its sign. One that is finer
// than 0.01 is refused and not rounded: [ErrShare].
func ParseShare(text string) (Share, error) {
	bad := func(why string) (Share, error) { return 0, fmt.Errorf("%w: %q %s", ErrShare, text, why) }
	number := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%"))
	whole, fraction, dotted := strings.Cut(number, ".")
	if whole == "" || dotted && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return bad("is no such number")
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		return bad("is finer")
	}
	for len(fraction) < 2 {
		fraction += "0"
	}
	n, err := strconv.ParseUint(whole+fraction, 10, 32)
	if err != nil || n > uint64(All) {
		return bad("is more than 100")
	}
	return Share(n), nil
}

// String returns the percentage: "33.33%".
func (s Share) String() string {
	text := fmt.Sprintf("%d.%02d", s/100, s%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// MarshalText implements encoding.TextMarshaler.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Share) UnmarshalText(text []byte) (err error) {
	*s, err = ParseShare(string(text))
	return err
}

// Duration is a length of time that is written as text: "30s", "24h".
type Duration time.Duration

// String returns the text that UnmarshalText reads.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}
