// Package source finds the migrations of a checkout and says of each what it
// is: its tool's format, its version and order, what leads up and what leads
// down, and whether the pull request added it, or it was there before.
//
// Formats are rows of one table: how a folder of theirs is recognised, which
// files of it are migrations, how they are ordered, and how a file is cut into
// sections. A folder whose format cannot be told is read only when it is named.
//
// With a base, what was added since the merge base is under review, as one set:
// it is released together. Everything else is of the past, and is replayed for
// what it says of the schema. A past file that has been edited or removed is
// known as such. Without a base every migration is under review, each as a set
// of its own.
//
// Git is asked through its own program, for facts only; nothing is fetched.
package source
