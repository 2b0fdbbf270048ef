package report

import (
	"encoding/xml"
	"io"
	"strings"
	"unicode"

	"github.com/underpin-db/underpin/review"
)

// The JUnit form: a suite of all files under review, a case for each finding,
// and one that passes for each file without any.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Skipped *junitSkipped `xml:"skipped,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

func writeJUnit(w io.Writer, d Document) error {
	suite := junitSuite{Name: "underpin review"}
	found := map[string]bool{}
	for _, f := range d.Findings {
		found[f.Path] = true
		c := junitCase{Name: legal(title(f) + " (" + f.ID + ")"), Class: legal(f.Path), File: legal(f.Path), Line: f.Span.Start.Line}
		if f.Severity != review.Note {
			c.Failure = &junitFailure{Message: legal(f.Message), Type: string(f.Severity), Text: legal(place(f) + "\n" + full(f))}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, f := range d.Waived {
		found[f.Path] = true
		suite.Skipped++
		reason, _ := f.LetThrough()
		if f.Waiver != nil {
			reason = "waived: " + reason
		}
		suite.Cases = append(suite.Cases, junitCase{
			Name: legal(title(f) + " (" + f.ID + ")"), Class: legal(f.Path), File: legal(f.Path), Line: f.Span.Start.Line,
			Skipped: &junitSkipped{legal(reason)},
		})
	}
	for _, m := range d.Migrations {
		if m.Standing != review.Past && !found[m.Path] {
			suite.Cases = append(suite.Cases, junitCase{Name: "review", Class: legal(m.Path), File: legal(m.Path)})
		}
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// legal replaces what XML 1.0 has no place for.
func legal(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return '�'
		}
		return r
	}, text)
}
