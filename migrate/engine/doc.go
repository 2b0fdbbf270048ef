// Package engine carries a change through its phases.
//
// # The walk
//
// The engine knows no phase by heart. It takes the edge that the transition
// table (package migrate) offers, measures the guards that stand on it, does the
// work the edge asks for, and records the transition. Guards and work are two
// tables of functions ([guards], [works]); an edge with a guard that has no
// measure cannot be taken.
//
//	take the lease ─▶ edge ─▶ guards ─▶ work ─▶ guards made true by the work ─▶ transition
//	                    ▲                                                          │
//	                    └──────────────────────────────────────────────────────────┘
//
// A guard that does not hold is not an error: the walk stops there and the
// [Outcome] says what it waits for, naming host and release. A guard that cannot
// be measured refuses.
//
// # A transition
//
// One short transaction: confirm the controller's token, UPDATE the change's row
// by compare-and-set on the epoch, look at the fleet once more, append to the
// audit, commit. The UPDATE waits for every transaction that holds the fence and
// holds up every one that comes after, so from that moment on the fleet cannot
// change under the look: an instance that announces itself takes the same lock.
// The wait is bounded (Config.FenceWait) and tried again, so that one long
// transaction of the application does not hold up all others.
//
// # Crashes
//
// Every piece of work looks at the server for what is left of it and is recorded
// after its effect. A COMMIT or DDL whose answer was lost is resolved by looking:
// at the epoch, at the schema. One engine at a time drives a change: it holds a
// lease with a token, and the token is confirmed inside the transition's
// transaction, so that an engine which slept through the loss of its lease
// records nothing.
package engine
