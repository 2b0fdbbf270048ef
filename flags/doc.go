// Package flags decides which keys are inside a ramp.
//
// A ramp is a share of the keys in basis points: at 500 a twentieth of the keys
// are inside. [Salt.Bucket] gives every key a fixed place between 0 and 9999, and a
// key is inside while its place is below the ramp. So the decision is sticky (a
// key does not flip between two reads), monotone (a key inside at 5 % is inside
// at 25 %), and the same in every process, release and language that follows
// the recipe below. It takes no lock, no allocation and no state.
//
// # The recipe
//
// The place of a key is part of the contract: it never changes between versions
// of this package, and test vectors hold it. It is computed over bytes:
//
//  1. The bytes of the salt: the name of the change.
//  2. For each part of the key a zero byte, then the part: an integer as
//     decimal text ("-7"), a string or []byte as it is.
//
// These bytes go through 64-bit FNV-1a (offset 0xcbf29ce484222325, prime
// 0x100000001b3) and then through the finaliser of MurmurHash3 (fmix64), because
// the high bits of FNV-1a alone mix badly on short keys. The place is the high
// 64 bits of hash × 10000.
//
// So the integer 5, the string "5" and the bytes "5" have one place: it does not
// matter in which form an application carries a key. A string is taken byte by
// byte: keys that a collation calls equal, such as "Ann" and "ann", have places
// of their own. As each place is right to read from, that is harmless.
package flags
