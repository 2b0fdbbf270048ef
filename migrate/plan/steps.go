package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// gateWords says for each guard what is waited for. The places are
// the phase to come, the service, the soak time, and the words for shadow reads.
var gateWords = map[migrate.Guard]string{
	migrate.GuardFleetSupports:  "every live instance of %[2]s supports what phase %[1]s asks for",
	migrate.GuardNoStrangers:    "no connection of code without the library is left",
	migrate.GuardSchemaWhole:    "the live schema has everything that expand adds",
	migrate.GuardReadersDrained: "every live instance has acknowledged, and its older reads have ended",
	migrate.GuardRampFull:       "every key is read from the target",
	migrate.GuardSoaked:         "the last step of the ramp has stood for %[3]s",
	migrate.GuardBackfilled:     "the backfill has reached the end of every span and quarantined nothing",
	migrate.GuardVerified:       "an exact comparison of every pair found no difference",
	migrate.GuardShadowClean:    "%[4]s",
	migrate.GuardReversed:       "the reverse reconcile has reached the end of every span",
	migrate.GuardUnnamed:        "no view, trigger, routine, event, foreign key or generated column names the source",
	migrate.GuardUnused:         "no statement sent since new_only was entered uses the source",
	migrate.GuardSignedOff:      "somebody has asked for this very step by name",
	migrate.GuardForgotten:      "no live instance of %[2]s declares the change any more",
}

// releases says for each phase which release has to be live and what its code
// must do. {service} is the application.
var releases = map[migrate.Phase]string{
	migrate.Expanded:    "any: what is running does not notice",
	migrate.DualWriting: "{service} with the library: it declares the change, writes the source shape inside Write and touches the keys it writes, and supports modes through read_new",
	migrate.Backfilling: "as before",
	migrate.Verified:    "as before, with its reads inside Read, so that shadow reads can compare both shapes",
	migrate.ReadingNew:  "as before; from here on a release of {service} that writes the target shape and supports modes through new_only may be rolled out beside it",
	migrate.OnlyNew:     "only {service} releases that write and read the target shape and support new_only",
	migrate.Contracted:  "as before; its code no longer names the source",
	migrate.Closed:      "a release of {service} that no longer declares the change",
}

// backWords says for each phase what going back from it means.
var backWords = map[migrate.Phase]string{
	migrate.Expanded:    "drop what expand added",
	migrate.DualWriting: "writers go back to the source alone; the target is left as it is",
	migrate.Backfilling: "the copy stops where it is; both shapes are still written",
	migrate.Verified:    "the verdict is given up and the copy compared again; both shapes are still written",
	migrate.ReadingNew:  "reads go back to the source at once; releases that write the target shape have to be gone first",
	migrate.OnlyNew:     "the source is rebuilt from the target by a reverse reconcile, and reads stay on the target until it is compared",
	migrate.Contracted:  "none: the source is gone, and going back is a new change",
	migrate.Closed:      "none: the source is gone, and going back is a new change",
}

// steps returns the way of a plan from planned to closed, from the transition
// table.
func steps(p *Plan) []Step {
	path, err := p.Change.Course.Path(migrate.Planned, migrate.Closed, migrate.Forward)
	if err != nil {
		return nil // a test holds that the table has this way
	}
	out := make([]Step, 0, len(path))
	for _, e := range path {
		out = append(out, Step{
			From: e.From, To: e.To, Work: e.Work, Why: e.Why,
			SQL:     p.sqlOf(e.Work),
			Gates:   p.gates(e),
			Flag:    p.flag(e.To),
			Release: strings.ReplaceAll(releases[e.To], "{service}", p.Change.Service),
			WayBack: p.wayBack(e.To),
		})
		if p.Schema != nil {
			p.schemaWords(&out[len(out)-1])
		}
	}
	return out
}

// Statements returns the DDL of a piece of work.
func (p *Plan) Statements(w migrate.Work) []Statement {
	switch w {
	case migrate.WorkExpand:
		return p.Expand
	case migrate.WorkDrop:
		return p.Undo
	case migrate.WorkContract:
		return p.Contract
	}
	return nil
}

// sqlOf returns the texts of the DDL of a piece of work.
func (p *Plan) sqlOf(w migrate.Work) []string {
	var out []string
	for _, s := range p.Statements(w) {
		out = append(out, s.SQL)
	}
	return out
}

// gates returns the guards of an edge with words.
func (p *Plan) gates(e migrate.Edge) []Gate {
	shadow := fmt.Sprintf("at least %d shadow reads were made and none differed", p.Reads.Shadow.Min)
	if p.Reads.Shadow.Sample == 0 {
		shadow = "shadow reads are switched off by the change file, so none are asked for"
	}
	var out []Gate
	for _, g := range e.Guards {
		words := gateWords[g]
		if p.Schema != nil {
			if own, ok := p.schemaGate(g); ok {
				out = append(out, Gate{Guard: g, Words: own})
				continue
			}
		}
		if strings.Contains(words, "%") {
			words = fmt.Sprintf(words+"%[5]s", e.To, p.Change.Service, p.Reads.Soak, shadow, "")
		}
		if g == migrate.GuardNoStrangers && len(p.Connections.Users) > 0 {
			words += ", in this database or of " + strings.Join(p.Connections.Users, ", ") + " in any"
		}
		out = append(out, Gate{Guard: g, Words: words})
	}
	return out
}

// flag returns what instances see in a phase.
func (p *Plan) flag(to migrate.Phase) string {
	mode := to.Mode()
	if to == migrate.Contracted || to == migrate.Closed {
		return p.Change.Name + " = " + mode.String() + " (for good)"
	}
	text := p.Change.Name + " = " + mode.String()
	if p.Reads.CopyOnRead == migrate.Yes && (to == migrate.Backfilling || to == migrate.Verified) {
		text = p.Change.Name + " = " + migrate.CopyOnRead.String()
	}
	if mode == migrate.ReadNew {
		text += ", reads on the target " + p.Reads.RampWords() + " %, " + p.Reads.Soak.String() + " each"
	}
	return text
}

// wayBack returns the edge that leads back out of a phase.
func (p *Plan) wayBack(from migrate.Phase) WayBack {
	w := WayBack{Words: backWords[from]}
	if e, ok := p.Change.Course.Next(from, migrate.Back); ok {
		w.To, w.Loss, w.SQL = e.To, e.Loss, p.sqlOf(e.Work)
	}
	return w
}

// RampWords returns the ramp in percent: "1 → 5 → 25 → 50 → 100".
func (r Reads) RampWords() string {
	parts := make([]string, len(r.Ramp))
	for i, bp := range r.Ramp {
		parts[i] = percentText(bp)
	}
	return strings.Join(parts, " → ")
}

// percentText returns basis points in percent, without needless zeros.
func percentText(bp uint16) string {
	return strconv.FormatFloat(float64(bp)/100, 'f', -1, 64)
}
