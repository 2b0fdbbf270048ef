package migrate

// Guard is a condition that has to hold before an edge may be taken. The
// engine measures it; the explorer can switch each off and then has to find a
// violation, so a guard that nothing needs does not stay in the table.
type Guard string

// The guards.
const (
	// GuardFleetSupports: every live instance supports the mode of the next
	// phase and writes a shape that phase takes.
	GuardFleetSupports Guard = "fleet_supports"
	// GuardSchemaWhole: source and target are in the live schema as the plan has
	// them. The phase alone does not say so: a controller may have dropped one
	// and died before it recorded the edge that it dropped it for.
	GuardSchemaWhole Guard = "schema_whole"
	// GuardNoStrangers: no connection of code without the library is left, by
	// connection attributes, by the process list, or by an operator's word.
	// The fence cannot see such code.
	GuardNoStrangers Guard = "no_strangers"
	// GuardReadersDrained: every live instance has acknowledged the present
	// epoch, and its reads begun under older ones have ended. The fence holds
	// writers only; a reader may be one mode behind for as long as its lease.
	GuardReadersDrained Guard = "readers_drained"
	// GuardRampFull: every key is read from the target.
	GuardRampFull Guard = "ramp_full"
	// GuardSoaked: the last ramp step has stood for the plan's soak time.
	GuardSoaked Guard = "soaked"
	// GuardBackfilled: a backfill that began in this visit to Backfilling has
	// reached the end of every span and quarantined nothing.
	GuardBackfilled Guard = "backfilled"
	// GuardVerified: an exact comparison of every pair, in both directions,
	// begun after the copy was complete, found no difference.
	GuardVerified Guard = "verified"
	// GuardShadowClean: shadow reads were made and none differed.
	GuardShadowClean Guard = "shadow_clean"
	// GuardReversed: a reverse reconcile that began in this visit to Reversing
	// has reached the end of every span.
	GuardReversed Guard = "reversed"
	// GuardUnnamed: nothing else in the database names the old element: no view,
	// trigger, routine or foreign key. They would go on answering from a source
	// that has gone stale, and break when it is dropped.
	GuardUnnamed Guard = "unnamed"
	// GuardUnused: no statement that was sent since the phase was entered uses the
	// old element. They would fail the moment it is dropped.
	GuardUnused Guard = "unused"
	// GuardSignedOff: somebody has asked for this very edge by name.
	GuardSignedOff Guard = "signed_off"
	// GuardForgotten: no live instance declares the change any more.
	GuardForgotten Guard = "forgotten"

	// The rest is for changes of the schema alone; see [Course].

	// GuardRowsFit: no row is there that the server would refuse.
	GuardRowsFit Guard = "rows_fit"
	// GuardReleases: every live instance runs one of the releases that the
	// change names as written for it. A change that names none asks nothing.
	GuardReleases Guard = "releases"
	// GuardHeld: what is to be dropped has been hidden, or at least announced,
	// for the time that the plan holds it.
	GuardHeld Guard = "held"
)

// Work is what the engine has to carry out before it records an edge. Every
// piece is idempotent and looks at the server to find out what is left of it.
type Work string

// The kinds of work.
const (
	WorkNone     Work = ""
	WorkExpand   Work = "expand"   // the plan's expand DDL
	WorkDrop     Work = "drop"     // drop what expand added
	WorkBackfill Work = "backfill" // reconcile target = f(source), span by span, then compare every pair
	WorkRamp     Work = "ramp"     // raise the share of reads, step by step
	WorkReverse  Work = "reverse"  // reconcile source = g(target), then compare every pair
	WorkContract Work = "contract" // the plan's contract DDL
)

// Direction says whether an edge leads on or back.
type Direction string

// The directions.
const (
	Forward Direction = "forward"
	Back    Direction = "back"
)

// Loss says what a step back gives up.
type Loss string

// The losses.
const (
	LossNone  Loss = "lossless"
	LossAdded Loss = "what the change added is dropped"
)

// Edge is one transition that the engine may make.
type Edge struct {
	From, To  Phase
	Direction Direction
	Guards    []Guard
	Work      Work
	// Loss says what taking the edge gives up; empty on edges that lead on.
	Loss Loss
	// Why says what the guards are for, in a sentence for people.
	Why string
}

