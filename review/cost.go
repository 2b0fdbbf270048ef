package review

import (
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// Size returns how large a table is before the statement. One that was made in
// the same set is empty, and so small.
func (p *Pass) Size(s *Statement, table string) Size {
	if s.New(table) {
		return Size{Class: Small}
	}
	t, ok := p.input.facts[fold(table)]
	if !ok {
		return Size{Class: Unknown}
	}
	return Size{p.Config.Sizes.class(t.Rows, t.Bytes), t.Rows, t.Bytes}
}

// BySize returns the severity of something that hurts as much as the table is
// large: a note on a small one, a warning on a medium one, an error on a large
// one, and the rule's own where the size is not known.
func (p *Pass) BySize(size Size) Severity {
	switch size.Class {
	case Small:
		return Note
	case Medium:
		return Warning
	case Large:
		return Error
	}
	return p.Rule.Severity
}

// How fast a server works through a table in DDL, in bytes a second. This is an
// assumption, and wide on purpose: it tells a minute from a night. Preflight
// measures on the server itself.
const (
	slowBytes = 20 << 20
	fastBytes = 200 << 20
)

// Cost returns what DDL costs on the server at hand. It is nil where that is
// not known: the statement is no DDL on a table, or the cost hangs on a table of
// which too little is known; why says which.
func (p *Pass) Cost(s *Statement) (cost *Cost, why error) {
	if s.parsed == nil {
		return nil, s.opsErr
	}
	name := s.parsed.Table()
	verdict, err := ddl.Judge(p.Server, s.tableForJudge(name), s.parsed)
	if err != nil {
		return nil, err
	}
	c := &Cost{Server: p.Server, Assumed: p.input.assumed, Verdict: verdict, Size: p.Size(s, name)}
	if slices.ContainsFunc(verdict.Parts, ddl.Part.Grows) && c.Size.Class != Unknown {
		c.Low, c.High = seconds(c.Size.Bytes, fastBytes), seconds(c.Size.Bytes, slowBytes)
	}
	return c, nil
}

func seconds(bytes, rate uint64) time.Duration {
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second)).Round(time.Second)
}

// tableForJudge returns the table as the statement finds it; nil where nothing
// is known.
func (s *Statement) tableForJudge(name string) *ddl.Table {
	t := s.before[fold(name)]
	if t == nil || !t.Complete {
		return nil
	}
	return &t.Table
}

// Words says what a statement costs, for people.
func (c *Cost) Words() string {
	if c == nil {
		return ""
	}
	server := fmt.Sprintf("%s %s", c.Server.Flavour, c.Server.Version)
	if c.Assumed {
		server += " (assumed)"
	}
	text := fmt.Sprintf("%s on %s: %s", c.Verdict.Class, server, c.Verdict.Words())
	if c.Size.Class == Unknown {
		return text + "; the size of the table is not known"
	}
	text += "; " + c.Size.Words()
	if c.High > 0 {
		text += fmt.Sprintf("; about %s to %s", span(c.Low), span(c.High))
	}
	return text
}

// Words says how large a table is, for people.
func (s Size) Words() string {
	switch {
	case s.Class == Unknown:
		return "size not known"
	case s.Rows == 0 && s.Bytes == 0:
		return "an empty table"
	}
	return fmt.Sprintf("about %s rows, %s", scaled(float64(s.Rows), 1000, "", "k", "M", "G"), scaled(float64(s.Bytes), 1024, "B", "KiB", "MiB", "GiB", "TiB", "PiB"))
}

// scaled writes a number with the largest unit that leaves something of it.
func scaled(n, step float64, units ...string) string {
	i := 0
	for n >= step && i < len(units)-1 {
		n, i = n/step, i+1
	}
	text := fmt.Sprintf("%.3g", n)
	if units[i] != "" {
		text += " " + units[i]
	}
	return text
}

// span writes a length of time in the unit that fits.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}
