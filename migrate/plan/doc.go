// Package plan turns a change file into a [Plan]: the ordered steps of one
// change, each with its SQL, its gate, its flag, the release that must be live
// and its way back.
//
// # From a file to a plan
//
//	change.yaml ──ParseFile──▶ File ──Build──▶ Plan ──Marshal──▶ control table
//	                                    ▲        └────Render──▶ plan.md
//	                          live schema, a scratch copy, sampled rows
//
// [ParseFile] is strict: it knows every field, and reports all mistakes of a
// file at once with line and column. [Build] asks the server about everything
// else and believes nothing it could ask for instead:
//
//   - The DDL under expand and contract is parsed, held against a list of what
//     is allowed, and then carried out on an empty scratch table made with
//     CREATE TABLE … LIKE. What information_schema says about the scratch is
//     what the plan says about the target. User tables are never touched.
//   - Every expression is parsed, has its columns resolved and rewritten to
//     the marker form of [migrate.Expression], is checked to be deterministic
//     against a list of functions that are, and is then prepared by the server
//     over the scratch.
//   - A sample of real rows goes through the mapping forth and back, with
//     plain SELECTs under a time limit: how many rows would not fit, and how
//     many would not come back as they were.
//
// What speaks against a change is a [Finding] with a stable [Code]. Findings
// that forbid it make Build return a [*RefusedError] that carries them all;
// the rest are in the plan for the reviewer.
//
// # Kinds of mapping
//
// The target is columns of the source's own table (a column change), a table
// that expand creates (a table change), or columns that expand adds to another
// table which is there (a merge). Which it is follows from the file and the live
// schema. A table that is there may not be overwritten, so forward may assign
// nothing in it but columns that are new.
//
// A merge has to answer for rows that are on one side only. A target row need not
// have a source row; its new columns then are blank, which [migrate.Mapping] says
// how to tell, and the planner refuses a mapping by which a row that is there
// could be blank too, or a column that is not plainly blank. A source row has to
// have a target row: strays are listed and refused here, quarantined by the
// backfill and refused at the write. A foreign key between the two may delete
// source rows along with their target rows, which both shapes then lose in one
// statement; one that would keep a release which knows the target alone from
// deleting is refused.
//
// # What is hashed
//
// [Plan.Hash] covers what will be done: the change with its mapping, the DDL,
// the settings of reads, backfill and connections, and the gates. It does not
// cover facts about the place the plan was made in (sizes, versions, sample,
// findings), nor the file's layout. So the plan that was reviewed against one
// server has the same hash on another whose schema is the same, and [Unmarshal]
// detects a plan that was edited.
//
// # What is left to the server at hand
//
// DDL is stored as its author wrote it. What it costs hangs on the server, its
// version and the table as it is, so it is a fact and not part of the hash: the
// plan says what each statement costs where it was made ([Plan.Cost]), with the
// ALGORITHM and LOCK clauses by which that server refuses anything harder, and
// [CostOf] says it again when the statement is due. [Taken] looks at the live schema to see whether a
// statement has taken effect already, so that an engine that crashed between a
// statement and its record can go on.
//
// # From DDL to change files
//
// [Derive] makes change files of DDL, by what a statement does to running code:
//
//   - It does not notice, or has to be ready first, or what it uses goes: a change
//     of the schema alone, a step for each (see kinds and facets).
//   - A column gets another name or type: a column beside the old one, both kept
//     in step, with every plain index over it.
//   - The table gets another key, partitions or character set, or a column does
//     that a unique index stands on: a table beside the old one, as the server
//     makes it of a scratch copy, with the rows of both kept in step.
//
// A table that takes the place of another takes its foreign keys over; [Foreign] says
// when, and why that is right. A table that foreign keys point at is refused, with the
// way around it.
//
// What takes the old one's place has a name of its own, which releases move to;
// DDL.Into chooses it. A statement that drops columns and adds others is taken by
// its word, and [Derivation.Instead] is what to write if the values are to move.
package plan
