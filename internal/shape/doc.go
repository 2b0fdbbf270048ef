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
// # Merges
//
// In a merge the target's rows are there whether or not the source has one of
// their key ([migrate.Mapping.Merge]). Whether it has is told by the assigned
// columns: while all of them are blank, NULL or the default of a column that takes
// none, the row stands for no source row, and otherwise for one. So a merge is
// a table change whose target is the rows that stand for one, and the statements
// are those of a table change, but forward: where one would insert a target row
// the columns of the row that is there are filled, and where one would delete it
// they are made blank. Blank and default are compared to the byte, as values are.
//
//   - Whether a pair is in step never hangs on g alone: a source row whose target
//     row is blank is mapped, even if g yields the source row of blank columns.
//     Otherwise a row that an older release adds would be taken for deleted.
//   - f must not yield blank columns, and what a release writes into the columns
//     has to be all that is needed to tell: the planner sees to both.
//   - A source row without a target row of its key, a stray, has nowhere to go.
//     It counts as missing, nothing here writes or deletes it forward, and whoever
//     runs the statements asks [Mapper.Strays]. Backward it is deleted, since
//     a release that writes the target has deleted its target row.
//   - Keys that a collation calls equal are the same row. The target's spelling
//     stays, and a source row that is made anew gets it.
//
// Ranges are walked by the target's rows in both directions.
//
// The statements are right inside a transaction in which the authority's rows
// are locked: because it has just written them (a mirror), because it locked
// them first ([Mapper.Lock], copy-on-read), or because it runs at REPEATABLE
// READ, where DML takes shared locks on what it reads (the backfill).
package shape
