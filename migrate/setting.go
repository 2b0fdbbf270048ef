package migrate

// RampFull is the ramp at which every key is read from the target.
const RampFull = 10000

// Setting is everything about a change that a transaction has to obey. It is
// read from the control row by the fence, as one value, and acted on as one
// value: nothing looks at a phase twice in one unit of work.
type Setting struct {
	// Phase and Epoch are the row's. Every transition raises the epoch.
	Phase Phase
	Epoch uint64
	// Mode is what to do. It follows from the phase, except that Backfilling
	// and Verified may run in CopyOnRead.
	Mode Mode
	// Ramp is the share of keys read from the target in ReadNew, in basis
	// points: 10000 is all of them.
	Ramp uint16
	// Rule says when a pair is in step.
	Rule StepRule
	// TargetStale is Yes from a step back to Off until the next verification:
	// the target holds what was true before that step. Backfill and mirror put
	// it right row by row; copy-on-read, which trusts a row that is there, may
	// not be used until they have.
	TargetStale Choice
}

// Initial is the setting of a change that nothing has been done for. It is
// also what the library assumes the moment it announces a change that nobody
// has planned yet.
func Initial() Setting { return Setting{Phase: Planned, Mode: Off, Rule: StepExact} }

// After returns the setting that taking the edge leads to. The engine writes
// it and the explorer explores it; neither computes one of its own.
// CopyOnRead is what the change asks for, ramp the share of reads on entering
// ReadingNew from Verified.
func (s Setting) After(e Edge, copyOnRead Choice, ramp uint16) Setting {
	next := s
	next.Phase, next.Mode = e.To, e.To.Mode()
	next.Epoch++
	next.Ramp = 0
	switch e.To {
	case Planned:
		// The target is dropped, and whatever was in it.
		next.TargetStale, next.Rule = No, StepExact
	case Expanded:
		if e.From == DualWriting {
			next.TargetStale = Yes
		}
	case Backfilling:
		switch {
		case e.From == Verified:
			// A step back asks nothing new of the fleet: instances that joined
			// under DualWrite need not know CopyOnRead.
			next.Mode = s.Mode
		case copyOnRead == Yes && s.TargetStale == No:
			next.Mode = CopyOnRead
		}
	case Verified:
		next.TargetStale = No
		if e.From == Backfilling {
			next.Mode = s.Mode
		}
	case ReadingNew:
		next.Ramp, next.Rule = ramp, StepEither
		if e.From == Reversing {
			next.Ramp = RampFull
		}
	case Reversing, OnlyNew, Contracted, Closed:
		next.Ramp = RampFull
	}
	return next
}

// Along returns the setting that taking an edge leads to for a change of the
// schema alone, whose course is not [Mapped]: nothing is mirrored, so the mode
// stays Off in every phase.
func (s Setting) Along(e Edge) Setting {
	return Setting{Phase: e.To, Epoch: s.Epoch + 1, Mode: Off, Rule: StepExact}
}

// WithRamp returns the setting with another share of reads on the target. It
// is a transition like any other: it raises the epoch, so that instances
// acknowledge it. Only ReadingNew has a ramp to move.
func (s Setting) WithRamp(ramp uint16) Setting {
	s.Ramp = ramp
	s.Epoch++
	return s
}
