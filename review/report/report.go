package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// Format is a form in which a report is written.
type Format string

// The forms.
const (
	Text     Format = "text"
	JSON     Format = "json"
	SARIF    Format = "sarif"
	GitHub   Format = "github"
	JUnit    Format = "junit"
	Markdown Format = "markdown"
)

// Formats lists the forms.
func Formats() []Format { return []Format{Text, JSON, SARIF, GitHub, JUnit, Markdown} }

// ErrUnknownFormat says that a text names no form.
var ErrUnknownFormat = errors.New("no such form of a report")

// Document is what is written.
type Document struct {
	*review.Report
	// Migrations are those that were reviewed, for their lines.
	Migrations []*review.Migration
	// Code is the Go files that were compared with the base, for theirs.
	Code *review.CodeChanges
	// Version is the tool's.
	Version string
	// Paint colours text; nil leaves it plain.
	Paint Painter
	// Width is how many columns text is wrapped at. Defaults to 80. Lines of
	// files and fixes are left as they are, to be copied.
	Width int
}

// Painter colours text for a terminal.
type Painter func(Colour, string) string

// Colour is what a piece of text means.
type Colour string

// The colours.
const (
	Bold Colour = "bold"
	Dim  Colour = "dim"
	Good Colour = "good"
	Warn Colour = "warn"
	Bad  Colour = "bad"
)

// Write writes a document.
func Write(w io.Writer, format Format, d Document) error {
	writers := map[Format]func(io.Writer, Document) error{
		Text: writeText, JSON: writeJSON, SARIF: writeSARIF, GitHub: writeGitHub, JUnit: writeJUnit, Markdown: writeMarkdown,
	}
	write, ok := writers[format]
	if !ok {
		return fmt.Errorf("%w: %q; the forms are %v", ErrUnknownFormat, format, Formats())
	}
	if err := write(w, d); err != nil {
		return fmt.Errorf("write the report as %s: %w", format, err)
	}
	return nil
}

// text returns the text of a file as it is under review: a file of a schema
// folder is also among the migrations as it was.
func (d Document) text(path string) string {
	for _, m := range d.Migrations {
		if m.Path == path && m.Standing != review.Past {
			return m.Text
		}
	}
	if d.Code != nil {
		if i := slices.IndexFunc(d.Code.After, func(f review.GoFile) bool { return f.Path == path }); i >= 0 {
			return d.Code.After[i].Text
		}
	}
	return ""
}

// line returns a line of a file, counted from 1; empty where it has none.
func (d Document) line(path string, n int) string {
	for line := range strings.SplitSeq(d.text(path), "\n") {
		if n--; n == 0 {
			return strings.TrimRight(line, "\r")
		}
	}
	return ""
}

// count returns how many findings are of a severity.
func (d Document) count(s review.Severity) int {
	n := 0
	for _, f := range d.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// summary is the review in one line.
func (d Document) summary() string {
	text := fmt.Sprintf("%s, %s, %s in %s of %s", plural(d.count(review.Error), "error"), plural(d.count(review.Warning), "warning"),
		plural(d.count(review.Note), "note"), plural(d.Statements, "statement"), plural(d.Report.Migrations, "migration"))
	if n := len(d.Waived); n > 0 {
		text += fmt.Sprintf("; %d %s", n, d.letThrough())
	}
	return text
}

// letThrough says how findings came not to count.
func (d Document) letThrough() string {
	waived := slices.ContainsFunc(d.Waived, func(f review.Finding) bool { return f.Waiver != nil })
	signed := slices.ContainsFunc(d.Waived, func(f review.Finding) bool { return f.Waiver == nil })
	switch {
	case waived && signed:
		return "waived or signed"
	case signed:
		return "signed"
	}
	return "waived"
}

// judgedFor says for which server statements were judged.
func (d Document) judgedFor() string {
	text := fmt.Sprintf("judged for %s %s by %s", d.Server.Flavour, d.Server.Version, plural(len(d.Rules), "rule"))
	if d.Assumed {
		text += "; the server was assumed: name it with --server, or give --dsn or --stats"
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// full is a finding's message with its cost, its advice and the signatures that
// would let it through. A message may begin with
// a name, so its first letter stays as it is.
func full(f review.Finding) string {
	text := sentence(f.Message)
	if words := f.Cost.Words(); words != "" {
		text += " " + sentence(words)
	}
	if f.Advice != "" {
		text += " " + sentence(f.Advice)
	}
	if s := f.SignOff; s != nil && s.Missing != "" {
		text += " Signatures: " + sentence(s.Missing+"; to sign: "+s.Command)
	}
	return text
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.TrimSuffix(text, ".") + "."
}

// place is file:line:column.
func place(f review.Finding) string {
	at := f.Span.Start
	return fmt.Sprintf("%s:%d:%d", f.Path, cmp.Or(at.Line, 1), cmp.Or(at.Column, 1))
}

// title is what a finding is, in few words; what was not checked has no rule.
func title(f review.Finding) string {
	text := string(f.Code) + " " + f.Name
	if f.Object != "" {
		text += ": " + f.Object
	}
	return text
}
