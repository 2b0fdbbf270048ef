package cli

import (
	"strings"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// stationWidth is how many cells lie between two phases of the picture. Names
// stand above and below in turn, so each has twice as much room.
const stationWidth = 8

// station is one phase of the picture.
type station struct {
	phase migrate.Phase
	mark  string
}

// picture shows the line of phases with the present one marked:
//
//	planned         dual_write      verified        new_only        closed
//	●───────●───────●───────◆───────○───────○───────○───────○───────○
//	        expanded        backfilling     read_new        contracted
//
// A change on its way back from new_only stands between two of them.
func (p *page) picture(st engine.Status) {
	line := stations(st.Course, st.Phase)
	above, below := p.names(line, 0, st.Phase), p.names(line, 1, st.Phase)
	p.line("  %s", strings.TrimRight(above, " "))
	var b strings.Builder
	for i, s := range line {
		b.WriteString(p.mark(s.mark))
		if i == len(line)-1 {
			break
		}
		b.WriteString(p.dim(p.track(s.phase, st.Phase)))
	}
	p.line("  %s", b.String())
	p.line("  %s", strings.TrimRight(below, " "))
}

// stations returns the phases of the picture with their marks.
func stations(course migrate.Course, at migrate.Phase) []station {
	mark := "●" // been there
	if at == migrate.Reversing {
		at = migrate.OnlyNew // the mark itself is on the track before it
	}
	var out []station
	for _, phase := range course.Phases() {
		switch phase {
		case migrate.Reversing:
			continue
		case at:
			out, mark = append(out, station{phase, "◆"}), "○"
			continue
		}
		out = append(out, station{phase, mark})
	}
	return out
}

// track is the line that follows a phase.
func (p *page) track(after, at migrate.Phase) string {
	if at == migrate.Reversing && after == migrate.ReadingNew {
		return "──◀─◀──"
	}
	return strings.Repeat("─", stationWidth-1)
}

func (p *page) mark(mark string) string {
	switch mark {
	case "◆":
		return p.here(mark)
	case "●":
		return p.good(mark)
	}
	return p.dim(mark)
}

// names sets every other name, from the first or the second on, at its place.
func (p *page) names(line []station, from int, at migrate.Phase) string {
	var b strings.Builder
	column := 0
	for i := from; i < len(line); i += 2 {
		name := string(line[i].phase)
		b.WriteString(strings.Repeat(" ", i*stationWidth-column))
		column = i*stationWidth + len(name)
		if line[i].phase == at {
			b.WriteString(p.here(name))
			continue
		}
		b.WriteString(name)
	}
	return b.String()
}
