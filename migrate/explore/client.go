package explore

import "github.com/underpin-db/underpin/migrate"

// clientSteps hands on what one instance may do.
func (m *model) clientSteps(s state, i uint8, out emit) {
	c := s.clients[i]
	release := m.config.Fleet[i]
	switch c.life {
	case stopped:
		// Join reads the setting and registers in one fenced transaction.
		if !m.refused[s.setting][release] || m.off.without(JoinRefusal) {
			out(s.with(i, m.adopted(s, client{life: live})), action{kind: joins, who: i}, "")
		}
	case paused:
		out(s.with(i, c.as(live)), action{kind: wakes, who: i}, "")
		out(s.with(i, c.as(expired)), action{kind: expires, who: i}, "")
	case expired:
		out(s.with(i, c.as(lapsed)), action{kind: wakes, who: i}, "")
	case live:
		if !c.current {
			out(s.with(i, m.adopted(s, c)), action{kind: adopts, who: i}, "")
		}
		if m.config.Hazards&Pauses != 0 && s.allWell() {
			out(s.with(i, c.as(paused)), action{kind: pauses, who: i}, "")
		}
	}
	if !c.awake() {
		return
	}
	// To stop is also to crash: what is in flight is rolled back.
	out(s.with(i, client{}), action{kind: stops, who: i}, "")
	m.inFlightSteps(s, i, out)
}

// inFlightSteps begins and ends reads and writes.
func (m *model) inFlightSteps(s state, i uint8, out emit) {
	c := s.clients[i]
	switch c.doing {
	case nothing:
		m.beginRead(s, i, out)
		m.beginWrite(s, i, out)
		if m.config.Hazards&LateFences != 0 {
			m.writeAhead(s, i, out)
		}
	case readingSource, readingTarget:
		m.endRead(s, i, out)
	case readingOrCopying:
		m.readOrCopy(s, i, out)
	case fillingIn:
		if s.target == noTarget && s.targetThere {
			s.target = forward(c.got)
		}
		out(s.with(i, c.idle()), action{kind: copies, who: i}, m.misread(s, c, uint8(forward(c.got))))
	case writing:
		out(s.with(i, c.idle()), action{kind: rollsBack, who: i}, "")
		m.commits(s, i, out)
	case ahead:
		out(s.with(i, c.idle()), action{kind: rollsBack, who: i}, "")
		m.ride(s, i, out)
	case riding:
		out(s.with(i, c.idle()), action{kind: rollsBack, who: i}, "")
		m.commits(s, i, out)
	case owingMirror:
		m.mirror(&s, i, m.goesBy(s, c))
		out(s.with(i, c.idle()), action{kind: mirrors, who: i}, "")
	}
}

// beginRead chooses the side to read by what the instance has adopted, which
// may be old: reads are not fenced.
func (m *model) beginRead(s state, i uint8, out emit) {
	c := s.clients[i]
	if c.life == lapsed && !m.off.without(LeaseRefusal) {
		return
	}
	c.doing, c.old = c.reads, !c.current
	c.valid = m.explained(s, c.doing)
	begun := s.with(i, c)
	if m.config.Hazards&SlowReads == 0 {
		m.inFlightSteps(begun, i, out)
		return
	}
	out(begun, action{kind: beginsRead, who: i}, "")
}

// endRead takes the value and looks at the lease before handing it out.
func (m *model) endRead(s state, i uint8, out emit) {
	c := s.clients[i]
	if c.life == lapsed && !m.off.without(LeaseRefusal) {
		out(s.with(i, client{}), action{kind: refusesRead, who: i}, "")
		return
	}
	value := uint8(s.source)
	if c.doing != readingSource {
		value = uint8(s.target)
	}
	broken := m.misread(s, c, value)
	if s.wrongReader && c.doing != readingSource && m.config.Fleet[i].writes() == migrate.SourceShape {
		broken = "a read of the target returns something else than the application reads from the source"
	}
	out(s.with(i, c.idle()), action{kind: reads, who: i}, broken)
}

// readOrCopy is copy-on-read: on a miss it first copies the row, in a
// transaction of its own.
func (m *model) readOrCopy(s state, i uint8, out emit) {
	c := s.clients[i]
	if s.target != noTarget || !s.targetThere || s.source == noSource {
		m.endRead(s, i, out)
		return
	}
	if m.off.without(LockedCopy) {
		c.doing, c.got = fillingIn, s.source
		out(s.with(i, c), action{kind: reads, who: i, value: 1}, "")
		return
	}
	if m.settings[s.setting].Mode != migrate.CopyOnRead && !m.off.without(FencedCopy) {
		// The fence says that the mode is over: the read begins again, under
		// the setting that the fence has returned.
		if c.life == live {
			c = m.adopted(s, c)
		}
		out(s.with(i, c.idle()), action{kind: retries, who: i}, "")
		return
	}
	if m.anyLocked(s, i) {
		return // it waits
	}
	s.target = forward(s.source)
	if c.life == lapsed && !m.off.without(LeaseRefusal) {
		out(s.with(i, client{}), action{kind: copies, who: i}, "")
		return
	}
	out(s.with(i, c.idle()), action{kind: copies, who: i}, m.misread(s, c, uint8(s.target)))
}

