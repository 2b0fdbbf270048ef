// Package experiment answers whether a new branch of the code is better than the
// old one: it gives every user one branch for good, records what users do, and
// computes from the tables what the difference is worth.
//
// # Who gets what
//
// Two hashes decide (package flags), each over 10 000 places. The first says
// whether a unit, usually a user, takes part: experiments of one group have
// places of their own and therefore no unit in common. The second says which
// branch. Both need nothing but the definition, so every process agrees and a
// lost table of assignments moves nobody.
//
// The recipe is part of the contract, as that of flags is: with the places of
// [State.Layout], which another language can read from the control row as JSON, a unit takes
// part if its bucket under the salt "experiment NAME", or "group GROUP" in a
// group, is in Part, and its branch is the owner of its bucket under the salt
// "branch NAME" in Branches. Test vectors hold it.
//
// The first exposure is stored, and the first writer wins: from then on the
// unit has the stored branch, whatever the definition has become. A change of
// the branches' shares moves no unit that is stored; and it is laid out so that,
// with the table lost too, only as many units move as the shares have changed
// by. The share of an experiment only grows while it runs.
//
// # Ways to ask
//
// [Client.Assign] waits, at the first exposure of a unit only, until the
// assignment is as durable as a commit. [Client.Expose] never waits: it answers
// from memory or by hash and stores in the background. The two differ for a unit
// whose stored branch is not what the hash says now, that is after a change of
// shares, in a process that has not met the unit. Such a unit may see two
// branches; it is marked, counted, and left out of the results. A flag asks as
// Expose does, through [Client.Variant]: the client is an assigner of package flags.
//
// # What is recorded
//
// [Client.Track] takes what units did. Exposures and events go through bounded
// queues to batches of rows. A full queue drops what comes and counts it; no
// caller ever waits for an event. An event belongs to no experiment: the same
// purchase is an outcome in one, and, if it was before the unit's first exposure,
// the covariate of another. Times are the server's: a process sends how long ago
// something was.
//
// # Results
//
// [Results] reads counts and moments that the server computes, and compares each
// branch with the first, the control (package stats). A change of shares begins a
// new generation, and results are of the last generation only: mixing units that
// were drawn under different shares may turn an effect round (Simpson's paradox).
package experiment
