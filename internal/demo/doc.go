// Package demo carries one change through its whole life under the traffic of
// three releases of a sample application, and judges whether anything was lost.
//
// # Who plays
//
//	underpin demo                    the parent: engine, recorder, narrator
//	├── underpin demo app    r0      reads and writes name, knows nothing of the library
//	├── underpin demo app    r1      the same through the library, can read the new columns
//	├── underpin demo app    r2      reads and writes first_name and last_name
//	└── underpin demo worker         a backfill worker
//
// Every process of the application is a process of the operating system with a
// database user of its release. It takes orders as JSON lines on its standard
// input and tells on its standard output every write before it is sent and when
// it was answered, and every read. The kernel kills the children if the parent
// dies.
//
// # Who may write what
//
// The rows are divided into slots. The holder of a slot alone writes the names
// of its rows, one after the other, so that their last writer is known; the
// e-mail address of a hot row belongs to another slot as a rule, and everybody
// counts visits and saves whole rows anywhere. So processes of different
// releases write the same rows all the time. Slots are handed over: the old
// holder finishes first.
//
// # What is judged
//
// The recorder keeps everything that was told in the book of package history,
// which says what a right read is and is itself tested with planted faults. What
// the verification says is counted, too, but the verdict does not rest on it.
//
// # The story
//
// story.go and the scenes tell it from the first process of r0 to the dropped
// column: two refusals for a process that does not use the library, one for a
// release that cannot follow, a backfill worker and an application process
// killed with SIGKILL, a rollback and the way forward again. A scene that does
// not come out as written fails the demo: a gate that lets through what it
// should refuse is a fault like a lost write.
package demo
