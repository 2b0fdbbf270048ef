package report

import (
	"io"
	"strings"

	"github.com/underpin-db/underpin/internal/sarif"
	"github.com/underpin-db/underpin/review"
)

func writeSARIF(w io.Writer, d Document) error {
	run := sarif.Run{Tool: sarif.Tool{Name: "underpin", Version: d.Version}, Category: "underpin-review"}
	for _, r := range d.Rules {
		run.Rules = append(run.Rules, sarif.Rule{
			ID: string(r.Code), Name: r.Name, Summary: r.Summary, Markdown: r.Explanation,
			Level: levels[r.Severity], Tags: []string{strings.ReplaceAll(string(r.Category), " ", "-")},
		})
	}
	for _, f := range d.Findings {
		run.Results = append(run.Results, resultOf(f))
	}
	for _, f := range d.Waived {
		r := resultOf(f)
		reason, _ := f.LetThrough()
		r.Suppression = &sarif.Suppression{Reason: reason}
		run.Results = append(run.Results, r)
	}
	for _, s := range d.skips() {
		run.Notes = append(run.Notes, "not checked: "+s.reason+s.of())
	}
	return sarif.Write(w, run)
}

var levels = map[review.Severity]sarif.Level{review.Error: sarif.Error, review.Warning: sarif.Warning, review.Note: sarif.Note}

func resultOf(f review.Finding) sarif.Result {
	r := sarif.Result{
		RuleID: string(f.Code), Level: levels[f.Severity], Message: full(f), Path: f.Path,
		Region: region(f.Span), Fingerprint: f.ID,
	}
	for _, fix := range f.Fixes {
		if len(fix.Edits)+len(fix.NewFiles) == 0 {
			continue // advice is no fix to SARIF: it changes nothing
		}
		out := sarif.Fix{Description: fix.Description}
		for _, e := range fix.Edits {
			out.Replacements = append(out.Replacements, sarif.Replacement{Path: e.Path, Region: region(e.Span), Text: e.Text})
		}
		for _, n := range fix.NewFiles {
			out.Replacements = append(out.Replacements, sarif.Replacement{Path: n.Path, Text: n.Content})
		}
		r.Fixes = append(r.Fixes, out)
	}
	return r
}

func region(s review.Span) sarif.Region {
	return sarif.Region{StartLine: s.Start.Line, StartColumn: s.Start.Column, EndLine: s.End.Line, EndColumn: s.End.Column}
}