// misread says what is wrong with a read that returns a value, if anything is.
func (m *model) misread(s state, c client, value uint8) string {
	switch {
	case c.doing == readingSource && !s.sourceThere:
		return "a read names the source, which was dropped"
	case c.doing != readingSource && !s.targetThere:
		return "a read names the target, which was dropped"
	case !c.valid.has(value):
		return "a read returns a value that no write current during the read explains"
	}
	return ""
}

// beginWrite opens a transaction and takes the fence: no transition is
// recorded until it has ended.
func (m *model) beginWrite(s state, i uint8, out emit) {
	c := s.clients[i]
	if m.refused[s.setting][m.config.Fleet[i]] && c.life == lapsed {
		out(s.with(i, client{}), action{kind: refusedByFence, who: i}, "")
		return
	}
	c.doing = writing
	if m.off.without(Fence) {
		c.under = s.setting
	}
	begun := s.with(i, c)
	if m.config.Hazards&SlowWrites == 0 {
		m.commits(begun, i, out)
		return
	}
	out(begun, action{kind: beginsWrite, who: i}, "")
}

// goesBy returns the setting that a write transaction obeys.
func (m *model) goesBy(s state, c client) uint8 {
	if m.off.without(Fence) || c.doing == riding && m.off.without(LateFenceObeyed) {
		return c.under
	}
	return s.setting
}

// commits hands on the ends of a write transaction: every value, a delete, and
// an update of another column of the row.
func (m *model) commits(s state, i uint8, out emit) {
	fine := m.config.Hazards&FineValues != 0
	if m.config.Fleet[i].writes() == migrate.SourceShape {
		last := sourceB
		if fine {
			last = sourceC
		}
		for v := noSource; v <= last; v++ {
			m.commit(s, i, action{kind: commits, who: i, value: uint8(v)}, sourceWrite(v), out)
		}
		if s.source != noSource {
			m.commit(s, i, action{kind: touches, who: i}, sourceWrite(s.source), out)
		}
		return
	}
	last := targetB1
	if fine {
		last = targetX
	}
	for v := noTarget; v <= last; v++ {
		m.commit(s, i, action{kind: commits, who: i, value: uint8(v)}, targetWrite(v), out)
	}
	if s.target != noTarget {
		m.commit(s, i, action{kind: touches, who: i}, targetWrite(s.target), out)
	}
}

// commit writes the release's own shape, has the other one follow, and makes
// both visible at once.
func (m *model) commit(s state, i uint8, a action, w write, out emit) {
	c := s.clients[i]
	under := m.goesBy(s, c)
	kept := m.settings[under].Mode.Writes()
	for _, shape := range m.touched(s, i, c) {
		if m.locked(s, i, shape) {
			return // it waits
		}
	}
	if broken := dropped(s, kept); broken != "" {
		out(s.with(i, c.idle()), a, broken)
		return
	}
	if w.inTarget && w.target == targetX && kept.Source && !m.off.without(RefuseUnrepresentable) {
		return // refused: rollsBack covers it
	}
	if m.config.Fleet[i].writes() == migrate.SourceShape {
		s.source = w.source
	} else {
		s.target = w.target
	}
	if a.kind != touches {
		m.record(&s, w)
	}
	if kept.Source && kept.Target {
		if m.off.without(AtomicMirror) {
			c = s.clients[i]
			c.doing = owingMirror
			out(s.with(i, c), a, "")
			return
		}
		m.mirror(&s, i, under)
	}
	out(s.with(i, s.clients[i].idle()), a, "")
}

// mirror brings the shape that the release does not write in step.
func (m *model) mirror(s *state, i, under uint8) {
	rule := m.stepper(under)
	if m.config.Fleet[i].writes() == migrate.SourceShape {
		s.target = rule.forwardFrom(s.source, s.target)
	} else if back, ok := rule.backwardFrom(s.source, s.target); ok {
		s.source = back
	}
}

// dropped says whether a write would name a shape that is gone.
func dropped(s state, kept migrate.ShapeSet) string {
	switch {
	case kept.Source && !s.sourceThere:
		return "a write names the source, which was dropped"
	case kept.Target && !s.targetThere:
		return "a write names the target, which was dropped"
	}
	return ""
}

// adopted returns the instance after it has taken up the present setting.
func (m *model) adopted(s state, c client) client {
	c.current = true
	c.reads = m.readsOf(s.setting, s.inside)
	return c
}

// allWell says whether nobody is paused, or was for too long.
func (s state) allWell() bool {
	for _, c := range s.clients {
		if c.life > live {
			return false
		}
	}
	return true
}

func (s state) with(i uint8, c client) state {
	s.clients[i] = c
	return s
}

func (c client) as(l life) client {
	c.life = l
	return c
}

// idle returns the instance with nothing in flight.
func (c client) idle() client {
	return client{life: c.life, reads: c.reads, current: c.current}
}
