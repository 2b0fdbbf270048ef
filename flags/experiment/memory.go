package experiment

import "sync"

// member identifies a unit in an experiment.
type member struct {
	experiment uint32
	unit       string
}

// remembered is what a process knows of a unit.
type remembered struct {
	branch string
	// stored says that the branch is the one in the table; otherwise it is on its
	// way there.
	stored bool
}

// memory keeps assignments, the recently used ones longer: when the young half is
// full it becomes the old one, and the old one goes. What is read moves to the
// young half. It is safe for concurrent use.
type memory struct {
	mu         sync.Mutex
	most       int // of the young half
	young, old map[member]remembered
}

func newMemory(most int) *memory { return &memory{most: most, young: map[member]remembered{}} }

func (m *memory) get(p member) (remembered, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.young[p]
	if ok {
		return r, true
	}
	if r, ok = m.old[p]; ok {
		m.keep(p, r)
	}
	return r, ok
}

// add keeps r unless something is known already, and returns what is known.
func (m *memory) add(p member, r remembered) (known remembered, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, half := range []map[member]remembered{m.young, m.old} {
		if known, ok = half[p]; ok {
			return known, true
		}
	}
	m.keep(p, r)
	return r, false
}

func (m *memory) put(p member, r remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(p, r)
}

// forget drops what is not stored after all.
func (m *memory) forget(p member) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, half := range []map[member]remembered{m.young, m.old} {
		if r, ok := half[p]; ok && !r.stored {
			delete(half, p)
		}
	}
}

func (m *memory) keep(p member, r remembered) {
	if len(m.young) >= m.most {
		m.young, m.old = make(map[member]remembered, m.most), m.young
	}
	m.young[p] = r
}
