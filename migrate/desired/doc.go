// Package desired finds out what leads from the live schema to a desired one,
// given as CREATE TABLE statements, and says it as DDL, from which package plan
// derives changes.
//
// # How
//
// Each desired table that is not written exactly as the server has it is
// created, empty, under a scratch name in the same database, so that the server
// itself says what the text means: types, defaults and collations are compared
// as it reports them and not as they were typed. Atlas inspects both tables and
// finds the differences. Foreign keys and checks are compared apart from that: a
// scratch table has none, because their names are unique within a database.
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
