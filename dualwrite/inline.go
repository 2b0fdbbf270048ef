package dualwrite

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/shape"
)

// inline puts a statement's arguments into its text, so that it takes one round
// trip also over a pool that does not interpolate: a prepared statement takes
// three. Numbers are written as they are, strings and bytes as hexadecimal
// literals, which mean the same under every sql_mode. If the text is not
// understood, statement and arguments are returned as they came.
func inline(s shape.Statement) (query string, args []any) {
	if len(s.Args) == 0 {
		return s.SQL, nil
	}
	var b strings.Builder
	b.Grow(len(s.SQL) + 20*len(s.Args))
	rest, done := s.SQL, 0
	for {
		at := nextPlaceholder(rest)
		if at < 0 {
			break
		}
		if done == len(s.Args) {
			return s.SQL, s.Args
		}
		b.WriteString(rest[:at])
		if !writeLiteral(&b, s.Args[done]) {
			return s.SQL, s.Args
		}
		rest, done = rest[at+1:], done+1
	}
	if done != len(s.Args) {
		return s.SQL, s.Args
	}
	b.WriteString(rest)
	return b.String(), nil
}

func writeLiteral(b *strings.Builder, v any) bool {
	switch v := v.(type) {
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case uint64:
		b.WriteString(strconv.FormatUint(v, 10))
	case string:
		b.WriteString("_utf8mb4 X'" + hex.EncodeToString([]byte(v)) + "'")
	case []byte:
		b.WriteString("X'" + hex.EncodeToString(v) + "'")
	default:
		return false
	}
	return true
}

// nextPlaceholder returns where the next question mark is that is not part of a
// literal, a quoted name or a comment; -1 if there is none.
func nextPlaceholder(s string) int {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '?':
			return i
		case '\'', '"', '`':
			n := quoted(s[i:], c)
			if n < 0 {
				return -1
			}
			i += n - 1
		case '/':
			if strings.HasPrefix(s[i:], "/*") {
				n := strings.Index(s[i+2:], "*/")
				if n < 0 {
					return -1
				}
				i += n + 3
			}
		}
	}
	return -1
}

// quoted returns the length of the quoted text that s begins with; -1 if it
// does not end. A doubled quote ends one and begins another, which comes to the
// same.
func quoted(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`':
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return -1
}

// sortedKeys returns the keys in the form of their columns, each once, in an
// order that all units share: two units that touch the same rows lock them in
// the same order.
func sortedKeys(mapper *shape.Mapper, touched []Key) ([]shape.Key, error) {
	keys := make([]shape.Key, len(touched))
	for i, t := range touched {
		var err error
		if keys[i], err = mapper.NewKey(t...); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(keys, compareKeys)
	return slices.CompactFunc(keys, func(a, b shape.Key) bool { return compareKeys(a, b) == 0 }), nil
}

func compareKeys(a, b shape.Key) int {
	for i := range min(len(a), len(b)) {
		if c := comparePart(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func comparePart(a, b any) int {
	switch a := a.(type) {
	case int64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, b)
		case uint64:
			if a < 0 {
				return -1
			}
			return cmp.Compare(uint64(a), b)
		}
	case uint64:
		switch b := b.(type) {
		case uint64:
			return cmp.Compare(a, b)
		case int64:
			return -comparePart(b, a)
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return bytes.Compare(a, b)
		}
	}
	return cmp.Compare(rank(a), rank(b))
}

// rank orders parts of different types: a key column given once as a number
// and once as text.
func rank(v any) int {
	switch v.(type) {
	case int64, uint64:
		return 0
	case string:
		return 1
	}
	return 2
}
