package preflight

import (
	"fmt"
	"strings"
)

// Markdown returns the report as a section of plan.md.
func (r Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("## Preflight")
	line("")
	line("**%s**, on %s %s.", r.Verdict, r.Server.Flavour, r.Server.Version)
	line("")
	for _, reason := range r.Reasons {
		line("- %s", cell(reason))
	}
	if len(r.Reasons) > 0 {
		line("")
	}
	for _, t := range r.grids() {
		line("### %s", t.title)
		line("")
		if t.note != "" {
			line("%s", t.note)
			line("")
		}
		line("| %s |", strings.Join(t.head, " | "))
		line("|%s", strings.Repeat("---|", len(t.head)))
		for _, row := range t.rows {
			cells := make([]string, len(row))
			for i, c := range row {
				cells[i] = cell(c)
			}
			line("| %s |", strings.Join(cells, " | "))
		}
		line("")
	}
	return b.String()
}

// Text returns the report for a terminal, without colours.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, on %s %s\n", r.Verdict, r.Server.Flavour, r.Server.Version)
	for _, c := range r.Checks {
		if c.Status != OK {
			fmt.Fprintf(&b, "  %-8s%s  %s\n", c.Status, c.Code, c.Object)
			fmt.Fprintf(&b, "          %s\n", c.What)
			if c.Remedy != "" {
				fmt.Fprintf(&b, "          → %s\n", c.Remedy)
			}
		}
	}
	for _, t := range r.grids() {
		fmt.Fprintf(&b, "\n%s\n", t.title)
		if t.note != "" {
			fmt.Fprintf(&b, "  %s\n", t.note)
		}
		widths := make([]int, len(t.head))
		for _, row := range append([][]string{t.head}, t.rows...) {
			for i, c := range row {
				widths[i] = max(widths[i], len([]rune(plain(c))))
			}
		}
		for _, row := range append([][]string{t.head}, t.rows...) {
			var text strings.Builder
			for i, c := range row {
				fmt.Fprintf(&text, "  %s%s", plain(c), strings.Repeat(" ", widths[i]-len([]rune(plain(c)))))
			}
			b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
		}
	}
	return b.String()
}

// Brief returns the report in a few lines: each table's size, what takes a
// second or more, who is in the way, and what the verdict rests on.
func (r Report) Brief() []string {
	var out []string
	for _, t := range r.Tables {
		out = append(out, fmt.Sprintf("table %s: %s, data %s, indexes %s", plain(t.Table), rowsText(t.Rows), bytesText(t.DataBytes), bytesText(t.IndexBytes)))
	}
	// Short works' moments do not add up; what may come from disk does.
	var expected, more float64
	unknown := 0
	for _, f := range r.Steps {
		if f.Time == nil {
			unknown++
			continue
		}
		expected, more = expected+f.Time.Expected, more+f.Time.High-span(f.Time.Expected).High
		if f.Time.Expected >= 1 {
			out = append(out, fmt.Sprintf("%s: %s, %s", plain(cut(f.What)), f.Class, f.Time.text()))
		}
	}
	total := span(expected)
	total.High += max(0, more)
	switch line := "in all " + total.text(); {
	case unknown == 0:
		out = append(out, line)
	case unknown < len(r.Steps):
		out = append(out, fmt.Sprintf("%s, and %d that could not be timed", line, unknown))
	default:
		out = append(out, "no step could be timed")
	}
	for _, b := range r.Blockers {
		out = append(out, "in the way: "+plain(b.text()))
	}
	for _, c := range r.Checks {
		if c.Status != OK {
			out = append(out, fmt.Sprintf("%s: %s %s: %s", c.Status, c.Code, plain(c.Object), plain(c.What)))
		}
	}
	return out
}

// grid is a table of the report.
type grid struct {
	title string
	note  string // empty is none
	head  []string
	rows  [][]string
}

// grids are the report's tables that have any rows.
func (r Report) grids() []grid {
	all := []grid{r.tableGrid(), r.stepGrid(), r.blockerGrid(), r.replicaGrid(), r.checkGrid()}
	var out []grid
	for _, g := range all {
		if len(g.rows) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (r Report) tableGrid() grid {
	g := grid{title: "Tables", head: []string{"table", "rows", "data", "indexes", "row", "estimated"}}
	for _, t := range r.Tables {
		age := t.RowsFrom
		if t.StatisticsAge != nil && !t.Exact {
			age += ", " + secondsText(float64(*t.StatisticsAge)) + " old"
		}
		g.rows = append(g.rows, []string{t.Table, rowsText(t.Rows), bytesText(t.DataBytes), bytesText(t.IndexBytes), bytesText(t.RowBytes), age})
	}
	return g
}

func (r Report) stepGrid() grid {
	note := fmt.Sprintf("Expected times are ±%.0f %%, and no less than ±%s.", around*100, secondsText(moment))
	g := grid{title: "Steps", note: note, head: []string{"phase", "step", "how", "takes", "disk", "locks"}}
	for _, f := range r.Steps {
		takes := "unknown: " + f.Why
		if f.Time != nil {
			takes = f.Time.text()
		}
		how := string(f.Class)
		if how == "" {
			how = "unknown"
		}
		g.rows = append(g.rows, []string{string(f.Phase), cut(f.What), how, takes, bytesText(f.Bytes), f.Locks})
	}
	return g
}

func (r Report) blockerGrid() grid {
	g := grid{title: "Holders of metadata locks", head: []string{"table", "connection", "user", "host", "age", "last statement"}}
	for _, h := range r.Blockers {
		table := h.Table
		if h.Guess {
			table = "a guess"
		}
		g.rows = append(g.rows, []string{table, fmt.Sprint(h.Connection), h.User, h.Host, secondsText(h.Age), cut(h.Statement)})
	}
	return g
}

func (r Report) replicaGrid() grid {
	g := grid{title: "Replicas", head: []string{"replica", "version", "lag", "read_only"}}
	for _, f := range r.Replicas {
		lag := "unknown: " + f.Trouble
		if f.Lag != nil {
			lag = secondsText(float64(*f.Lag))
		}
		g.rows = append(g.rows, []string{f.Name, f.Version, lag, f.ReadOnly})
	}
	return g
}

func (r Report) checkGrid() grid {
	g := grid{title: "Checks", head: []string{"status", "check", "object", "found", "limit"}}
	for _, c := range r.Checks {
		limit := ""
		if c.Limit != nil {
			limit = c.Limit.String()
		}
		g.rows = append(g.rows, []string{string(c.Status), string(c.Code), c.Object, c.What, limit})
	}
	return g
}

// cell returns text that fits into a table cell and stays text.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "\\`", "*", `\*`, "_", `\_`).Replace(plain(text))
}

// plain returns text on one line, without control characters: names and
// statements are anybody's.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
