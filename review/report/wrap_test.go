package report_test

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/report"
)

// wordy is a report with one finding of which all texts are long.
func wordy(text, line string) report.Document {
	d := example()
	d.Findings = d.Findings[:1]
	f := &d.Findings[0]
	f.Message, f.Advice, f.Fixes, f.Object, f.Path = text, text, []review.Fix{{Description: text}}, "", "a.sql"
	d.Migrations[1].Path, d.Migrations[1].Text = "a.sql", line
	f.Span = review.Span{Start: at(0, 1, len(line)-8), End: at(0, 1, len(line)-2)}
	d.Waived[0].Waiver.Reason, d.NotChecked = text, []review.Skip{{Code: "RS225", Reason: text}}
	return d
}

// Nothing is wider than the terminal, whatever its width; 80 where it is not
// known; and no word is lost.
func TestTextIsWrapped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zäあ]{1,7}`), 20, 60).Draw(rt, "words")
		d := wordy(strings.Join(words, " "), strings.Repeat("SELECT 'あ', ", 40))
		d.Width = rapid.SampledFrom([]int{0, 40, 79, 200}).Draw(rt, "width")
		most := d.Width
		if most == 0 {
			most = 80
		}
		got := write(t, report.Text, d)
		for line := range strings.SplitSeq(got, "\n") {
			if wide := runewidth.StringWidth(line); wide > most && !strings.Contains(line, "migrations") && !strings.Contains(line, "RS104") {
				rt.Fatalf("%d columns of %d: %s", wide, most, line)
			}
		}
		all := strings.Join(strings.Fields(got), " ")
		if n := strings.Count(all, strings.Join(words, " ")); n != 5 {
			rt.Fatalf("the words stand there %d times:\n%s", n, got)
		}
	})
}

// A command is copied whole, and the mark stays under what it marks.
func TestWrapKeepsWhatIsCopied(t *testing.T) {
	t.Parallel()
	const command = "'ALTER TABLE `users` RENAME COLUMN `name` TO `full_name`'"
	d := wordy("carry it out behind gates, which takes three releases: underpin plan "+command, strings.Repeat("x", 300)+" BADBAD;\n")
	d.Findings[0].Span = review.Span{Start: at(301, 1, 302), End: at(307, 1, 308)}
	got := write(t, report.Text, d)
	if n := strings.Count(got, " "+command); n != 5 { // message, advice, fix, reason of the waiver, reason of the skip
		t.Errorf("the command stands there %d times:\n%s", n, got)
	}
	lines := strings.Split(got, "\n")
	for i, line := range lines {
		if before, _, ok := strings.Cut(line, "BADBAD"); ok && !strings.Contains(before, "'") {
			want := strings.Repeat(" ", runewidth.StringWidth(before)-runewidth.StringWidth("    1 │ ")) + "~~~~~~"
			if !strings.HasSuffix(lines[i+1], "│ "+want) {
				t.Errorf("the mark is elsewhere:\n%s\n%s", line, lines[i+1])
			}
			return
		}
	}
	t.Errorf("the place is not shown:\n%s", got)
}
