package rules

import (
	"path"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func noDownPart() review.Rule {
	return review.Rule{
		Code: "RS507", Name: "no-down-part", Category: review.History, Severity: review.Note,
		Summary: "a migration without the down part that others have, or a mapping without its backward side",
		Reach:   review.Everything,
		Check:   checkNoDownPart,
	}
}

func checkNoDownPart(p *review.Pass) {
	type version struct{ folder, version, path string }
	of := func(m *review.Migration) version {
		v := version{folder: path.Dir(m.Path), version: m.Version}
		if v.version == "" {
			v.path = m.Path
		}
		return v
	}
	folders, downs := map[string]bool{}, map[version]bool{}
	for m := range p.History() {
		if m.Leads(review.Down) {
			folders[path.Dir(m.Path)], downs[of(m)] = true, true
		}
	}
	for m := range p.Migrations() {
		switch {
		case m.Change != nil && len(m.Change.Forward) > 0 && len(m.Change.Backward) == 0:
			p.ReportFile(m, review.Finding{
				Severity: review.Warning, Object: m.Change.Change.Text, Span: m.Span(),
				Message: "the change has no backward side: from new_only on, what was written in the new shape is lost on the way back",
				Advice:  "say under backward how each source column follows from the target",
			})
		case m.Version == "" && strings.HasPrefix(path.Base(m.Path), "R__"): // Flyway repeats it, and knows no way back
		case m.Change == nil && m.Leads(review.Up) && folders[path.Dir(m.Path)] && !downs[of(m)]:
			p.ReportFile(m, review.Finding{
				Object: m.Path, Span: m.Span(),
				Message: "there is no down part, and the other migrations of this folder have one: a reviewer cannot judge what a way back costs",
				Advice:  "write it; or write a down part that is a comment, and say in it why there is none",
			})
		}
	}
}
