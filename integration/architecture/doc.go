// Package architecture holds the rules of the house as tests: which package may
// link what, that every package says what it is for, that phases are never
// ordered. A rule that nobody runs is a wish.
package architecture
