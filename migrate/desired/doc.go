// Package desired finds out what leads from the live schema to a desired one,
// given as CREATE TABLE statements, and says it as DDL, from which package plan
// derives changes.
//
// # How
//
// The server itself says what a text means: types, defaults and collations are
// compared as it writes them and not as they were typed. That is asked for in
// three ways, each dearer than the one before:
//
//   - A table that is written as SHOW CREATE TABLE writes the live one is the same.
//   - Of any other a temporary table is made, which costs the server next to
//     nothing, and SHOW CREATE TABLE of both is compared, part by part, a few
//     tables side by side. Foreign keys, which a temporary table cannot have, are
//     compared by what they mean. Whatever is in doubt is not taken for the same:
//     a table in another engine than InnoDB, what a temporary table refuses
//     (partitions, FULLTEXT, compressed rows), what the parser does not write
//     back, and everything for a user without CREATE TEMPORARY TABLES. On a
//     server that is read only, and for a user who cannot keep temporary tables
//     out of its binary log, there are none.
//   - The rest is created, empty, under a scratch name in the same database, and
//     Atlas inspects both tables and finds the differences. What Atlas does not
//     know, such as AUTO_INCREMENT, ON UPDATE or an invisible index, the texts
//     show: DDL for it is written in the server's words, or it is refused.
//
// A scratch table has no foreign keys, and its checks other names, because their
// names are unique within a database. Constraints are added and dropped by name; one
// that has kept its name and means something else is refused.
//
// The order of indexes means nothing. That of columns is not changed: there is no
// DDL for it here.
//
// # Never guessed
//
// A column that is not in the desired schema may be one to drop or one that got
// another name; only its author knows. So [Diff] refuses what is missing until
// [Options] says which it is: Renamed or Dropped. Tables that the desired schema
// does not mention are left alone unless they are named there.
//
// No user table is touched or locked: live tables are read through
// information_schema and SHOW CREATE TABLE.
package desired
