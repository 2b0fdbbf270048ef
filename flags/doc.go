// Package flags switches features on for a share of the users and off for
// everybody. docs/flags.md is the guide; this is the design.
//
// # The copy
//
// A [Client] holds a copy of all flags, compiled, behind one atomic pointer. An
// evaluation loads the pointer and looks the flag up: no lock, no I/O, no
// allocation, nothing that can panic. One goroutine polls a [Source] for what has
// changed since the copy's [Position], builds the next copy and swaps the
// pointer. [Hinter]s bring its next poll forward, or the change itself, sealed so
// that nobody but a reader of the store can have made it, and the next poll looks
// after what it said ([Hint]). A second goroutine measures the age of the copy ten times a second,
// because reading a clock costs more than an evaluation does and because the
// poller may be waiting for a store that hangs.
//
// # What is safe
//
// A copy that was not confirmed for longer than a flag's bound serves the value
// that the flag declares safe, never silently the code's fallback: a switch that
// somebody turned off an hour ago must not stay on in a process that lost its
// store. The fallback is returned with an error only. A copy that says "off" is
// believed at any age: losing a connection must not undo a kill.
//
// # Experiments
//
// An [Assigner] stands between requirements and rules: what makes a flag safe, its
// switch, its age and what it requires, beats an experiment, and what only aims
// it does not. The arrow runs from package experiment to this one.
//
// # Stores
//
// [Memory] is in this package; sqlstore keeps flags in the control tables,
// filestore in a YAML file, redispub carries hints, openfeature is a provider,
// ofrep asks other flag systems for ramps, promflags exports the metrics. They are packages of their own so that an
// application links what it uses. Whoever writes a store holds two rules:
// versions rise by one with every change and become visible in their order, and
// each has a token that no other history can have.
//
// # Ramps
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