// edges is the transition table of [Mapped] changes. A comment on every edge says why its guards
// are enough; the explorer checks that each is needed.
var edges = []Edge{
	// The schema gets the target beside the source. Running releases must not
	// notice: new columns are nullable or defaulted, which the plan checks.
	{
		From: Planned, To: Expanded, Direction: Forward, Work: WorkExpand,
		Why: "the expand DDL is done and the live schema shows it",
	},
	// Off and DualWrite must never overlap, or a row written by the one is
	// overwritten in the target by the other's older copy. Among library code
	// the fence alone sees to that. Code without the library takes no fence, so
	// none may be left; and an instance that cannot mirror would fail its writes.
	// The target may be missing: a step back that was cut short has dropped it.
	{
		From: Expanded, To: DualWriting, Direction: Forward,
		Guards: []Guard{GuardSchemaWhole, GuardFleetSupports, GuardNoStrangers},
		Why:    "every writer takes the fence and can write both shapes",
	},
	// The fence made the switch to DualWrite exact, so the drain of Off is
	// complete the moment the phase is recorded. Strangers are looked for once
	// more: from here on the target is meant to become and to stay complete.
	// Copy-on-read readers may come into being here, hence the fleet's support.
	{
		From: DualWriting, To: Backfilling, Direction: Forward,
		Guards: []Guard{GuardFleetSupports, GuardNoStrangers},
		Why:    "nothing begun under Off is left, so what the backfill reconciles stays in step",
	},
	// Complete is a proof: every span reached its end in this very visit, and
	// an exact comparison that started afterwards found nothing.
	{
		From: Backfilling, To: Verified, Direction: Forward, Work: WorkBackfill,
		Guards: []Guard{GuardBackfilled, GuardVerified},
		Why:    "every pair has been compared and is in step",
	},
	// Reads may now leave the source, one share of the keys after the other.
	// Writers keep both in step, so readers may be in either mode meanwhile.
	{
		From: Verified, To: ReadingNew, Direction: Forward,
		Guards: []Guard{GuardFleetSupports, GuardNoStrangers, GuardShadowClean},
		Why:    "the target is complete, kept in step, and the application reads the same from it",
	},
	// From here on the source goes stale. Nobody may still be reading it: the
	// ramp is full, every instance has acknowledged that, and its older reads
	// have ended; no view or trigger answers from it. No release that writes the
	// source shape may be left.
	{
		From: ReadingNew, To: OnlyNew, Direction: Forward, Work: WorkRamp,
		Guards: []Guard{
			GuardFleetSupports, GuardNoStrangers, GuardUnnamed, GuardRampFull, GuardSoaked, GuardReadersDrained,
		},
		Why: "no reader of the source is left anywhere, reads in flight included",
	},
	// The point of no return, so somebody has to ask for it by name.
	{
		From: OnlyNew, To: Contracted, Direction: Forward, Work: WorkContract,
		Guards: []Guard{GuardFleetSupports, GuardNoStrangers, GuardReadersDrained, GuardUnnamed, GuardUnused, GuardSignedOff},
		Why:    "nothing names the old element and somebody has signed for dropping it",
	},
	// The flag's code is gone from the application.
	{
		From: Contracted, To: Closed, Direction: Forward,
		Guards: []Guard{GuardForgotten},
		Why:    "no live instance declares the change any more",
	},

	// Back to a schema without the target. Nothing reads or writes it in Off.
	{
		From: Expanded, To: Planned, Direction: Back, Work: WorkDrop, Loss: LossAdded,
		Guards: []Guard{GuardReadersDrained},
		Why:    "nobody uses the target",
	},
	// The target goes stale under Off, so no reader of it may be left: one that
	// still works in CopyOnRead or ReadNew would read old values.
	{
		From: DualWriting, To: Expanded, Direction: Back, Loss: LossNone,
		Guards: []Guard{GuardFleetSupports, GuardReadersDrained},
		Why:    "every instance reads the source, reads in flight included",
	},
	// The copy stops where it is. Both shapes are still written.
	{
		From: Backfilling, To: DualWriting, Direction: Back, Loss: LossNone,
		Why: "both shapes are still written",
	},
	// The verdict is given up; the copy will be compared again.
	{
		From: Verified, To: Backfilling, Direction: Back, Loss: LossNone,
		Why: "both shapes are still written",
	},
	// Reads go back to the source at once: it has been written all the time.
	// Releases that write the target shape cannot follow, so none may be left.
	{
		From: ReadingNew, To: Verified, Direction: Back, Loss: LossNone,
		Guards: []Guard{GuardFleetSupports},
		Why:    "the source has been kept in step all the time",
	},
	// Writers take up the source again. It is stale until the reverse reconcile
	// is done, so nobody may read it or write from it: Reversing takes
	// target-shape writers only and its ramp is full. The source may be missing:
	// a contract step that was cut short has dropped it, and then only Contracted
	// is left to go to.
	{
		From: OnlyNew, To: Reversing, Direction: Back, Loss: LossNone,
		Guards: []Guard{GuardSchemaWhole, GuardFleetSupports},
		Why:    "target-shape releases write the source again",
	},
	// The source is complete again once every row was reconciled after all
	// writers had taken it up, and a comparison found every pair in step.
	{
		From: Reversing, To: ReadingNew, Direction: Back, Loss: LossNone, Work: WorkReverse,
		Guards: []Guard{GuardReversed, GuardVerified},
		Why:    "the source has been rebuilt from the target and compared",
	},
	// The step back is called off. Nobody has read the source meanwhile.
	{
		From: Reversing, To: OnlyNew, Direction: Forward,
		Guards: []Guard{GuardFleetSupports},
		Why:    "nobody reads the source",
	},
}
