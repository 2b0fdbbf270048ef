package explore

import "github.com/underpin-db/underpin/migrate"

// backfillSteps hands on what workers and verification may do.
func (m *model) backfillSteps(s state, out emit) {
	phase := m.phase(s)
	if s.worker.work != noWorker {
		if !m.anyLocked(s, nobody) {
			m.workerWrites(s, out)
		}
		s.worker = worker{}
		out(s, action{kind: workerDies}, "")
		return
	}
	if phase != migrate.Backfilling && phase != migrate.Reversing {
		return
	}
	if !s.copied {
		m.workerClaims(s, out)
	}
	if !s.verified {
		m.verify(s, out)
	}
}

// workerClaims starts work on the key. Claim and write are one transaction,
// but a worker can be stopped for any time before it takes the fence.
func (m *model) workerClaims(s state, out emit) {
	w := worker{work: copying}
	if m.phase(s) == migrate.Reversing {
		w.work = reversing
	}
	if m.off.without(WorkerToken) {
		w.rule = s.setting
	}
	if m.off.without(LockedBackfill) {
		w.got = s.source
	}
	s.worker = w
	if m.config.Hazards&Workers == 0 && !m.off.without(LockedBackfill) {
		if !m.anyLocked(s, nobody) {
			m.workerWrites(s, out) // at once: nothing comes in between
		}
		return
	}
	out(s, action{kind: claims}, "")
}

// workerWrites reconciles the key. The fence of its transaction refuses a
// worker whose run is over.
func (m *model) workerWrites(s state, out emit) {
	w := s.worker
	s.worker = worker{}
	if w.stale && !m.off.without(WorkerToken) {
		out(s, action{kind: workerDies, value: 1}, "")
		return
	}
	if !s.sourceThere || !s.targetThere {
		out(s, action{kind: reconciles}, "the backfill names a shape that was dropped")
		return
	}
	rule := m.stepper(s.setting)
	if m.off.without(WorkerToken) {
		rule = m.stepper(w.rule)
	}
	if s.copied = s.copied || !w.stale; w.work == copying {
		s.target = m.reconciled(s, w, rule)
	} else if back, ok := rule.backwardFrom(s.source, s.target); ok {
		s.source = back
	} else {
		s.copied = false // in quarantine
	}
	out(s, action{kind: reconciles}, "")
}

// reconciled returns the target value that the backfill leaves.
func (m *model) reconciled(s state, w worker, rule stepper) targetValue {
	switch {
	case m.off.without(LockedBackfill):
		return forward(w.got)
	case m.off.without(Reconcile) && s.target != noTarget:
		return s.target
	}
	return rule.forwardFrom(s.source, s.target)
}

// verify compares the pair in one snapshot. A difference sends the change back
// to the copy; after an undisturbed copy there must be none, or the change is
// stuck.
func (m *model) verify(s state, out emit) {
	if m.stepper(s.setting).inStep(s.source, s.target) {
		s.verified = true
		out(s, action{kind: verifies}, "")
		return
	}
	if !s.copied {
		return
	}
	broken := ""
	if !s.damaged {
		broken = "the backfill is complete and verification finds a difference: the change is stuck"
	}
	s.copied = false
	out(s, action{kind: verifies, value: 1}, broken)
}

// outsideSteps hands on what others do to the database.
func (m *model) outsideSteps(s state, out emit) {
	if m.config.Hazards&Strangers != 0 {
		m.strangerSteps(s, out)
	}
	if m.config.Hazards&Views != 0 {
		m.viewSteps(s, out)
	}
	if m.config.Hazards&Damage != 0 && !s.damaged && !s.verified && !m.anyLocked(s, nobody) {
		m.damage(s, out)
	}
}

// strangerSteps: a stranger may come at any time. One that comes when none are
// allowed does nothing until a check for strangers has let it pass: what comes
// and goes between two checks no check can see, and no fence can stop.
func (m *model) strangerSteps(s state, out emit) {
	switch s.stranger {
	case noStranger:
		s.stranger = newcomer
		if strangersMayAct(m.phase(s)) {
			s.stranger = acting
		}
		out(s, action{kind: strangerComes}, "")
		return
	case acting:
		broken := ""
		if !s.sourceThere {
			broken = "a release without the library names the source, which was dropped"
		} else if !m.explained(s, readingSource).has(uint8(s.source)) {
			broken = "a release without the library reads a value that the last write does not explain"
		}
		if broken != "" {
			out(s, action{kind: strangerReads}, broken)
			return
		}
		for v := noSource; v <= sourceB && !m.locked(s, nobody, migrate.SourceShape); v++ {
			to := s
			to.source = v
			m.record(&to, sourceWrite(v))
			out(to, action{kind: strangerWrites, value: uint8(v)}, "")
		}
	}
	s.stranger = noStranger
	out(s, action{kind: strangerGoes}, "")
}

// strangersMayAct says where code without the library is at home.
func strangersMayAct(p migrate.Phase) bool {
	return p == migrate.Planned || p == migrate.Expanded
}

// checksStrangers says whether the intact edge looks for strangers.
func checksStrangers(e migrate.Edge) bool {
	for _, g := range e.Guards {
		if g == migrate.GuardNoStrangers {
			return true
		}
	}
	return false
}

// sourceRetired says where the source is no longer kept up to date.
func sourceRetired(p migrate.Phase) bool {
	switch p {
	case migrate.OnlyNew, migrate.Reversing, migrate.Contracted, migrate.Closed:
		return true
	}
	return false
}

// viewSteps creates, reads and drops a view of the source.
func (m *model) viewSteps(s state, out emit) {
	if s.view == noView {
		if s.sourceThere {
			s.view = trusted
			if sourceRetired(m.phase(s)) {
				s.view = late
			}
			out(s, action{kind: viewCreated}, "")
		}
		return
	}
	if s.view == trusted && s.sourceThere && !m.explained(s, readingSource).has(uint8(s.source)) {
		out(s, action{kind: viewRead}, "a view that names the source returns a value that the last write does not explain")
		return
	}
	s.view = noView
	out(s, action{kind: viewDropped}, "")
}

// damage breaks a pair while it is being copied, in the shape that nobody
// reads yet, and only what the other shape can restore.
func (m *model) damage(s state, out emit) {
	s.damaged = true
	switch back, ok := backward(s.target); {
	case m.phase(s) == migrate.Backfilling && !anyReads(s, readingTarget) && s.target == forward(s.source):
		if s.target = targetB1; s.source == sourceB {
			s.target = targetA1
		}
		out(s, action{kind: damages}, "")
	case m.phase(s) == migrate.Reversing && !anyReads(s, readingSource) && ok && s.source == back:
		if s.source = sourceB; s.target == targetB1 {
			s.source = sourceA
		}
		out(s, action{kind: damages}, "")
	}
}

// anyReads says whether an instance reads a shape, now or before it
// acknowledges.
func anyReads(s state, shape doing) bool {
	for _, c := range s.clients {
		if c.life != stopped && (c.reads == shape || c.doing == shape) {
			return true
		}
	}
	return false
}
