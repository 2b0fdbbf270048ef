// Package cli is the command line of Underpin: one file a command, each a short
// body that calls a package and prints what it returned.
//
// # One door in, one door out
//
// [Do] is the whole program: arguments and streams in, an exit code out. It
// owns the signals. The first Ctrl-C ends the context that every command works
// under, the second ends the process.
//
// A command returns its result through app.emit, which writes a page for people
// or one JSON object, and its failure as an error. Which exit code and which
// stable word an error stands for is one table, rules in exit.go, which
// docs/exit-codes.md repeats and a test compares. A command whose result is bad
// news (a gate refuses, rows differ) prints the result as usual and returns
// an outcome, an error that only carries the exit code.
//
// # Streams
//
// Standard output holds the result and nothing else. What happens on the way
// (events, progress bars, lines about waiting) and errors go to standard error.
// With --json the way is silent, and an error is one object too.
//
// # Settings
//
// Every setting may come from a flag, a variable UNDERPIN_*, or underpin.yaml,
// in this order of strength. Passwords come apart from the DSN and are never
// printed: the one function that knows the password hands it to the driver.
//
// # Text
//
// All text passes a filter that lets through nothing but printable characters
// and our own colours, so that a value of a database cannot steer a terminal.
package cli
