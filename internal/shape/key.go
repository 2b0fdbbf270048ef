package shape

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Key is the value of a row's key, a part a column: int64, uint64, string (also
// for decimals, times, UUIDs and addresses, as the server prints them) or []byte.
type Key []any

// String shows the key to people: its parts, separated by commas.
func (k Key) String() string {
	parts := make([]string, len(k))
	for i, v := range k {
		switch v := v.(type) {
		case []byte:
			parts[i] = fmt.Sprintf("0x%X", v)
		case string:
			parts[i] = strconv.Quote(v)
		default:
			parts[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(parts, ", ")
}

// encodedPart is one part of a key, with its type said, so that what is read
// back is what was written whatever it looks like.
type encodedPart struct {
	Int    *int64  `json:"i,omitempty"`
	Uint   *uint64 `json:"u,omitempty"`
	String *string `json:"s,omitempty"`
	Bytes  *string `json:"b,omitempty"` // base64
}

// ErrBadKey says that a stored key cannot be read back.
var ErrBadKey = errors.New("a stored key cannot be read back")

// Encode returns the key in the form in which cursors are stored.
func (k Key) Encode() ([]byte, error) {
	parts := make([]encodedPart, len(k))
	for i, v := range k {
		switch v := v.(type) {
		case int64:
			parts[i].Int = &v
		case uint64:
			parts[i].Uint = &v
		case string:
			// JSON strings hold valid UTF-8 only; text keys come from the
			// server as utf8mb4, but nothing is left to that.
			text := base64.StdEncoding.EncodeToString([]byte(v))
			parts[i].String = &text
		case []byte:
			text := base64.StdEncoding.EncodeToString(v)
			parts[i].Bytes = &text
		default:
			return nil, fmt.Errorf("key part %d is a %T, which no key column yields", i+1, v)
		}
	}
	return json.Marshal(parts)
}

// DecodeKey reads what Encode wrote; nil is a nil key.
func DecodeKey(text []byte) (Key, error) {
	if text == nil {
		return nil, nil
	}
	var parts []encodedPart
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrBadKey, text, err)
	}
	key := make(Key, len(parts))
	for i, p := range parts {
		var err error
		switch {
		case p.Int != nil:
			key[i] = *p.Int
		case p.Uint != nil:
			key[i] = *p.Uint
		case p.String != nil:
			var b []byte
			b, err = base64.StdEncoding.DecodeString(*p.String)
			key[i] = string(b)
		case p.Bytes != nil:
			key[i], err = base64.StdEncoding.DecodeString(*p.Bytes)
		default:
			err = errors.New("a part without a value")
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrBadKey, text, err)
		}
	}
	return key, nil
}

// keyClass is how a key column travels between server and process.
type keyClass int

const (
	keyInt keyClass = iota
	keyUint
	keyText   // as a string of characters
	keyBinary // as bytes
	keyAsText // decimals, times and addresses, as the server prints them
)

// keyClasses is which types a key may have. Floating-point keys are not among
// them because equality is not theirs to give; ENUM and SET because they sort
// by ordinal and compare by text; BIT because it travels as bytes and compares
// as a number.
var keyClasses = map[string]keyClass{
	"tinyint": keyInt, "smallint": keyInt, "mediumint": keyInt, "int": keyInt, "bigint": keyInt,
	"char": keyText, "varchar": keyText,
	"binary": keyBinary, "varbinary": keyBinary,
	"decimal": keyAsText, "date": keyAsText, "datetime": keyAsText, "time": keyAsText, "year": keyInt,
	"uuid": keyAsText, "inet4": keyAsText, "inet6": keyAsText,
}

// SupportsKey reports whether a column can be part of the key.
func SupportsKey(c migrate.Column) bool {
	_, ok := keyClasses[c.DataType]
	return ok
}

func classOfKey(c migrate.Column) keyClass {
	class := keyClasses[c.DataType]
	if class == keyInt && strings.Contains(c.ColumnType, "unsigned") {
		return keyUint
	}
	return class
}

// keyList is the select list that yields a key in a form ScanKey understands.
func keyList(alias string, key []migrate.Column) string {
	out := make([]string, len(key))
	for i, c := range key {
		out[i] = alias + "." + mysqlx.Quote(c.Name)
		if classOfKey(c) == keyAsText {
			out[i] = "CAST(" + out[i] + " AS CHAR)"
		}
	}
	return strings.Join(out, ", ")
}

// keyScanner scans key columns.
type keyScanner struct {
	key  []migrate.Column
	raw  []sql.RawBytes
	dest []any
}

func newKeyScanner(key []migrate.Column) *keyScanner {
	s := &keyScanner{key: key, raw: make([]sql.RawBytes, len(key)), dest: make([]any, len(key))}
	for i := range s.raw {
		s.dest[i] = &s.raw[i]
	}
	return s
}

func (s *keyScanner) value() (Key, error) {
	out := make(Key, len(s.key))
	for i, c := range s.key {
		var err error
		switch text := s.raw[i]; classOfKey(c) {
		case keyInt:
			out[i], err = strconv.ParseInt(string(text), 10, 64)
		case keyUint:
			out[i], err = strconv.ParseUint(string(text), 10, 64)
		case keyBinary:
			out[i] = slices.Clone([]byte(text))
		default:
			out[i] = string(text)
		}
		if err != nil {
			return nil, fmt.Errorf("key column %s: %w", c.Name, err)
		}
	}
	return out, nil
}

// ScanKey scans one row of a query whose select list was made here and holds
// the key alone.
func (m *Mapper) ScanKey(rows *sql.Rows) (Key, error) {
	s := newKeyScanner(m.mapping.Source.Key)
	if err := rows.Scan(s.dest...); err != nil {
		return nil, err
	}
	return s.value()
}

// ErrKeyParts says that a key has not as many parts as the key has columns.
var ErrKeyParts = errors.New("wrong number of key parts")

// NewKey makes a key from values of the application, which may be of any
// integer type, string or []byte.
func (m *Mapper) NewKey(parts ...any) (Key, error) {
	if len(parts) != len(m.mapping.Source.Key) {
		return nil, fmt.Errorf("%w: table %s has a key of %d, got %d",
			ErrKeyParts, m.mapping.Source.Name, len(m.mapping.Source.Key), len(parts))
	}
	key := make(Key, len(parts))
	for i, p := range parts {
		v, err := keyPart(m.mapping.Source.Key[i], p)
		if err != nil {
			return nil, err
		}
		key[i] = v
	}
	return key, nil
}

// keyPart brings one value into the form of its column, so that a text key
// given as []byte is not compared as binary and a number not as text.
func keyPart(c migrate.Column, v any) (any, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case int64, uint64:
		return v, nil
	case uint:
		return uint64(v), nil
	case uint8:
		return uint64(v), nil
	case uint16:
		return uint64(v), nil
	case uint32:
		return uint64(v), nil
	case string:
		if classOfKey(c) == keyBinary {
			return []byte(v), nil
		}
		return v, nil
	case []byte:
		if classOfKey(c) != keyBinary {
			return string(v), nil
		}
		return slices.Clone(v), nil
	}
	return nil, fmt.Errorf("key column %s: a value of type %T cannot be a key; use an integer, string or []byte", c.Name, v)
}
