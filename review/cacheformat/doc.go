// Package cacheformat reads out of Go code how the keys and the values of a cache
// look, and says what has changed between two states of the code.
//
// What belongs to a cache is said in the code, by a directive in front of a
// declaration:
//
//	//underpin:cache users
//	type cachedUser struct { … }          // a value: its fields, with those of the types of its package
//
//	//underpin:cache users
//	func userKey(id int64) string { … }   // how a key is made; a constant or a variable says it as well
//
// or in the configuration, by the pattern of the keys and the names of the types.
//
// Of a value counts what encoders see: exported fields by the name that a tag
// gives them, else by their own, their types, and methods that encode. The order
// of fields does not count. A type of another package is taken by its name: what
// it looks like inside is that package's to declare.
package cacheformat
