// Package lifecycle walks a change through its whole life, forward, back from
// every phase and forward again, with an old and a new application at work in
// every phase that takes them. A [Case] is a kind of change: its schema, its
// change file and what the two applications do. The walk is the same for all.
//
// In every phase both applications insert, update, touch another column of, and
// delete rows; what each of them wrote is kept in a model, and after every step
// each row is read through both and compared with it. A phase that an
// application may not run in has to refuse it. After the way back to planned the
// schema has to be what it was, and after contracting nothing of ours may be
// left beside the control tables.
package lifecycle
