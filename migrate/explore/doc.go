// Package explore checks the protocol of package migrate: breadth first, it
// visits every interleaving of clients, a controller, a backfill and their
// crashes, and executes the very table and functions that the engine executes:
// [migrate.Edges], [migrate.Setting.After] and [migrate.Setting.WithRamp],
// [migrate.Mode.Reads] and [migrate.Mode.Writes],
// [migrate.Phase.Writers] and [migrate.Capability.Supports]. What ships is what
// is checked. Every guard of the table and every mechanism of the protocol is a
// [Switch]; a test leaves out each and asserts that a violation is found, so
// that nothing stays in the table that nothing needs.
//
// # What is modelled
//
// One key. Its value is absent or one of a few, and neither direction of the
// mapping is a bijection: a2 is finer than the source can say, c finer than the
// target can, x does not fit the source at all.
//
// Up to three places in which instances start and stop, each with its release:
// source-shape and target-shape, of several capabilities. An instance joins
// under the fence or is refused; writes (upsert, delete, an update of another
// column of the row) under the fence; reads by the setting that it has
// acknowledged, which may be any number of epochs old; is paused, expires, and
// wakes up not knowing it. To stop is also to crash, in the middle of anything.
//
// A controller that takes any edge of the table, on or back, whose guards hold,
// moves the ramp, and may die between carrying out the DDL of an edge and
// recording it. It holds no state of its own, so a restart, or a second one, is
// just its next step. A backfill that reconciles the key, or reverses it, in one
// transaction, whose worker may die, or sleep through the end of its run and
// wake up later. A verification. Outsiders: a release without the library, a
// view of the source, a hand that breaks a pair, an application that reads the
// target wrongly.
//
// # What makes it small
//
// States hold no epochs: what matters of an old epoch is that it is not the
// present one. So the states are finite, and a run that ends has explored
// any number of rounds forward and back. A transaction that is fenced is one
// step unless [SlowWrites] asks for more, because no transition can be recorded
// while it is open, and row locks put it in order with every other; that the
// fence itself is needed is what SlowWrites shows. With [LateFences] a write is
// three steps, as where the fence rides on the mirror: the unit's own statement,
// which locks its row and is seen by nobody; fence and mirror; the commit. A
// partial ramp is one bit: the key is inside or outside it, and stays there.
//
// # The properties
//
//  1. A read returns a value that some write explains which was the last
//     committed one at some moment between the read's beginning and its end.
//     In the shape of that write the value is exact. In the other shape it is
//     one that either direction of the mapping explains.
//  2. No acknowledged write is lost: in every state, the shape that the setting
//     reads holds a value that the last write explains.
//  3. What a target-shape release wrote survives, exactly, whatever does not
//     change the value: an update of another column, a mirror, the backfill, a
//     step back and on again; until the target is dropped.
//  4. Nobody reads or writes a shape that was dropped, and nothing that somebody
//     created and that names the source is broken by the drop.
//  5. No healthy instance is put into a setting that it does not support.
//  6. An undisturbed copy passes its verification: the change is never stuck
//     there. And Closed is reached, and every edge taken, in [Result.Edges].
//
// # What is not modelled
//
// More than one key, and so the order in which spans are copied. Replicas and
// failover: a transaction that was acknowledged stays. Time: leases end
// whenever they like. A fence that is armed only while a transition is announced.
// The strangers that no check can see: one that comes after a check, writes, and goes before the next. The
// model lets a stranger come at any time, but write only where strangers are at
// home, or once a check for strangers has been passed with it in the house.
// Values that come back: see the test of [ByLastWrite].
//
// [Coexistence] and [Identity] are two smaller models beside it: which modes may
// run side by side when nothing holds them in order, and why mirrors of new
// rows insert.
package explore
