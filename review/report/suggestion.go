package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// suggestion is a corrected text in the form of a GitHub suggestion: whole lines
// that take the place of the lines From to To of a file.
type suggestion struct {
	Path     string
	From, To int
	Text     string // without the last line's end
}

// place is file:line, or file:line-line.
func (s suggestion) place() string {
	if s.From == s.To {
		return fmt.Sprintf("%s:%d", s.Path, s.From)
	}
	return fmt.Sprintf("%s:%d-%d", s.Path, s.From, s.To)
}

// suggestion returns what a fix makes of the lines that it edits. ok is false for
// a fix that edits nothing, or not one file that is at hand.
func (d Document) suggestion(f review.Fix) (s suggestion, ok bool) {
	if len(f.Edits) == 0 {
		return s, false
	}
	text := d.text(f.Edits[0].Path)
	edits := slices.SortedFunc(slices.Values(f.Edits), func(a, b review.Edit) int { return b.Span.Start.Offset - a.Span.Start.Offset })
	start, end := edits[len(edits)-1].Span.Start, edits[0].Span.End
	if end.Offset > len(text) {
		return s, false
	}
	from := strings.LastIndexByte(text[:start.Offset], '\n') + 1
	to := len(text)
	if n := strings.IndexByte(text[end.Offset:], '\n'); n >= 0 {
		to = end.Offset + n
	}
	out, rest := "", to // written from the end
	for _, e := range edits {
		if e.Path != f.Edits[0].Path || e.Span.End.Offset > rest || e.Span.Start.Offset > e.Span.End.Offset {
			return s, false
		}
		out = e.Text + text[e.Span.End.Offset:rest] + out
		rest = e.Span.Start.Offset
	}
	out = strings.TrimRight(text[from:rest]+out, "\r\n")
	return suggestion{Path: f.Edits[0].Path, From: start.Line, To: end.Line, Text: out}, true
}
