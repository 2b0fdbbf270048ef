package explore

import "github.com/underpin-db/underpin/migrate"

// half is the partial ramp of the model: the key is inside or outside, once
// and for all.
const half = migrate.RampFull / 2

// move is an edge and the setting that it leads to.
type move struct {
	edge uint8
	next uint8
}

// model executes one configuration. What can be worked out once is.
type model struct {
	config Config
	off    switches
	edges  []migrate.Edge
	// settings are those that can be reached, without epochs.
	settings []migrate.Setting
	moves    [][]move
	ramps    [][]uint8
	// refused[setting][release] says whether the release may not run there.
	refused [][len(releases)]bool
	taken   map[string]int
}

func newModel(c Config) *model {
	m := &model{config: c, off: c.Without, edges: c.Table, taken: map[string]int{}}
	if m.edges == nil {
		m.edges = migrate.Mapped.Edges()
	}
	m.intern(migrate.Initial())
	for i := 0; i < len(m.settings); i++ {
		m.expand(uint8(i))
	}
	return m
}

// intern returns the index of a setting, with its epoch left out.
func (m *model) intern(s migrate.Setting) uint8 {
	s.Epoch = 0
	if m.off.without(EitherRule) {
		s.Rule = migrate.StepExact
	}
	if m.off.without(StaleTarget) {
		s.TargetStale = migrate.No
	}
	for i, known := range m.settings {
		if known == s {
			return uint8(i)
		}
	}
	m.settings = append(m.settings, s)
	m.moves, m.ramps = append(m.moves, nil), append(m.ramps, nil)
	var refused [len(releases)]bool
	for r := range releases {
		refused[r] = !m.supports(Release(r), s)
	}
	m.refused = append(m.refused, refused)
	return uint8(len(m.settings) - 1)
}

// supports asks the release's capability, as the library and the gates do.
func (m *model) supports(r Release, s migrate.Setting) bool {
	if s.Phase == migrate.Reversing && m.off.without(ReversingWriters) {
		s.Phase = migrate.ReadingNew
	}
	ok, _ := releases[r].capability.Supports(s)
	return ok
}

// expand works out where a setting leads, with the functions that the engine
// uses.
func (m *model) expand(i uint8) {
	s := m.settings[i]
	for n, e := range m.edges {
		if e.From != s.Phase {
			continue
		}
		offers := []uint16{0}
		if e.To == migrate.ReadingNew && e.Direction == migrate.Forward {
			offers = []uint16{0, half, migrate.RampFull}
		}
		for _, ramp := range offers {
			next := m.intern(s.After(e, m.config.CopyOnRead, ramp))
			m.moves[i] = append(m.moves[i], move{edge: uint8(n), next: next})
		}
	}
	for _, ramp := range []uint16{0, half, migrate.RampFull} {
		if s.Phase == migrate.ReadingNew && ramp != s.Ramp {
			next := m.intern(s.WithRamp(ramp))
			m.ramps[i] = append(m.ramps[i], next)
		}
	}
}

// initial returns the states to start from: the key absent, or there with the
// value a, which no release of this model need have written.
func (m *model) initial() []state {
	var out []state
	for _, w := range []write{{}, sourceWrite(sourceA)} {
		for _, inside := range []bool{false, true} {
			s := state{source: w.source, truth: w, sourceThere: true, inside: inside}
			out = append(out, s)
			if m.config.Hazards&WrongReader != 0 {
				s.wrongReader = true
				out = append(out, s)
			}
		}
	}
	return out
}

// emit hands on one step. The state it leads to is checked on the way.
type emit func(s state, a action, broken string)

// next hands on every step that may be taken in a state.
func (m *model) next(s state, yield func(step[state, action])) {
	out := func(to state, a action, broken string) {
		if broken == "" {
			broken = m.broken(to)
		}
		yield(step[state, action]{to: to, action: a, broken: broken})
	}
	for i, r := range m.config.Fleet {
		if r != Nobody {
			m.clientSteps(s, uint8(i), out)
		}
	}
	m.controllerSteps(s, out)
	m.backfillSteps(s, out)
	m.outsideSteps(s, out)
}

// broken checks the properties that are about a state.
func (m *model) broken(s state) string {
	for i, c := range s.clients {
		if c.counted() && m.refused[s.setting][m.config.Fleet[i]] {
			return "a healthy instance of release " + m.config.Fleet[i].String() +
				" gets errors from the change: it does not support the setting"
		}
	}
	switch m.readsOf(s.setting, s.inside) {
	case readingSource:
		if s.sourceThere && !m.explained(s, readingSource).has(uint8(s.source)) {
			return "an acknowledged write is lost: the source is authoritative and its value is not explained by the last write"
		}
	case readingTarget:
		if s.targetThere && !m.explained(s, readingTarget).has(uint8(s.target)) {
			return "an acknowledged write is lost: the target is authoritative and its value is not explained by the last write"
		}
	case readingOrCopying:
		if s.targetThere && s.target != noTarget && !m.explained(s, readingTarget).has(uint8(s.target)) {
			return "an acknowledged write is lost: copy-on-read trusts a target value that the last write does not explain"
		}
	}
	return ""
}

// readsOf returns what a read of the key does under a setting.
func (m *model) readsOf(setting uint8, inside bool) doing {
	s := m.settings[setting]
	switch s.Mode.Reads() {
	case migrate.ReadsTarget:
		return readingTarget
	case migrate.ReadsTargetOrCopies:
		return readingOrCopying
	case migrate.ReadsByRamp:
		if s.Ramp == migrate.RampFull || s.Ramp > 0 && inside {
			return readingTarget
		}
	}
	return readingSource
}
