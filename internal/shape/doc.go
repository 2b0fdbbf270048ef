// Package shape turns a mapping into SQL: the statements that mirror a write,
// reconcile a key range and compare the two shapes. Everything that touches
// both shapes, in the application's library and in Underpin's own workers, runs
// statements made here, so that there is one notion of "in step".
//
// # In step
//
// Values are compared the way they are stored: an expression is first cast to
// the type of the column it is for, then compared null-safely and byte by byte
// (see [Mapper.inStep]). No collation makes different bytes equal, no hash can
// cancel. Types whose values can be compared by their bytes but not made from an
// expression are carried between columns of the same type alone ([ColumnUse]).
// Under [migrate.StepExact] a pair is in step when target = f(source);
// under [migrate.StepEither] also when the target is mapped and source =
// g(target). A column target counts as unmapped while all its columns are NULL.
//
// A mapping is divided into parts, groups of columns that explain each other and
// nothing else (see [Mapper.divide]), and each part is in step or not by itself. In
// a table change every column of a row is mapped; if the row were judged as a whole,
// a release that counts a visit would have the name mapped again, and wipe what
// a newer release wrote there.
//
// # Reconcile
//
// Statements for a table change, in this order: delete follower rows whose
// authority is gone, update pairs that are out of step, part by part, insert
// what is missing. For a column change, where both shapes share a row, the
// updates alone.
// None is an upsert: a row that appears under our hands on the same key is a
// duplicate-key error and the unit is retried, and a collision on another
// unique key is an error that names both rows.
//
// The statements are right inside a transaction in which the authority's rows
// are locked: because it has just written them (a mirror), because it locked
// them first ([Mapper.Lock], copy-on-read), or because it runs at REPEATABLE
// READ, where DML takes shared locks on what it reads (the backfill).
package shape
