package explore

import "fmt"

// Mirroring says how a transaction writes the row on the other side of a table
// change.
type Mirroring uint8

// The ways to mirror a new row.
const (
	// Inserts and takes a duplicate key for a reason to roll back the whole
	// unit and begin again with another number.
	Inserts Mirroring = iota
	// Upserts overwrites what is there.
	Upserts
	// InsertsAlone inserts, and on a duplicate key keeps its own row without
	// its counterpart: a statement is retried where a unit should be.
	InsertsAlone
)

// The bounds of the identity model.
const (
	idWriters = 2
	idNumbers = 5 // the numbers 1 to 4
	idRounds  = 2
)

// idTable is one side: who owns each number, and the AUTO_INCREMENT counter.
type idTable struct {
	owner [idNumbers]uint8
	next  uint8
}

// idWriter is one writer; writer 0 writes the source table, writer 1 the
// target table.
type idWriter struct {
	// rounds is how many rows it has still to insert.
	rounds uint8
	// id is the number that its own side has given it; 0 is none.
	id uint8
	// waits for the lock on its mirror's row.
	waits bool
}

// idState is a moment of the identity model. Owners: 0 nobody, 1 + writer for a
// row of a transaction in flight, then the same + idCommitted.
type idState struct {
	tables  [2]idTable
	writers [idWriters]idWriter
	// alone is how many rows were committed that the mapping leaves out.
	alone uint8
}

// idCommitted marks a committed row. idAlone marks one that has, on purpose, no
// counterpart: the mapping's where leaves it out.
const (
	idCommitted = 4
	idAlone     = 8
)

type idAction struct {
	who  uint8
	text string
	id   uint8
}

// Identity explores two writers on both sides of a table change, whose
// AUTO_INCREMENT counters hand out the same numbers. Rows that the mapping
// leaves out exist in the source table only, so that the counters lie apart
// however well they were raised at the last flip. The properties: no row is
// overwritten by the mirror of somebody else's, the two rows of a number are
// one pair, and nobody waits for ever.
func Identity(how Mirroring) (Result, error) {
	var first idState
	first.tables[0].next, first.tables[1].next = 1, 1
	for i := range first.writers {
		first.writers[i].rounds = idRounds
	}
	f, err := search([]idState{first}, defaultLimit, func(s idState, yield func(step[idState, idAction])) {
		for who := range uint8(idWriters) {
			s.steps(who, how, func(to idState, text string) {
				yield(step[idState, idAction]{to: to, action: idAction{who, text, s.number(who)}, broken: to.broken(how)})
			})
		}
	})
	if err != nil {
		return Result{States: f.states}, fmt.Errorf("explore identity: %w (%d)", err, f.states)
	}
	r := Result{States: f.states}
	if f.broken != "" {
		r.Violation = &Violation{Property: f.broken}
		for _, a := range f.actions {
			side := [...]string{"source", "target"}[a.who]
			r.Violation.Trace = append(r.Violation.Trace, fmt.Sprintf("the %s-shape writer %s %d", side, a.text, a.id))
		}
	}
	return r, nil
}

// number returns the number that the writer's next step is about.
func (s idState) number(who uint8) uint8 {
	if id := s.writers[who].id; id != 0 {
		return id
	}
	return s.tables[who].next
}

// broken checks the properties.
func (s idState) broken(how Mirroring) string {
	var alone uint8
	for id := 1; id < idNumbers; id++ {
		here, there := s.tables[0].owner[id], s.tables[1].owner[id]
		if here&idAlone != 0 {
			alone++
		}
		if there&idCommitted != 0 && here != there {
			return "two different rows with one number count as a pair"
		}
	}
	if alone != s.alone {
		return "a mirror has overwritten somebody else's row"
	}
	able := s.writers[0].id == 0 && s.writers[1].id == 0
	for who := range uint8(idWriters) {
		s.steps(who, how, func(idState, string) { able = true })
	}
	if !able {
		return "a writer waits for ever"
	}
	return ""
}

// steps hands on what one writer may do.
func (s idState) steps(who uint8, how Mirroring, out func(idState, string)) {
	w := &s.writers[who]
	switch {
	case w.id == 0 && w.rounds > 0 && s.tables[who].next < idNumbers:
		s.insertOwn(who, out)
	case w.id != 0:
		s.mirrorRow(who, how, out)
	}
}

// insertOwn inserts on the writer's own side and learns the number.
func (s idState) insertOwn(who uint8, out func(idState, string)) {
	own := &s.tables[who]
	id := own.next
	own.next++
	if own.owner[id] != 0 {
		// The other side's mirror is there already: try the next number.
		out(s, "finds taken the number")
		return
	}
	if who == 0 {
		left := s
		left.tables[0].owner[id] = 1 + idCommitted + idAlone
		left.writers[0].rounds--
		left.alone++
		out(left, "inserts and commits, left out by where, row")
	}
	own.owner[id] = 1 + who
	s.writers[who].id = id
	out(s, "inserts on its own side row")
}

// mirrorRow inserts the counterpart and commits. A row that another
// transaction has locked is waited for; two that wait for each other are a
// deadlock, and one of them begins again.
func (s idState) mirrorRow(who uint8, how Mirroring, out func(idState, string)) {
	id, other := s.writers[who].id, 1-who
	taken := s.tables[other].owner[id]
	switch {
	case taken == 1+other && s.writers[other].waits:
		out(s.rolledBack(who), "is a deadlock's victim and begins again after row")
		out(s.rolledBack(other), "waits, and the other is the deadlock's victim, for row")
	case taken == 1+other && !s.writers[who].waits:
		s.writers[who].waits = true
		out(s, "waits for the lock on row")
	case taken == 1+other: // waits
	case taken == 0, how == Upserts:
		out(s.committed(who, bothRows), "mirrors and commits row")
	case how == InsertsAlone:
		out(s.committed(who, ownRow), "finds a duplicate key, leaves its mirror and commits row")
	default:
		out(s.rolledBack(who), "finds a duplicate key and begins again after row")
	}
}

// extent says how much of a unit is committed.
type extent uint8

const (
	bothRows extent = iota
	ownRow
)

// committed returns the state after the unit has ended. An explicit number
// raises the counter, as InnoDB does.
func (s idState) committed(who uint8, how extent) idState {
	w := &s.writers[who]
	for t := range uint8(len(s.tables)) {
		if t == who || how == bothRows {
			s.tables[t].owner[w.id] = 1 + who + idCommitted
			s.tables[t].next = max(s.tables[t].next, w.id+1)
		}
	}
	*w = idWriter{rounds: w.rounds - 1}
	s.writers[1-who].waits = false
	return s
}

// rolledBack returns the state after the writer's unit is undone, and whoever
// waited for its row may go on. Counters do not go back.
func (s idState) rolledBack(who uint8) idState {
	w := &s.writers[who]
	s.tables[who].owner[w.id] = 0
	*w = idWriter{rounds: w.rounds}
	s.writers[1-who].waits = false
	return s
}
