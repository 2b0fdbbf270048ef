package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/underpin-db/underpin/review"
)

// Version is the version of the JSON form. It grows when a field goes or means
// something else; fields may come at any time.
const Version = 1

// The JSON form. Sizes are in bytes, times in seconds, lines and columns from 1.
type (
	jsonReport struct {
		Version    int           `json:"version"`
		Tool       string        `json:"tool"`
		Server     jsonServer    `json:"server"`
		Migrations int           `json:"migrations"`
		Statements int           `json:"statements"`
		Errors     int           `json:"errors"`
		Warnings   int           `json:"warnings"`
		Notes      int           `json:"notes"`
		Findings   []jsonFinding `json:"findings"`
		Waived     []jsonFinding `json:"waived"`
		NotChecked []jsonSkip    `json:"not_checked"`
	}
	jsonServer struct {
		Flavour string `json:"flavour"`
		Version string `json:"version"`
		Assumed bool   `json:"assumed"`
	}
	jsonSkip struct {
		Code   review.Code `json:"code,omitempty"`
		Reason string      `json:"reason"`
	}
	jsonFinding struct {
		ID        string          `json:"id"`
		Code      review.Code     `json:"code"`
		Name      string          `json:"name"`
		Category  review.Category `json:"category"`
		Severity  review.Severity `json:"severity"`
		Path      string          `json:"path"`
		Line      int             `json:"line,omitempty"`
		Column    int             `json:"column,omitempty"`
		EndLine   int             `json:"end_line,omitempty"`
		EndColumn int             `json:"end_column,omitempty"`
		Object    string          `json:"object,omitempty"`
		Message   string          `json:"message"`
		Advice    string          `json:"advice,omitempty"`
		SQL       string          `json:"sql,omitempty"`
		Cost      *jsonCost       `json:"cost,omitempty"`
		Fixes     []jsonFix       `json:"fixes,omitempty"`
		Waiver    *jsonWaiver     `json:"waiver,omitempty"`
		SignOff   *jsonSignOff    `json:"sign_off,omitempty"`
	}
	jsonCost struct {
		Class       string           `json:"class"`
		Algorithm   string           `json:"algorithm,omitempty"`
		Lock        string           `json:"lock,omitempty"`
		Rebuild     bool             `json:"rebuild"`
		SizeClass   review.SizeClass `json:"size_class"`
		Rows        uint64           `json:"rows,omitempty"`
		Bytes       uint64           `json:"bytes,omitempty"`
		LowSeconds  float64          `json:"low_seconds,omitempty"`
		HighSeconds float64          `json:"high_seconds,omitempty"`
		Words       string           `json:"words"`
	}
	jsonFix struct {
		Description string     `json:"description"`
		Edits       []jsonEdit `json:"edits,omitempty"`
		NewFiles    []jsonFile `json:"new_files,omitempty"`
	}
	jsonEdit struct {
		Path      string `json:"path"`
		Line      int    `json:"line"`
		Column    int    `json:"column"`
		EndLine   int    `json:"end_line"`
		EndColumn int    `json:"end_column"`
		Text      string `json:"text"`
	}
	jsonFile struct {
		Path    string `json:"path"`
		Content string `json:"content"`
	}
	jsonWaiver struct {
		Reason string `json:"reason"`
		Owner  string `json:"owner,omitempty"`
		Until  string `json:"until,omitempty"`
		Path   string `json:"path"`
		Line   int    `json:"line,omitempty"`
	}
	jsonSignOff struct {
		SignedBy []string `json:"signed_by"`
		Missing  string   `json:"missing,omitempty"`
		Command  string   `json:"command,omitempty"`
	}
)

func writeJSON(w io.Writer, d Document) error {
	out := jsonReport{
		Version: Version, Tool: "underpin " + d.Version,
		Server:     jsonServer{string(d.Server.Flavour), d.Server.Version.String(), d.Assumed},
		Migrations: d.Report.Migrations, Statements: d.Statements,
		Errors: d.count(review.Error), Warnings: d.count(review.Warning), Notes: d.count(review.Note),
		Findings: jsonFindings(d.Findings), Waived: jsonFindings(d.Waived), NotChecked: []jsonSkip{},
	}
	for _, s := range d.NotChecked {
		out.NotChecked = append(out.NotChecked, jsonSkip(s))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonFindings(list []review.Finding) []jsonFinding {
	out := make([]jsonFinding, 0, len(list))
	for _, f := range list {
		j := jsonFinding{
			ID: f.ID, Code: f.Code, Name: f.Name, Category: f.Category, Severity: f.Severity, Path: f.Path,
			Line: f.Span.Start.Line, Column: f.Span.Start.Column, EndLine: f.Span.End.Line, EndColumn: f.Span.End.Column,
			Object: f.Object, Message: f.Message, Advice: f.Advice, SQL: f.SQL, Cost: costOf(f.Cost),
		}
		for _, fix := range f.Fixes {
			j.Fixes = append(j.Fixes, fixOf(fix))
		}
		if f.Waiver != nil {
			j.Waiver = &jsonWaiver{Reason: f.Waiver.Reason, Owner: f.Waiver.Owner, Path: f.Waiver.Path, Line: f.Waiver.Line}
			if !f.Waiver.Until.IsZero() {
				j.Waiver.Until = f.Waiver.Until.Format(time.DateOnly)
			}
		}
		if f.SignOff != nil {
			j.SignOff = &jsonSignOff{append([]string{}, f.SignOff.By...), f.SignOff.Missing, f.SignOff.Command}
		}
		out = append(out, j)
	}
	return out
}

func costOf(c *review.Cost) *jsonCost {
	if c == nil {
		return nil
	}
	return &jsonCost{
		Class: string(c.Verdict.Class), Algorithm: c.Verdict.Algorithm, Lock: c.Verdict.Lock, Rebuild: c.Verdict.Rebuild,
		SizeClass: c.Size.Class, Rows: c.Size.Rows, Bytes: c.Size.Bytes,
		LowSeconds: c.Low.Seconds(), HighSeconds: c.High.Seconds(), Words: c.Words(),
	}
}

func fixOf(f review.Fix) jsonFix {
	out := jsonFix{Description: f.Description}
	for _, e := range f.Edits {
		out.Edits = append(out.Edits, jsonEdit{e.Path, e.Span.Start.Line, e.Span.Start.Column, e.Span.End.Line, e.Span.End.Column, e.Text})
	}
	for _, n := range f.NewFiles {
		out.NewFiles = append(out.NewFiles, jsonFile(n))
	}
	return out
}
