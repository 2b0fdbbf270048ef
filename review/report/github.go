package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/underpin-db/underpin/review"
)

// mostAnnotations is how many annotations of one type GitHub shows of a step;
// more are dropped without a word
// (https://github.com/orgs/community/discussions/26680).
const mostAnnotations = 10

// mostMessage is how long an annotation may be: the runner cuts what is behind it
// (_maxIssueMessageLength in
// https://github.com/actions/runner/blob/main/src/Runner.Worker/ExecutionContext.cs).
const mostMessage = 4096

// longMessage stands for what an annotation has no room for.
const longMessage = "\nThe full report says more than fits here."

// cutTo cuts a text to so many bytes, between characters.
func cutTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// commands are GitHub's workflow commands, by severity.
var commands = []struct {
	severity review.Severity
	command  string
}{{review.Error, "error"}, {review.Warning, "warning"}, {review.Note, "notice"}}

// writeGitHub writes annotations: of each type the first ten, of which the last
// says how many more there are. Findings come the gravest category first.
func writeGitHub(w io.Writer, d Document) error {
	var b strings.Builder
	for _, c := range commands {
		var list []review.Finding
		for _, f := range d.Findings {
			if f.Severity == c.severity {
				list = append(list, f)
			}
		}
		for i, f := range list[:min(len(list), mostAnnotations)] {
			rest := ""
			if more := len(list) - mostAnnotations; i == mostAnnotations-1 && more > 0 {
				rest = fmt.Sprintf("\n%d more of this severity are not shown here; the full report has them.", more)
			}
			message := full(f) + d.remedies(f)
			if len(message)+len(rest) > mostMessage {
				message = cutTo(full(f), mostMessage-len(longMessage)-len(rest)) + longMessage
			}
			annotate(&b, c.command, f, message+rest)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// remedies are the fixes of a finding as text: an annotation has no other place
// for them.
func (d Document) remedies(f review.Finding) string {
	var b strings.Builder
	for _, fix := range f.Fixes {
		fmt.Fprintf(&b, "\nFix: %s", fix.Description)
		if s, ok := d.suggestion(fix); ok {
			fmt.Fprintf(&b, "\n\n%s:\n%s", s.place(), s.Text)
		}
		for _, n := range fix.NewFiles {
			fmt.Fprintf(&b, "\n\n%s:\n%s", n.Path, strings.TrimRight(n.Content, "\n"))
		}
	}
	return b.String()
}

// annotate writes one command, in the form that the runner's toolkit has
// (https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions).
func annotate(b *strings.Builder, command string, f review.Finding, message string) {
	from, to := f.Span.Start, f.Span.End
	if from.Line != to.Line { // columns are for one line only
		from.Column, to.Column = 0, 0
	}
	fmt.Fprintf(b, "::%s file=%s", command, property(f.Path))
	for _, p := range []struct {
		name  string
		value int
	}{{"line", from.Line}, {"endLine", to.Line}, {"col", from.Column}, {"endColumn", to.Column}} {
		if p.value > 0 {
			fmt.Fprintf(b, ",%s=%d", p.name, p.value)
		}
	}
	fmt.Fprintf(b, ",title=%s::%s\n", property(title(f)), data(message))
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func data(text string) string     { return dataEscapes.Replace(text) }
func property(text string) string { return propertyEscapes.Replace(text) }
