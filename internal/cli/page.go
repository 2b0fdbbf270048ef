package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// style paints text, or leaves it as it is. It has few colours on purpose.
type style string

// The styles.
const (
	plain  style = ""
	colour style = "colour"
)

func (s style) paint(code, text string) string {
	if s == plain || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string { return s.paint("1", text) }
func (s style) dim(text string) string  { return s.paint("2", text) }
func (s style) good(text string) string { return s.paint("32", text) }
func (s style) warn(text string) string { return s.paint("33", text) }
func (s style) bad(text string) string  { return s.paint("31", text) }
func (s style) here(text string) string { return s.paint("1;36", text) }

// isTerminal reports whether a stream is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// styleOf returns the style for a stream: colours on a terminal, unless
// NO_COLOR or a dumb terminal ask for none.
func (a *app) styleOf(w io.Writer) style {
	if !isTerminal(w) || a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb" {
		return plain
	}
	return colour
}

// page is text for people, put together before it is written at once.
type page struct {
	style
	b strings.Builder
}

func newPage(s style) *page { return &page{style: s} }

// line adds one line.
func (p *page) line(format string, args ...any) {
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

// gap adds an empty line.
func (p *page) gap() { p.b.WriteByte('\n') }

// table adds rows with aligned columns, two spaces apart, each line behind an
// indent. The last column is not padded.
func (p *page) table(indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	for _, row := range rows {
		p.b.WriteString(indent)
		for i, cell := range row {
			p.b.WriteString(cell)
			if i < len(row)-1 {
				p.b.WriteString(strings.Repeat(" ", widths[i]-width(cell)+2))
			}
		}
		p.b.WriteByte('\n')
	}
}

// head adds a table's line of titles to rows.
func (p *page) head(titles ...string) [][]string {
	row := make([]string, len(titles))
	for i, t := range titles {
		row[i] = p.dim(t)
	}
	return [][]string{row}
}

// writeTo writes the page through the filter.
func (p *page) writeTo(w io.Writer) { fmt.Fprint(w, harmless(p.b.String())) }

// emit prints the result of a command: the value as one JSON object, or the
// page that show makes.
func (a *app) emit(value any, show func(p *page)) error {
	if a.settings.JSON {
		a.writeJSON(a.stdout, value)
		return nil
	}
	p := newPage(a.styleOf(a.stdout))
	show(p)
	p.writeTo(a.stdout)
	return nil
}

// writeJSON writes one value on lines of its own. Values are made of plain
// structs; one that cannot be encoded is a mistake in this package and says so.
func (a *app) writeJSON(w io.Writer, value any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		fmt.Fprintf(a.stderr, "underpin: encode the result: %v\n", err)
	}
}

// writeJSONLine writes one value on one line, for commands that print many.
func (a *app) writeJSONLine(value any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// width is the number of cells that text takes on a terminal.
func width(text string) int { return runewidth.StringWidth(unpainted(text)) }

// unpainted takes our colours out of a text.
func unpainted(text string) string {
	var b strings.Builder
	for text != "" {
		if n := colourLength(text); n > 0 {
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		b.WriteRune(r)
		text = text[n:]
	}
	return b.String()
}

// harmless replaces everything that could steer a terminal: control
// characters other than a line's end, and escapes other than our colours.
func harmless(text string) string {
	var b strings.Builder
	for text != "" {
		if n := colourLength(text); n > 0 {
			b.WriteString(text[:n])
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		if r != '\n' && (unicode.IsControl(r) || isBidi(r)) {
			r = '�'
		}
		b.WriteRune(r)
		text = text[n:]
	}
	return b.String()
}

// isBidi reports whether a character reorders those around it, so that a line
// reads as it is not.
func isBidi(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// colourLength returns the length of the colour at the beginning of text, 0 if
// there is none.
func colourLength(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	for i := 2; i < len(text); i++ {
		switch c := text[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}
