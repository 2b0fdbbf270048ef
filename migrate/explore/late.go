package explore

import "github.com/underpin-db/underpin/migrate"

// nobody is whoever is no instance: the backfill, an outsider, the controller.
const nobody = ^uint8(0)

// writeAhead begins a transaction with the unit's own statement, before the
// fence, as the library does where it believes that a mirror is due: the fence
// rides on the mirror. Nothing of it can be seen until the commit. What others
// notice is the lock on the row, and DDL on the table, which waits.
//
// Which value was written is chosen at the commit: while the lock is held nobody
// can tell the difference.
func (m *model) writeAhead(s state, i uint8, out emit) {
	c := s.clients[i]
	own := m.config.Fleet[i].writes()
	if broken := dropped(s, migrate.ShapeSet{Source: own == migrate.SourceShape, Target: own == migrate.TargetShape}); broken != "" {
		if c.life == lapsed { // the server refuses the statement, and the fleet has moved on rightly
			out(s.with(i, client{}), action{kind: refusedByFence, who: i}, "")
			return
		}
		out(s, action{kind: writesAhead, who: i}, broken)
		return
	}
	if m.locked(s, i, own) {
		return // it waits
	}
	c.doing = ahead
	if m.off.without(Fence) || m.off.without(LateFenceObeyed) {
		c.under = s.setting
	}
	out(s.with(i, c), action{kind: writesAhead, who: i}, "")
}

// ride takes the fence of a transaction whose own statement has run, and mirrors
// as the fence says. From then on transitions wait.
func (m *model) ride(s state, i uint8, out emit) {
	c := s.clients[i]
	if m.refused[s.setting][m.config.Fleet[i]] && c.life == lapsed {
		out(s.with(i, client{}), action{kind: refusedByFence, who: i}, "")
		return
	}
	c.doing = riding
	for _, shape := range m.touched(s, i, c) {
		if m.locked(s, i, shape) {
			return // it waits, or is a deadlock's victim: rollsBack covers it
		}
	}
	out(s.with(i, c), action{kind: takesFence, who: i}, "")
}

// touched returns the shapes whose rows a transaction has written or is about to.
func (m *model) touched(s state, i uint8, c client) []migrate.Shape {
	if c.doing != ahead {
		if kept := m.settings[m.goesBy(s, c)].Mode.Writes(); kept.Source && kept.Target {
			return []migrate.Shape{migrate.SourceShape, migrate.TargetShape}
		}
	}
	return []migrate.Shape{m.config.Fleet[i].writes()}
}

// locked says whether the row of a shape is locked by an instance other than by.
func (m *model) locked(s state, by uint8, shape migrate.Shape) bool {
	for i, c := range s.clients {
		if uint8(i) == by || c.doing != ahead && c.doing != riding {
			continue
		}
		for _, has := range m.touched(s, uint8(i), c) {
			if has == shape {
				return true
			}
		}
	}
	return false
}

// anyLocked says whether a row of the pair is locked by an instance other than
// by.
func (m *model) anyLocked(s state, by uint8) bool {
	return m.locked(s, by, migrate.SourceShape) || m.locked(s, by, migrate.TargetShape)
}
