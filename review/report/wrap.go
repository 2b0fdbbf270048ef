package report

import (
	"cmp"
	"regexp"
	"strings"
)

// defaultWidth is how wide a terminal is taken for that does not say.
const defaultWidth = 80

// leastRoom is how many columns a text gets at least, however narrow the
// terminal.
const leastRoom = 20

// room is how many columns are left behind an indent.
func (d Document) room(indent int) int {
	return max(leastRoom, cmp.Or(d.Width, defaultWidth)-indent)
}

// piece is what stays on one line: a word, or a command or SQL in quotation
// marks, which is to be copied whole.
var piece = regexp.MustCompile("`[^`\n]*`\\S*|'[^'\n]*'\\S*|\\S+")

// wrap breaks a text into lines of at most so many columns, between its pieces.
// A piece that is wider has a line of its own.
func wrap(text string, columns int) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		begin, end := 0, 0
		for _, p := range piece.FindAllStringIndex(line, -1) {
			if end > begin && cells(line[begin:p[1]]) > columns {
				out = append(out, line[begin:end])
				begin = p[0]
			}
			end = p[1]
		}
		out = append(out, line[begin:end])
	}
	return out
}

// prose writes a text with a mark before it, in lines that fit. The lines below
// the first stand under it.
func (t *textWriter) prose(indent int, mark, text string) {
	lead := strings.Repeat(" ", indent)
	if mark != "" {
		lead += mark + " "
	}
	for i, line := range wrap(text, t.room(cells(lead))) {
		switch {
		case i > 0:
			t.line("%s%s", strings.Repeat(" ", cells(lead)), line)
		case mark == "":
			t.line("%s%s", lead, line)
		default:
			t.line("%s%s %s", lead[:indent], t.paint(Dim, mark), line)
		}
	}
}
