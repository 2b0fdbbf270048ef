package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

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
	for _, line := range wrap(d.judgedFor(), t.room(2)) {
		t.line("  %s", t.paint(Dim, line))
	}
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
	name := t.paint(Bold, string(f.Code)+" "+f.Name)
	if f.Object != "" {
		name += " " + f.Object
	}
	t.line("  %s %s  %s", t.paint(s.colour, s.mark), name, t.paint(Dim, place(f)))
	t.snippet(f, s.colour)
	t.prose(4, "", f.Message)
	if words := f.Cost.Words(); words != "" {
		t.prose(4, "", words)
	}
	if f.Advice != "" {
		t.prose(4, "→", f.Advice)
	}
	if s := f.SignOff; s != nil && s.Missing != "" {
		t.prose(4, "signatures:", s.Missing)
		t.line("      %s", s.Command)
	}
	for _, fix := range f.Fixes {
		t.prose(4, "fix:", fix.Description)
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
		for _, line := range wrap(strings.Join(strings.Fields(f.SQL), " "), t.room(6)) {
			t.line("    %s %s", t.paint(Dim, "│"), line)
		}
		return
	}
	text := t.Document.line(f.Path, from.Line)
	if strings.TrimSpace(text) == "" {
		return
	}
	number := fmt.Sprint(from.Line)
	gutter := strings.Repeat(" ", len(number))
	columns := t.room(len(gutter) + 7)
	// A line may have megabytes, of which nothing far away is shown.
	head, rest := cutAt(text, from.Column-1)
	head, rest = head[len(head)-lengthOfLast(head, columns+1):], firstOf(rest, columns+1)
	marked := rest
	if to.Line == from.Line {
		marked = firstOf(rest, to.Column-from.Column)
	}
	untabbed := strings.NewReplacer("\t", tab)
	v := viewOf(untabbed.Replace(head), untabbed.Replace(rest), cells(untabbed.Replace(marked)), columns)
	t.line("    %s %s", t.paint(Dim, number+" │"), v.text)
	t.line("    %s %s%s", t.paint(Dim, gutter+" │"), strings.Repeat(" ", v.from), t.paint(colour, strings.Repeat("~", max(1, v.count))))
}

// view is what fits of a line, with so many cells marked from one on.
type view struct {
	text        string
	from, count int
}

// viewOf cuts a line that is too wide, so that the mark begins in what is left:
// it stands between head and rest.
func viewOf(head, rest string, count, columns int) view {
	if cells(head)+cells(rest) > columns {
		if over := cells(head) - columns/4; over > 0 {
			head = "…" + runewidth.TruncateLeft(head, over+1, "")
		}
		rest = runewidth.Truncate(rest, columns-cells(head), "…")
	}
	return view{head + rest, cells(head), min(count, cells(rest))}
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

// firstOf is the beginning of a text, of so many characters at most.
func firstOf(text string, n int) string {
	head, _ := cutAt(text, n)
	return head
}

// lengthOfLast is how many bytes so many last characters of a text have.
func lengthOfLast(text string, n int) int {
	at := len(text)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return len(text) - at
}

// cells is how wide a text is on a terminal. Most are of printable ASCII, where
// nothing has to be looked up.
func cells(text string) int {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return len(text)
	}
	return runewidth.StringWidth(text)
}

// waived lists what somebody took responsibility for, or what is signed.
func (t *textWriter) waived() {
	if len(t.Waived) == 0 {
		return
	}
	t.line("%s\n", t.paint(Bold, strings.ToUpper(t.letThrough())))
	for _, f := range t.Waived {
		t.line("  %s %s  %s", t.paint(Dim, "○"), title(f), t.paint(Dim, place(f)))
		reason, by := f.LetThrough()
		if by != "" {
			by = " (" + by + ")"
		}
		t.prose(4, "", reason+by)
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
		t.prose(2, "", s.reason+s.of())
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
