// Package history judges a run of the demo: it holds every write and every
// read of every process of the sample application, and says which reads cannot
// be explained and which acknowledged writes are gone.
//
// # What counts as right
//
// Every row is two registers (the name, the e-mail address) and a counter (the
// visits). A write has a beginning, before it was sent, and an end, when its
// answer arrived; its effect lies somewhere between. All times are of one
// monotonic clock that the processes of a machine share.
//
// A read of a register is right if it returns the value of a write that had
// begun when the read ended and had not certainly been overwritten when the read
// began. Certainly overwritten means that another write began after it had ended
// and had its effect before the read began. A write has had its effect at the
// latest when it was acknowledged, or when somebody had read its value: so a
// read that goes back behind an earlier read is wrong too.
//
// A write whose process was killed may have had its effect or not. Until a read
// shows that it did, it overwrites nothing, and it may show at any time before
// its end. What lies at the end of a register is a read of it like any other,
// made when nobody writes any more; if it is wrong, a write was lost.
//
// # Two shapes
//
// A name is written in one shape and may be read in the other. [Value.In] knows
// what a write in one shape looks like in the other. It is a second
// implementation of the demo's mapping on purpose: a judge that asked the
// database would believe whatever the database had done.
//
// # The judge is judged
//
// The tests plant faults (a write that is lost, overwritten, applied twice, a
// read that is stale or never written, a row that is gone) into right histories
// and demand that each is found.
package history
