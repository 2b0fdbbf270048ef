package source

import (
	"errors"
	"strings"

	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review"
)

// change reads one of Underpin's own change files. Its mistakes are faults
// of the migration: the reviewer is to see them.
func (f *finder) change(name string) (*review.Migration, error) {
	text, problem := f.text(name)
	m := &review.Migration{Path: name, Text: text, Change: &plan.File{Name: name}}
	if problem != "" {
		m.Faults = []review.Fault{{Problem: problem}}
		return m, nil
	}
	file, err := plan.ParseFile(name, strings.NewReader(text))
	var mistakes plan.Errors
	if errors.As(err, &mistakes) {
		for _, e := range mistakes {
			m.Faults = append(m.Faults, review.Fault{Line: e.Line, Column: e.Column, Problem: e.Problem + hint(e.Hint)})
		}
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	m.Change, m.Name = file, file.Change.Text
	for _, part := range []struct {
		phase string
		list  []plan.Scalar
	}{{"alter", file.Alter}, {"expand", file.Expand}, {"contract", file.Contract}} {
		for _, s := range part.list {
			m.Sections = append(m.Sections, section(m, part.phase, s))
		}
	}
	return m, nil
}

func hint(text string) string {
	if text == "" {
		return ""
	}
	return "; " + text
}

// section finds a scalar's text in the file. One that YAML has folded or quoted
// is not there literally, and is given with the place where it begins.
func section(m *review.Migration, phase string, s plan.Scalar) review.Section {
	sec := review.Section{Direction: review.Up, Single: review.OneWhole, Phase: phase}
	from := m.Offset(s.Line, s.Column)
	if i := strings.Index(m.Text[from:], s.Text); i >= 0 {
		sec.From, sec.To = from+i, from+i+len(s.Text)
		return sec
	}
	sec.From, sec.To, sec.Text = from, from, s.Text
	return sec
}
