package plan

import (
	"fmt"
	"strings"
)

// maxCell bounds a sampled value in a table, in characters.
const maxCell = 60

// renderSample writes what became of sampled rows.
func (p *Plan) renderSample(b *strings.Builder) {
	s := p.Sample
	line(b, "## Sample")
	line(b, "")
	switch {
	case s.Rows == 0:
		line(b, "The table is empty, so no row was tried.")
		line(b, "")
		return
	case s.Coverage == Complete:
		line(b, "All %s rows were sent through the mapping.", count(uint64(s.Rows)))
	default:
		line(b, "%s rows from all over the key were sent through the mapping.", count(uint64(s.Rows)))
	}
	line(b, "")
	line(b, "| there and back | rows that changed |")
	line(b, "|---|---|")
	line(b, "| source → target → source | %s |", count(uint64(s.Source.Changed)))
	line(b, "| target → source → target | %s |", count(uint64(s.Target.Changed)))
	line(b, "")
	renderExamples(b, "Source rows that would come back changed:", s.Source.Examples)
	renderExamples(b, "Target rows that would come back changed:", s.Target.Examples)
}

// renderExamples writes a table of rows before and after.
func renderExamples(b *strings.Builder, title string, list []Example) {
	if len(list) == 0 {
		return
	}
	line(b, "%s", title)
	line(b, "")
	line(b, "| key | column | before | after |")
	line(b, "|---|---|---|---|")
	for _, e := range list {
		for i, before := range e.Before {
			after := e.After[i]
			if shown(before) != shown(after) {
				line(b, "| %s | %s | %s | %s |", code(strings.Join(e.Key, ", ")), code(before.Column), shown(before), shown(after))
			}
		}
	}
	line(b, "")
}

// shown returns a value for a table cell.
func shown(v Value) string {
	if v.Text == nil {
		return "NULL"
	}
	runes := []rune(fmt.Sprintf("%q", *v.Text))
	if len(runes) > maxCell {
		runes = append(runes[:maxCell], '…')
	}
	return verbatim(string(runes))
}

// renderFacts writes where the plan was made and on how much.
func (p *Plan) renderFacts(b *strings.Builder) {
	line(b, "## Where it was planned")
	line(b, "")
	line(b, "| | |")
	line(b, "|---|---|")
	line(b, "| server | %s %s |", p.Facts.Server.Flavour, cell(p.Facts.Server.Version))
	for _, t := range []TableFacts{p.Facts.Source, p.Facts.Target} {
		if t.Table != "" {
			line(b, "| %s | about %s rows, %s of data, %s of indexes |", code(t.Table), count(t.Rows), size(t.DataBytes), size(t.IndexBytes))
		}
	}
}

// count returns a number with its thousands apart: 1 000 000.
func count(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + " " + text[i:]
	}
	return text
}

// size returns a number of bytes in the unit that suits it.
func size(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
