// Package types holds what Underpin does with each column type of the servers:
// which are mapped and how they are compared, which are refused and why. It is
// data: the tests run every line of it on both engines, and docs/types.md is
// printed from it.
//
// Three properties are tested. Every value of a mapped type survives the way
// to the other shape and back, to the byte, as seen by a fingerprint that has
// nothing to do with the product's own comparison. A difference of any kind
// that is planted in any of the types is found by the verification: 10,000 of
// 10,000, and not one on clean tables. And no type of the server is missing
// from the lists: the words of the server's own grammar are tried as types.
package types
