package flags_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

func bucket(t testing.TB, salt string, key ...any) uint16 {
	t.Helper()
	b, err := flags.Bucket(salt, key...)
	require.NoError(t, err)
	require.Less(t, b, uint16(flags.Buckets))
	return b
}

// The vectors are the contract: a different number is a different ramp.
func TestBucketVectors(t *testing.T) {
	for _, c := range []struct {
		salt string
		key  []any
		want uint16
	}{
		{"", []any{}, 9367},
		{"split-user-name", []any{int64(1)}, 3609},
		{"split-user-name", []any{int64(2)}, 7884},
		{"split-user-name", []any{int64(-9223372036854775808)}, 6516},
		{"split-user-name", []any{uint64(18446744073709551615)}, 3511},
		{"split-user-name", []any{"ann@example.com"}, 8143},
		{"split-user-name", []any{int64(7), int64(42)}, 5384},
		{"split-user-name", []any{[]byte{0x00, 0xff}}, 4570},
		{"move-orders", []any{int64(1)}, 9196},
		{"move-orders", []any{"żółć"}, 9640},
	} {
		require.Equal(t, c.want, bucket(t, c.salt, c.key...), "%s %v", c.salt, c.key)
	}
}

func TestBucketTakesAKeyInAnyForm(t *testing.T) {
	want := bucket(t, "s", int64(200))
	for _, same := range []any{int(200), int16(200), int32(200), uint(200), uint8(200), uint16(200), uint32(200), uint64(200), "200", []byte("200")} {
		require.Equal(t, want, bucket(t, "s", same), "%T", same)
	}
	require.Equal(t, bucket(t, "s", int8(-7)), bucket(t, "s", "-7"))
	require.Equal(t, bucket(t, "s", uint64(math.MaxUint64)), bucket(t, "s", "18446744073709551615"))
}

func TestBucketTellsPartsAndSaltsApart(t *testing.T) {
	require.NotEqual(t, bucket(t, "s", 1, 23), bucket(t, "s", 12, 3))
	same := 0
	for i := range 10000 {
		if bucket(t, "first", i) == bucket(t, "second", i) {
			same++
		}
	}
	require.Less(t, same, 15, "two salts have to be independent: one key in 10000 agrees by chance")
}

func TestBucketRefusesOtherTypes(t *testing.T) {
	for _, part := range []any{1.5, true, nil, [2]byte{1, 2}, struct{}{}} {
		_, err := flags.Bucket("s", part)
		require.ErrorIs(t, err, flags.ErrKeyType, "%T", part)
	}
}

// Chi-square over 100 cells of 100 basis points: with 99 degrees of freedom it
// exceeds 149 once in a thousand fair hashes.
func TestBucketIsUniform(t *testing.T) {
	const n, cells = 40_000, 100
	for name, key := range map[string]func(int) any{
		"sequence": func(i int) any { return i },
		"stride":   func(i int) any { return i * 4096 },
		"text":     func(i int) any { return fmt.Sprintf("user-%d@example.com", i) },
		"bytes":    func(i int) any { return []byte{byte(i >> 16), byte(i >> 8), byte(i)} },
	} {
		var seen [cells]float64
		for i := range n {
			seen[int(bucket(t, "split-user-name", key(i)))*cells/flags.Buckets]++
		}
		chi := 0.0
		for _, have := range seen {
			chi += (have - n/cells) * (have - n/cells) / (n / cells)
		}
		require.Less(t, chi, 149.0, name)
	}
}

func TestRampIsMonotone(t *testing.T) {
	for i := range 10000 {
		b := bucket(t, "ramp", i)
		inside := false
		for _, ramp := range []uint16{0, 100, 500, 2500, 5000, 10000} {
			now := b < ramp
			require.False(t, inside && !now, "key %d left the ramp at %d", i, ramp)
			inside = now
		}
		require.True(t, inside, "at the full ramp every key is inside")
	}
}

func TestBucketDoesNotAllocate(t *testing.T) {
	id, text, raw := int64(1<<40), "user@example.com", []byte("0123456789abcdef")
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _ = flags.Bucket("split-user-name", id)
		_, _ = flags.Bucket("split-user-name", id, text)
		_, _ = flags.Bucket("split-user-name", raw)
		_, _ = flags.NewSalt("split-user-name").Bucket(id)
	}))
}

func BenchmarkBucketInt(b *testing.B) {
	b.ReportAllocs()
	id, salt := int64(1<<40), flags.NewSalt("split-user-name")
	for b.Loop() {
		_, _ = salt.Bucket(id)
	}
}

func BenchmarkBucketText(b *testing.B) {
	b.ReportAllocs()
	text, salt := "1b4e28ba-2fa1-11d2-883f-0016d3cca427", flags.NewSalt("split-user-name")
	for b.Loop() {
		_, _ = salt.Bucket(text)
	}
}

func ExampleBucket() {
	place, err := flags.Bucket("split-user-name", 7)
	if err != nil {
		panic(err)
	}
	fmt.Println(place, place < 500, place < 2500)
	// Output: 9524 false false
}
