package flags

import (
	"errors"
	"math/bits"
)

// Buckets is the number of places: one a basis point.
const Buckets = 10000

// ErrKeyType says that a part of a key is of a type that has no place.
var ErrKeyType = errors.New("a key part is neither an integer, a string nor []byte")

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// Salt is the hashed beginning of a place: what all keys of one ramp have in
// common. Make it once a ramp with [NewSalt]; it is a value and never changes.
type Salt uint64

// NewSalt returns the salt of that name. Different names keep the ramps of
// different changes independent of each other.
func NewSalt(name string) Salt { return Salt(addString(fnvOffset, name)) }

// Bucket returns the place of a key, from 0 to 9999. The parts are integers of
// any type of the language, strings or []byte; any other type is [ErrKeyType].
// It is safe for concurrent use and does not allocate.
func (s Salt) Bucket(key ...any) (uint16, error) {
	h := uint64(s)
	for _, part := range key {
		// The byte 0, which leaves the XOR of FNV-1a without effect.
		h *= fnvPrime
		var ok bool
		if h, ok = addPart(h, part); !ok {
			return 0, ErrKeyType
		}
	}
	return place(h), nil
}

// of is Bucket for a key of one string.
func (s Salt) of(key string) uint16 { return place(addString(uint64(s)*fnvPrime, key)) }

// place spreads a hash over the places.
func place(h uint64) uint16 {
	high, _ := bits.Mul64(mix(h), Buckets)
	return uint16(high)
}

// Bucket returns the place of a key under the salt of that name: a short form
// of NewSalt(salt).Bucket(key...) that hashes the name every time.
func Bucket(salt string, key ...any) (uint16, error) { return NewSalt(salt).Bucket(key...) }

func addPart(h uint64, part any) (sum uint64, ok bool) {
	switch v := part.(type) {
	case int64:
		return addInt(h, v), true
	case string:
		return addString(h, v), true
	case uint64:
		return addUint(h, v), true
	case int:
		return addInt(h, int64(v)), true
	case []byte:
		return addBytes(h, v), true
	case int32:
		return addInt(h, int64(v)), true
	case uint32:
		return addUint(h, uint64(v)), true
	case uint:
		return addUint(h, uint64(v)), true
	case int16:
		return addInt(h, int64(v)), true
	case uint16:
		return addUint(h, uint64(v)), true
	case int8:
		return addInt(h, int64(v)), true
	case uint8:
		return addUint(h, uint64(v)), true
	}
	return h, false
}

func addString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

func addBytes(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

func addInt(h uint64, v int64) uint64 {
	if v < 0 {
		return addUint((h^'-')*fnvPrime, -uint64(v))
	}
	return addUint(h, uint64(v))
}

// addUint adds the decimal text of v. It is written out because strconv takes
// as long as all the rest.
func addUint(h uint64, v uint64) uint64 {
	var text [20]byte
	at := len(text)
	for v >= 10 {
		at--
		text[at] = byte('0' + v%10)
		v /= 10
	}
	h = (h ^ ('0' + v)) * fnvPrime
	for ; at < len(text); at++ {
		h = (h ^ uint64(text[at])) * fnvPrime
	}
	return h
}

// mix is the finaliser of MurmurHash3: every bit of the input reaches every bit
// of the output.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return h
}
