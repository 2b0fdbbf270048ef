package explore

import "github.com/underpin-db/underpin/migrate"

// controllerSteps hands on what the controller may do. It keeps nothing in
// memory that the database does not hold, so a crash between any two of its
// steps, and a second controller, are the same as its taking another step.
func (m *model) controllerSteps(s state, out emit) {
	m.works(s, out)
	if m.held(s) {
		return
	}
	for _, mv := range m.moves[s.setting] {
		m.transition(s, mv, out)
	}
	for _, next := range m.ramps[s.setting] {
		out(m.moved(s, next), action{kind: ramps, value: next}, "")
	}
}

// held says whether an open write transaction makes every transition wait.
func (m *model) held(s state) bool {
	if m.off.without(Fence) {
		return false
	}
	for _, c := range s.clients {
		if c.doing == writing || c.doing == riding {
			return true
		}
	}
	return false
}

// transition records an edge whose guards hold and whose work is done.
func (m *model) transition(s state, mv move, out emit) {
	e := m.edges[mv.edge]
	if !done(s, e.Work) {
		return
	}
	a := action{kind: transition, who: mv.edge, value: mv.next}
	if m.off.without(GuardedRecord) {
		if s.approved == mv.edge+1 {
			out(m.took(s, mv), a, "")
		} else if m.guarded(s, mv) {
			s.approved = mv.edge + 1
			out(s, action{kind: looksAtGuards, who: mv.edge}, "")
		}
		return
	}
	if m.guarded(s, mv) {
		m.taken[Name(e)]++
		out(m.took(s, mv), a, "")
	}
}

// took returns the state after an edge has been recorded.
func (m *model) took(s state, mv move) state {
	e := m.edges[mv.edge]
	s = m.moved(s, mv.next)
	s.worker.stale = s.worker.work != noWorker
	if !m.off.without(VerdictOfVisit) {
		s.copied, s.verified = false, false
	}
	if s.stranger == newcomer && (checksStrangers(e) || strangersMayAct(e.To)) {
		s.stranger = acting
	}
	if s.view == late && !sourceRetired(e.To) {
		s.view = trusted
	}
	return s
}

// moved returns the state under another setting: a new epoch, which nobody has
// acknowledged.
func (m *model) moved(s state, next uint8) state {
	s.setting, s.approved = next, 0
	for i := range s.clients {
		c := &s.clients[i]
		c.current = false
		c.old = c.reading()
	}
	return s
}

// done says whether the work that changes the schema has been carried out.
// Backfill, verification and reverse reconcile are what guards ask about.
func done(s state, w migrate.Work) bool {
	switch w {
	case migrate.WorkExpand:
		return s.targetThere
	case migrate.WorkDrop:
		return !s.targetThere
	case migrate.WorkContract:
		return !s.sourceThere
	}
	return true
}

// works carries out the work that changes the schema. What destroys something
// waits for the guards of its edge. Recording the edge is another step: the
// controller may crash in between, and be asked for something else afterwards.
func (m *model) works(s state, out emit) {
	for _, mv := range m.moves[s.setting] {
		e := m.edges[mv.edge]
		if done(s, e.Work) {
			continue
		}
		switch e.Work {
		case migrate.WorkExpand:
			s.targetThere, s.target = true, noTarget
			out(s, action{kind: worksExpand}, "")
		case migrate.WorkDrop:
			if m.guarded(s, mv) && !m.locked(s, nobody, migrate.TargetShape) {
				out(m.dropTarget(s), action{kind: worksDrop}, "")
			}
		case migrate.WorkContract:
			if m.guarded(s, mv) && !m.locked(s, nobody, migrate.SourceShape) {
				m.contract(s, out)
			}
		}
	}
}

// dropTarget gives up what only the target knew: the loss that the edge names.
// What is left of the last write is what the source makes of it.
func (m *model) dropTarget(s state) state {
	s.targetThere, s.target = false, noTarget
	if m.explained(s, readingSource).has(uint8(s.source)) {
		s.truth = sourceWrite(s.source)
	}
	return s
}

// contract drops the source, and with it whatever names it.
func (m *model) contract(s state, out emit) {
	broken := ""
	if s.view != noView {
		broken = "a view names the source, which was dropped"
	}
	s.sourceThere, s.source = false, noSource
	out(s, action{kind: worksContract}, broken)
}

// guarded says whether every guard of an edge holds that is not switched off.
func (m *model) guarded(s state, mv move) bool {
	e := m.edges[mv.edge]
	for _, g := range e.Guards {
		if !m.off.withoutGuard(g, e) && !m.holds(g, s, mv.next) {
			return false
		}
	}
	return true
}

// holds evaluates one guard over the true state. A guard that it does not know
// has to be in Judged, which a test sees to.
func (m *model) holds(g migrate.Guard, s state, next uint8) bool {
	switch g {
	case migrate.GuardFleetSupports:
		return m.fleetSupports(s, next)
	case migrate.GuardSchemaWhole:
		return s.sourceThere && s.targetThere
	case migrate.GuardReadersDrained:
		return m.readersDrained(s)
	case migrate.GuardNoStrangers:
		return s.stranger == noStranger
	case migrate.GuardRampFull:
		return m.settings[s.setting].Ramp == migrate.RampFull
	case migrate.GuardBackfilled, migrate.GuardReversed:
		return s.copied
	case migrate.GuardVerified:
		return s.verified
	case migrate.GuardShadowClean:
		return !s.wrongReader
	case migrate.GuardUnnamed:
		return s.view == noView
	}
	return true
}

func (m *model) fleetSupports(s state, next uint8) bool {
	for i, c := range s.clients {
		if c.counted() && m.refused[next][m.config.Fleet[i]] {
			return false
		}
	}
	return true
}

func (m *model) readersDrained(s state) bool {
	for _, c := range s.clients {
		inFlight := c.reading() && c.old && !m.off.without(DrainInFlight)
		if c.counted() && (!c.current || inFlight) {
			return false
		}
	}
	return true
}
