// Package ddl says what a piece of DDL costs on the server at hand.
//
// [Parse] reads statements out of a text and refuses, with the place, what it
// does not understand to the last word. [Operations] takes a statement apart
// into elementary operations. [Judge] looks each of them up in one table of
// rules, a row for an operation, a flavour and a range of versions, and returns
// a [Verdict]. [Assert] puts the verdict into the statement, as ALGORITHM and
// LOCK clauses, so that a server which sees it otherwise refuses, and never
// falls back to a copy while writers wait.
//
// # The rules
//
// Of the rows that apply to an operation the gentlest counts. A statement runs
// under one algorithm: it costs what the gentlest costs under which every part
// can run. Some operations are gentle only in certain company ([Company]); a
// verdict then says what would cost less in a statement of its own. What an
// operation costs may hang on the table as it is now: on a FULLTEXT index, the
// row format, how many instant changes there were since the last rebuild.
// [ReadTable] reads these facts; they are the [Condition]s of a row.
//
// Rows that say [OnServer] were executed on MySQL 9.7 and MariaDB 10.11 by this
// package's tests, with their clauses and with the next gentler ones, which the
// server has to refuse. Other versions rest on the vendors' documentation. A
// wrong row is harmless to the data and to writers: the clause that it puts
// into the statement makes the server refuse.
//
// # Limits
//
// Only InnoDB is known, and system-versioned tables are refused. Quotes are read
// in the servers' default sql_mode. Where two spellings of an expression or a
// type cannot be told to be the same, the verdict is the harder one.
package ddl
