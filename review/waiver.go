package review

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"
)

// JudgedWaiver is a waiver and what became of it.
type JudgedWaiver struct {
	Waiver
	Migration *Migration // nil: it stands in the configuration
	// Problem says why it does not hold: it is malformed. Empty: it is not.
	Problem string
	// Used counts the findings that it let through, and Unsigned those that it
	// could not, for they take signatures.
	Used, Unsigned int
	Expired        bool
	offset         int
	// of is the place of the statement that it is for.
	of Span
}

// Waivers yields the waivers of what is under review. It is for rules of the
// category Waivers, which run when the waivers have been used.
func (p *Pass) Waivers() iter.Seq[*JudgedWaiver] { return slices.Values(p.input.waivers) }

// Span returns where a waiver stands.
func (w *JudgedWaiver) Span() Span {
	if w.Migration == nil {
		at := Position{Line: w.Line, Column: 1}
		return Span{at, at}
	}
	at := w.Migration.position(w.offset)
	return Span{at, at}
}

const waiverWord = "underpin:waive"

// collectWaivers finds the waivers in the comments of the files under review,
// and adds those of the configuration.
func (r *input) collectWaivers() []*JudgedWaiver {
	var out []*JudgedWaiver
	for _, m := range r.migrations {
		if m.Standing != Past && strings.Contains(m.Text, waiverWord) {
			out = append(out, m.waivers()...)
		}
	}
	for _, w := range r.Config.Waivers {
		j := &JudgedWaiver{Waiver: w}
		j.Path = w.Path
		out = append(out, j)
	}
	for _, w := range out {
		// The day named is the last on which it holds.
		w.Expired = !w.Until.IsZero() && !r.Config.Now.Before(w.Until.AddDate(0, 0, 1))
	}
	return out
}

// waivers finds the waivers in a file's comments. One that stands before a
// statement, or in one, or behind it in its last line, is for that statement.
func (m *Migration) waivers() []*JudgedWaiver {
	var out []*JudgedWaiver
	l := &lexer{text: m.Text, end: len(m.Text)}
	for {
		t, ok, _ := l.next()
		if !ok {
			return out
		}
		if t.kind != tokenComment {
			continue
		}
		_, text, found := strings.Cut(m.Text[t.from:t.to], waiverWord)
		if !found {
			continue
		}
		w := parseWaiver(strings.TrimSuffix(strings.TrimSpace(text), "*/"))
		w.Migration, w.Path, w.offset = m, m.Path, t.from
		w.Line = m.position(t.from).Line
		w.of = m.statementAt(t.from)
		out = append(out, w)
	}
}

// statementAt returns the place of the statement that a comment is for: the one
// that it stands in, else the last that ends before it in its line, else the next.
func (m *Migration) statementAt(offset int) (of Span) {
	line := m.position(offset).Line
	for _, s := range m.Statements {
		at := s.Span()
		switch ended := at.End.Offset <= offset; {
		case ended && at.End.Line == line:
			of = at
		case !ended && (at.Start.Offset <= offset || of.IsZero()):
			return at
		}
	}
	return of
}

// waiverField is a field of a waiver: key=value or key="value with blanks".
var waiverField = regexp.MustCompile(`(\w+)=(?:"([^"]*)"|(\S+))`)

// parseWaiver reads what stands behind the word; what stands behind a second
// pair of dashes is a remark.
func parseWaiver(text string) *JudgedWaiver {
	text, _, _ = strings.Cut(text, " -- ")
	w := &JudgedWaiver{}
	fields := waiverField.FindAllStringSubmatch(text, -1)
	for _, f := range fields {
		value := f[2] + f[3]
		if strings.Contains(f[3], `"`) {
			w.Problem = "a quotation mark is not closed"
		}
		switch f[1] {
		case "reason":
			w.Reason = value
		case "owner":
			w.Owner = value
		case "until":
			day, err := time.Parse(time.DateOnly, value)
			if err != nil {
				w.Problem = fmt.Sprintf("%q is no day: write until=2026-12-31", value)
			}
			w.Until = day
		default:
			w.Problem = fmt.Sprintf("%q is not known: write reason, owner or until", f[1])
		}
	}
	for _, word := range strings.FieldsFunc(waiverField.ReplaceAllString(text, " "), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if !codePattern.MatchString(word) {
			w.Problem = fmt.Sprintf("%q is no code of a rule", word)
			continue
		}
		w.Codes = append(w.Codes, Code(word))
	}
	if len(w.Codes) == 0 && w.Problem == "" {
		w.Problem = "it names no rule: write " + waiverWord + " RS101 reason=\"…\""
	}
	return w
}

var codePattern = regexp.MustCompile(`^RS\d{3}$`)

// covers reports whether a waiver is for a finding.
func (w *JudgedWaiver) covers(f *Finding) bool {
	if w.Problem != "" || w.Expired || w.Reason == "" || !slices.Contains(w.Codes, f.Code) || w.Path != f.Path {
		return false
	}
	return w.Migration == nil && w.Line == 0 || w.Migration == nil && w.Line == f.Span.Start.Line ||
		w.Migration != nil && !w.of.IsZero() && f.Span.Start.Offset >= w.of.Start.Offset && f.Span.Start.Offset <= w.of.End.Offset
}

// waive takes out of the findings what somebody took responsibility for, unless
// it takes signatures.
func (r *input) waive(report *Report) {
	var kept []Finding
	for _, f := range report.Findings {
		i := slices.IndexFunc(r.waivers, func(w *JudgedWaiver) bool { return w.covers(&f) })
		if i >= 0 && f.SignOff != nil {
			r.waivers[i].Unsigned++
		}
		if i < 0 || f.SignOff != nil {
			kept = append(kept, f)
			continue
		}
		r.waivers[i].Used++
		f.Waiver = &r.waivers[i].Waiver
		report.Waived = append(report.Waived, f)
	}
	report.Findings = kept
}
