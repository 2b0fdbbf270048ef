// Package redispub carries hints over Redis: a process that changes flags
// publishes the change, and every process that listens has it at once instead of
// within a second. It is a package of its own so that an application that uses no
// Redis links none.
//
// Redis holds no flags and decides nothing. A message may be lost, doubled, late,
// out of order or forged: see [flags.Hint] for what a client makes of it, and why
// who may publish cannot make a client serve what the store has not said. While
// Redis is down everything goes on at the pace of the poll; after every new
// subscription the listener polls once, because what was published in between is
// lost.
package redispub
