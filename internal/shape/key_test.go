package shape

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func TestKeysSurviveStorage(t *testing.T) {
	t.Parallel()
	for _, key := range []Key{
		{int64(-9223372036854775808)}, {int64(0)}, {uint64(18446744073709551615)}, {uint64(0)}, {""}, {"0xab"}, {"\xff\xfe"},
		{[]byte{}}, {[]byte("0xab")}, {[]byte{0, 1, 0}}, {int64(1), "a", []byte{2}, uint64(3)}, {},
	} {
		stored, err := key.Encode()
		require.NoError(t, err)
		back, err := DecodeKey(stored)
		require.NoError(t, err)
		require.Equal(t, key, back, string(stored))
	}
	back, err := DecodeKey(nil)
	require.NoError(t, err)
	require.Nil(t, back)
	_, err = Key{1.5}.Encode()
	require.ErrorContains(t, err, "key part 1 is a float64")
}

func TestStoredKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", "5", "[{}]", `[{"b":"*"}]`, `[{"s":"*"}]`, `[{"i":"1"}]`, `[{"i":9223372036854775808}]`, `[{"u":-1}]`} {
		_, err := DecodeKey([]byte(text))
		require.ErrorIs(t, err, ErrBadKey, text)
	}
}

func TestKeysAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	require.Equal(t, `-5, "it's", 0x00FF, 7`, Key{int64(-5), "it's", []byte{0, 255}, uint64(7)}.String())
}

func TestKeysFromAnApplication(t *testing.T) {
	t.Parallel()
	m, err := New("c", tableChange())
	require.NoError(t, err)
	for _, n := range []any{5, int8(5), int16(5), int32(5), int64(5)} {
		key, err := m.NewKey(n, []byte("x"))
		require.NoError(t, err)
		require.Equal(t, Key{int64(5), "x"}, key)
	}
	_, err = m.NewKey(1)
	require.ErrorIs(t, err, ErrKeyParts)
	_, err = m.NewKey(1, 2.5)
	require.ErrorContains(t, err, "key column code: a value of type float64")
}

// FuzzKeyStorage makes keys of any parts out of bytes and stores them.
func FuzzKeyStorage(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, "text")
	f.Add([]byte("\x00\xff\xfe0xab"), "\xc3\x28")
	f.Fuzz(func(t *testing.T, raw []byte, s string) {
		key := Key{s, slices.Clone(raw)}
		if len(raw) >= 8 {
			n := binary.LittleEndian.Uint64(raw)
			key = append(key, n, int64(n))
		}
		if key[1] == nil || raw == nil {
			key[1] = []byte{}
		}
		stored, err := key.Encode()
		require.NoError(t, err)
		require.True(t, utf8.Valid(stored))
		back, err := DecodeKey(stored)
		require.NoError(t, err)
		require.Equal(t, key, back)
	})
}

// FuzzStoredKey feeds anything to the decoder: it refuses, or what it read is
// stored as the same key again.
func FuzzStoredKey(f *testing.F) {
	f.Add([]byte(`[{"i":1},{"s":"YQ=="},{"b":""},{"u":18446744073709551615}]`))
	f.Add([]byte(`null`))
	f.Add([]byte(`[{"i":1,"s":"YQ=="}]`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		key, err := DecodeKey(stored)
		if err != nil {
			require.ErrorIs(t, err, ErrBadKey)
			return
		}
		if key == nil {
			return
		}
		again, err := key.Encode()
		require.NoError(t, err)
		back, err := DecodeKey(again)
		require.NoError(t, err)
		require.Equal(t, key, back)
	})
}

// FuzzQuote reads a quoted identifier the way the servers do.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"a", "a`b", "``", "", "order", "ä`", "a.b", "x; DROP TABLE y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		q := mysqlx.Quote(name)
		require.True(t, strings.HasPrefix(q, "`") && strings.HasSuffix(q, "`") && len(q) >= 2)
		var b strings.Builder
		inner := q[1 : len(q)-1]
		for i := 0; i < len(inner); i++ {
			if inner[i] == '`' {
				i++
				require.Less(t, i, len(inner), "a lone backtick ends the identifier early")
				require.Equal(t, byte('`'), inner[i])
			}
			b.WriteByte(inner[i])
		}
		require.Equal(t, name, b.String())
	})
}
