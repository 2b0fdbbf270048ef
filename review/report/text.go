package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/underpin-db/underpin/review"
)

// textWriter writes for people.
type textWriter struct {
	Document
	b strings.Builder
}

func writeText(w io.Writer, d Document) error {
	t := &textWriter{Document: d}
	var category review.Category
	for _, f := range d.Findings {
		if f.Category != category {
			category = f.Category
			t.line("%s\n", t.paint(Bold, strings.ToUpper(string(category))))
		}
		t.finding(f)
	}
	t.waived()
	t.notChecked()
	mark := t.paint(Good, "✓")
	if d.count(review.Error)+d.count(review.Warning) > 0 {
		mark = t.paint(Bad, "✗")
	}
	t.line("%s %s", mark, d.summary())
	t.line("  %s", t.paint(Dim, d.judgedFor()))
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *textWriter) line(format string, args ...any) {
	fmt.Fprintf(&t.b, format, args...)
	t.b.WriteByte('\n')
}

func (t *textWriter) paint(c Colour, text string) string {
	if t.Paint == nil || text == "" {
		return text
	}
	return t.Paint(c, text)
}

// severityMarks are how severities look.
var severityMarks = map[review.Severity]struct {
	colour Colour
	mark   string
}{
	review.Error: {Bad, "✗"}, review.Warning: {Warn, "!"}, review.Note: {Dim, "·"},
}

// finding writes one finding.
func (t *textWriter) finding(f review.Finding) {
	s := severityMarks[f.Severity]
	t.line("  %s %s %s  %s", t.paint(s.colour, s.mark), t.paint(Bold, string(f.Code)+" "+f.Name), f.Object, t.paint(Dim, place(f)))
	t.snippet(f, s.colour)
	t.line("    %s", f.Message)
	if words := f.Cost.Words(); words != "" {
		t.line("    %s", words)
	}
	if f.Advice != "" {
		t.line("    %s %s", t.paint(Dim, "→"), f.Advice)
	}
	for _, fix := range f.Fixes {
		t.line("    %s %s", t.paint(Dim, "fix:"), fix.Description)
		if s, ok := t.suggestion(fix); ok {
			t.block(s.place(), s.Text)
		}
		for _, n := range fix.NewFiles {
			t.block(n.Path, n.Content)
		}
	}
	t.line("")
}

// block shows a text that a fix proposes, below where it goes.
func (t *textWriter) block(title, text string) {
	t.line("      %s", title)
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		t.line("      %s %s", t.paint(Dim, "│"), strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", tab))
	}
}

// tab is what a tab is shown as.
const tab = "    "

// snippet shows the offending line with what is wrong in it underlined; of
// several lines the first. A statement that is not in the file as it is, such as
// what a folder of CREATE TABLE comes down to, is shown itself.
func (t *textWriter) snippet(f review.Finding, colour Colour) {
	from, to := f.Span.Start, f.Span.End
	if from == to && f.SQL != "" {
		t.line("    %s %s", t.paint(Dim, "│"), strings.Join(strings.Fields(f.SQL), " "))
		return
	}
	text := t.Document.line(f.Path, from.Line)
	if strings.TrimSpace(text) == "" {
		return
	}
	head, rest := cutAt(text, from.Column-1)
	marked := rest
	if to.Line == from.Line {
		marked, _ = cutAt(rest, to.Column-from.Column)
	}
	head, marked = strings.ReplaceAll(head, "\t", tab), strings.ReplaceAll(marked, "\t", tab)
	number := fmt.Sprint(from.Line)
	gutter := strings.Repeat(" ", len(number))
	t.line("    %s %s", t.paint(Dim, number+" │"), strings.ReplaceAll(text, "\t", tab))
	t.line("    %s %s%s", t.paint(Dim, gutter+" │"), strings.Repeat(" ", cells(head)), t.paint(colour, strings.Repeat("~", max(1, cells(marked)))))
}

// cutAt cuts a text behind so many characters.
func cutAt(text string, n int) (head, rest string) {
	for i := range text {
		if n <= 0 {
			return text[:i], text[i:]
		}
		n--
	}
	return text, ""
}

// cells is how wide a text is on a terminal.
func cells(text string) int { return runewidth.StringWidth(text) }

// waived lists what somebody took responsibility for.
func (t *textWriter) waived() {
	if len(t.Waived) == 0 {
		return
	}
	t.line("%s\n", t.paint(Bold, "WAIVED"))
	for _, f := range t.Waived {
		t.line("  %s %s  %s", t.paint(Dim, "○"), title(f), t.paint(Dim, place(f)))
		by := ""
		if f.Waiver.Owner != "" {
			by = " (" + f.Waiver.Owner + ")"
		}
		t.line("    %s%s", f.Waiver.Reason, by)
	}
	t.line("")
}

// mostSkips is how many things that were not checked are listed; the summary
// is to be seen without scrolling.
const mostSkips = 12

// notChecked lists what could not be judged: rules that give the same reason
// stand together.
func (t *textWriter) notChecked() {
	list := t.skips()
	if len(list) == 0 {
		return
	}
	t.line("%s\n", t.paint(Bold, "NOT CHECKED"))
	for i, s := range list {
		if i == mostSkips {
			t.line("  … and %d more; --report json has them all", len(list)-i)
			break
		}
		t.line("  %s%s", s.reason, t.paint(Dim, s.of()))
	}
	t.line("")
}

// skip is a reason and the rules that give it.
type skip struct {
	reason string
	codes  []string
}

// of names the rules, in brackets.
func (s skip) of() string {
	if len(s.codes) == 0 {
		return ""
	}
	return " (" + strings.Join(s.codes, ", ") + ")"
}

func (d Document) skips() []skip {
	at := map[string]int{}
	var out []skip
	for _, s := range d.NotChecked {
		i, ok := at[s.Reason]
		if !ok {
			i = len(out)
			at[s.Reason] = i
			out = append(out, skip{reason: s.Reason})
		}
		if s.Code != "" {
			out[i].codes = append(out[i].codes, string(s.Code))
		}
	}
	return out
}
