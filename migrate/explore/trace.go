package explore

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// tell turns a path into lines. Epochs are counted here: a path has a length,
// the states have not.
func (m *model) tell(path []state, actions []action) []string {
	lines := []string{"in the beginning: " + m.pair(path[0]) + m.circumstances(path[0])}
	var epoch uint64
	for i, a := range actions {
		before, after := path[i], path[i+1]
		if a.kind == transition || a.kind == ramps {
			epoch++
		}
		line := m.sentence(before, a, epoch)
		if before.source != after.source || before.target != after.target || a.kind == commits {
			line += ": " + m.pair(after)
		}
		lines = append(lines, line)
	}
	return lines
}

func (m *model) circumstances(s state) string {
	text := ", the key is outside a partial ramp"
	if s.inside {
		text = ", the key is inside a partial ramp"
	}
	if s.wrongReader {
		text += ", r1 misreads the target"
	}
	return text
}

func (m *model) pair(s state) string {
	text := "source=" + s.source.String()
	if !s.sourceThere {
		text = "source dropped"
	}
	if s.targetThere {
		return text + " target=" + s.target.String()
	}
	return text + ", no target"
}

// sentence says what one action did.
func (m *model) sentence(before state, a action, epoch uint64) string {
	switch {
	case a.kind <= retries:
		return fmt.Sprintf("%s #%d %s", m.config.Fleet[a.who], a.who+1, m.clientSentence(before, a, epoch))
	case a.kind == transition:
		return fmt.Sprintf("controller: %s is recorded, %s", Name(m.edges[a.who]), m.named(a.value, epoch))
	case a.kind == ramps:
		return fmt.Sprintf("controller: the ramp is moved, %s", m.named(a.value, epoch))
	case a.kind == looksAtGuards:
		return fmt.Sprintf("controller: the guards of %s hold", Name(m.edges[a.who]))
	case a.kind == strangerWrites:
		return fmt.Sprintf("r0 without the library writes %s, and leaves the target alone", sourceValue(a.value))
	}
	return m.houseSentence(a, m.named(before.setting, epoch))
}

// clientSentence says what an instance did.
func (m *model) clientSentence(before state, a action, epoch uint64) string {
	c := before.clients[a.who]
	under := m.named(before.setting, epoch)
	if (c.doing == writing || c.doing == riding) && m.goesBy(before, c) != before.setting {
		under = m.named(c.under, 0)
	}
	switch a.kind {
	case beginsRead:
		return "begins a read of " + sideOf(c.reads)
	case reads:
		if a.value == 1 {
			return "misses the target and reads source=" + before.source.String() + " without a lock"
		}
		side := c.doing
		if side == nothing {
			side = c.reads
		}
		value := before.target.String()
		if side == readingSource {
			value = before.source.String()
		}
		return "reads " + value + " from " + sideOf(side)
	case commits:
		value := targetValue(a.value).String()
		if m.config.Fleet[a.who].writes() == migrate.SourceShape {
			value = sourceValue(a.value).String()
		}
		if a.value == 0 {
			return "commits delete under " + under
		}
		return "commits upsert " + value + " under " + under
	case touches:
		return "commits an update of another column under " + under
	case adopts, joins, beginsWrite, writesAhead, takesFence:
		return clientVerbs[a.kind] + " " + under
	}
	return clientVerbs[a.kind]
}

var clientVerbs = map[kind]string{
	joins:          "joins under",
	stops:          "stops, and with it what it had in flight",
	pauses:         "is paused by its operating system",
	wakes:          "wakes up",
	expires:        "is paused longer than its lease: the controller no longer counts it",
	adopts:         "acknowledges",
	copies:         "misses the target and copies the row",
	refusesRead:    "refuses to hand out what it read: its lease is over",
	beginsWrite:    "begins a write under",
	writesAhead:    "writes its own shape before it takes the fence, under",
	takesFence:     "takes the fence and mirrors under",
	rollsBack:      "rolls back",
	mirrors:        "mirrors, in a second transaction",
	refusedByFence: "is refused by the fence and stops",
	retries:        "does not copy: the fence says that the mode is over",
}

// houseSentence says what controller, backfill or an outsider did.
func (m *model) houseSentence(a action, under string) string {
	switch a.kind {
	case verifies:
		if a.value == 1 {
			return "verification finds a difference under " + under
		}
		return "verification finds the pair in step under " + under
	case workerDies:
		if a.value == 1 {
			return "backfill: the worker of an earlier run is refused"
		}
		return "backfill: the worker dies"
	case reconciles, claims:
		return houseVerbs[a.kind] + " under " + under
	}
	return houseVerbs[a.kind]
}

var houseVerbs = map[kind]string{
	worksExpand:   "controller: the expand DDL is carried out",
	worksDrop:     "controller: the target is dropped",
	worksContract: "controller: the contract DDL is carried out",
	claims:        "backfill: a worker claims the key",
	reconciles:    "backfill: a worker writes the key",
	strangerComes: "r0 without the library connects",
	strangerGoes:  "r0 without the library disconnects",
	strangerReads: "r0 without the library reads the source",
	viewCreated:   "somebody creates a view of the source",
	viewDropped:   "somebody drops the view of the source",
	viewRead:      "somebody reads the view of the source",
	damages:       "something breaks the pair",
}

// named names a setting by phase, what is special about it, and epoch.
func (m *model) named(setting uint8, epoch uint64) string {
	s := m.settings[setting]
	text := string(s.Phase)
	if s.Mode == migrate.CopyOnRead {
		text += " (copy_on_read)"
	}
	if s.Phase == migrate.ReadingNew {
		text += fmt.Sprintf(" (ramp %d%%)", s.Ramp/100)
	}
	if epoch > 0 {
		text += fmt.Sprintf("@%d", epoch)
	}
	return text
}

func sideOf(d doing) string {
	switch d {
	case readingSource:
		return "the source"
	case readingTarget:
		return "the target"
	}
	return "the target, copying on a miss"
}
