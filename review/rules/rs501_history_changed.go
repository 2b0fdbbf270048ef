package rules

import (
	"fmt"
	"path"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func historyChanged() review.Rule {
	return review.Rule{
		Code: "RS501", Name: "history-changed", Category: review.History, Severity: review.Error,
		Summary: "a migration that was merged is edited, removed or overtaken: environments diverge",
		Check:   checkHistoryChanged,
	}
}

func checkHistoryChanged(p *review.Pass) {
	for m := range p.Migrations() {
		switch {
		case repeatable(m):
		case m.Standing == review.Edited:
			p.ReportFile(m, review.Finding{
				Object: m.Path, Span: m.Span(),
				Message: "it was edited after it had been merged: servers that have run it keep what the old text did, others get the new one",
				Advice:  "put it back as it was, and write a migration with the next version",
			})
		case m.Standing == review.Removed:
			p.ReportFile(m, review.Finding{
				Object:  m.Path,
				Message: "it was removed after it had been merged: servers that have run it keep what it did, others never get it",
				Advice:  "put it back, and undo what it did with a migration that has the next version",
			})
		}
	}
	judgeOrder(p)
}

// repeatable reports whether a file is meant to be edited: Flyway runs R__ files
// again when they have changed.
func repeatable(m *review.Migration) bool { return strings.HasPrefix(path.Base(m.Path), "R__") }

// line is one line of versions: those of a folder that lead one way.
type line struct {
	folder    string
	direction review.Direction
}

func linesOf(m *review.Migration) []line {
	var out []line
	for _, d := range []review.Direction{review.Up, review.Down} {
		if m.Leads(d) {
			out = append(out, line{path.Dir(m.Path), d})
		}
	}
	return out
}

// judgeOrder looks for new migrations that stand before one that was merged, and
// for those whose version another one has.
func judgeOrder(p *review.Pass) {
	newest := map[line]*review.Migration{}
	versions := map[line]map[string]*review.Migration{}
	for m := range p.History() {
		for _, at := range linesOf(m) {
			if m.Standing == review.Past {
				newest[at] = m
			}
			if versions[at] == nil {
				versions[at] = map[string]*review.Migration{}
			}
			if other := versions[at][m.Version]; other == nil || m.Standing == review.Past {
				versions[at][m.Version] = m
			}
		}
	}
	passed := map[line]bool{} // behind the newest that was merged
	for m := range p.History() {
		for _, at := range linesOf(m) {
			last := newest[at]
			passed[at] = passed[at] || m == last
			if m.Standing != review.Reviewed || m.Version == "" {
				continue
			}
			f := review.Finding{
				Object: m.Path, Span: m.Span(),
				Advice: "give it the next version",
			}
			if other := versions[at][m.Version]; other != m {
				f.Message = fmt.Sprintf("it has version %s, and so has %s: which of the two is run, and in which order, is up to the tool", m.Version, path.Base(other.Path))
				p.ReportFile(m, f)
			} else if last != nil && !passed[at] && at.direction == review.Up {
				f.Message = fmt.Sprintf("its version %s is below %s, which was merged before: servers that have run that one skip it or refuse it, others run it first", m.Version, last.Version)
				p.ReportFile(m, f)
			}
		}
	}
}
