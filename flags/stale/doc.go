// Package stale finds flags that should be gone, and code that asks for flags
// that are not there.
//
// # Rules
//
//   - closed-live: a flag is closed and text of the program still names it.
//   - unknown: code asks for a flag that the store does not have.
//   - expired: a flag is past the day on which it should have been gone.
//   - unused: a flag is older than the idle time and nobody has evaluated it
//     within it.
//
// # How code is read
//
// Go files are parsed. Any string literal that is the name of a closed flag counts
// as live code, so that a name kept in a constant, a table or a struct tag is
// found. As asking counts a method call with four arguments or more whose name
// is one of [Methods] and whose second argument is a string: the form of
// package flags, client.Bool(ctx, "new-checkout", target, false), and of
// OpenFeature's SDK. Names that are put together at run time are not seen.
//
// Other text is read by patterns that the caller gives: regular expressions
// whose first group is the name of a flag.
package stale
