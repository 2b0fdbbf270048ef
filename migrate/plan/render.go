package plan

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// Render returns the plan as Markdown for people: plan.md.
func (p *Plan) Render() string {
	var b strings.Builder
	p.renderHead(&b)
	if p.Schema == nil {
		p.renderMapping(&b)
	}
	p.renderForeign(&b)
	p.renderFindings(&b)
	p.renderSteps(&b)
	if p.Schema == nil {
		p.renderSample(&b)
	}
	p.renderCode(&b)
	p.renderFacts(&b)
	return b.String()
}

// renderCode writes what each release of the application has to do.
func (p *Plan) renderCode(b *strings.Builder) {
	line(b, "## What the code has to do")
	line(b, "")
	snippets, err := p.Snippets()
	if err != nil {
		line(b, "The code could not be written: %s.", cell(err.Error()))
		line(b, "")
		return
	}
	for _, s := range snippets {
		line(b, "**The %s release.** %s", s.Release, cell(s.Words))
		line(b, "")
		if s.Go == "" {
			continue
		}
		line(b, "<details><summary>Go</summary>")
		line(b, "")
		line(b, "```go")
		line(b, "%s", strings.TrimSuffix(s.Go, "\n"))
		line(b, "```")
		line(b, "")
		line(b, "</details>")
		line(b, "")
	}
}

// line writes one formatted line.
func line(b *strings.Builder, format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

// renderHead writes the title, the hash and a summary.
func (p *Plan) renderHead(b *strings.Builder) {
	line(b, "# Plan: %s", p.Change.Name)
	line(b, "")
	line(b, "`%s`", p.Hash())
	line(b, "")
	if p.Schema != nil {
		p.renderSchema(b)
		return
	}
	m := p.Change.Mapping
	what := fmt.Sprintf("Table `%s` becomes table `%s`, row by row", m.Source.Name, m.Target.Name)
	switch m.Kind() {
	case migrate.ColumnChange:
		what = fmt.Sprintf("In table `%s`, %s becomes %s", m.Source.Name, columnList(m.Backward), columnList(m.Forward))
	case migrate.MergeChange:
		what = fmt.Sprintf("The rows of table `%s` become columns of table `%s`, %s, each in the row with its key", m.Source.Name, m.Target.Name, columnList(m.Forward))
	}
	end := "nothing is dropped at the end"
	if len(p.Contract) > 0 {
		end = "the source is dropped at the end"
	}
	line(b, "%s, while %s keeps running; reads move over in the steps %s %%, and %s.", what, p.Change.Service, p.Reads.RampWords(), end)
	line(b, "")
}

// columnNames returns names in a sentence.
func columnNames(list []string) string { return "`" + strings.Join(list, "`, `") + "`" }

// columnList returns the assigned columns in a sentence.
func columnList(list []migrate.Assignment) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = "`" + a.Column + "`"
	}
	return strings.Join(parts, ", ")
}

// renderMapping writes both directions of the mapping.
func (p *Plan) renderMapping(b *strings.Builder) {
	m := p.Change.Mapping
	line(b, "## Mapping")
	line(b, "")
	line(b, "| | column | type | is |")
	line(b, "|---|---|---|---|")
	for _, d := range []struct {
		word string
		list []migrate.Assignment
		to   migrate.Table
		from string
	}{{"forward", m.Forward, m.Target, m.Source.Name}, {"backward", m.Backward, m.Source, m.Target.Name}} {
		for _, a := range d.list {
			c, _ := d.to.Column(a.Column)
			line(b, "| %s | %s | %s %s | %s |", d.word, code(d.to.Name+"."+a.Column), c.ColumnType, c.Null, code(a.Value.Over(d.from)))
		}
	}
	if m.Where != "" {
		line(b, "| where | | | %s |", code(m.Where.Over(m.Source.Name)))
	}
	line(b, "")
	keys := make([]string, len(m.Source.Key))
	for i, k := range m.Source.Key {
		keys[i] = "`" + k.Name + "` " + k.ColumnType
	}
	line(b, "Rows are named by %s.", strings.Join(keys, ", "))
	for i, t := range []migrate.Table{m.Source, m.Target} {
		if len(t.Preserve) > 0 && (i == 0 || m.Kind() != migrate.ColumnChange) {
			line(b, "Copying leaves %s of `%s` as it is.", columnNames(t.Preserve), t.Name)
		}
	}
	if m.Kind() == migrate.MergeChange {
		line(b, "")
		line(b, "%s", MergeWords(m))
	}
	line(b, "")
}

// renderFindings writes what a reviewer should look at.
func (p *Plan) renderFindings(b *strings.Builder) {
	if len(p.Findings) == 0 {
		return
	}
	line(b, "## Findings")
	line(b, "")
	for _, f := range p.Findings {
		line(b, "- **%s** %s: %s; %s.", f.Code, code(f.Object), f.Reason, strings.TrimSuffix(f.Remedy, "."))
	}
	line(b, "")
}

// renderSteps writes the table of phases.
func (p *Plan) renderSteps(b *strings.Builder) {
	line(b, "## Steps")
	line(b, "")
	line(b, "| # | phase | what is done | gate | release | way back |")
	line(b, "|---|---|---|---|---|---|")
	for i, s := range p.Steps {
		line(b, "| %d | **%s**<br>%s | %s | %s | %s | %s |", i+1, s.To, code(s.Flag), p.doneWords(s)+p.deferredWords(s.Work)+p.foreignWords(s.To), gatesText(s), cell(s.Release), p.wayText(s.WayBack))
	}
	line(b, "")
}

// workWords says what work without DDL does.
var workWords = map[migrate.Work]string{
	migrate.WorkNone:     "the phase is recorded",
	migrate.WorkBackfill: "the backfill copies every row that nobody has written yet, then every pair is compared",
	migrate.WorkRamp:     "reads move over, step by step",
	migrate.WorkContract: "the change file drops nothing",
	migrate.WorkExpand:   "the change file adds nothing",
}

// doneWords returns the cell for what a step does.
func (p *Plan) doneWords(s Step) string {
	if len(s.SQL) == 0 {
		return workWords[s.Work]
	}
	return p.sqlCell(s.SQL)
}

// sqlCell returns statements for a table cell, as they are executed, and what
// each costs.
func (p *Plan) sqlCell(list []string) string {
	parts := make([]string, len(list))
	for i, sql := range list {
		parts[i] = code(sql)
		if c, ok := p.Cost(Statement{SQL: sql}); ok {
			parts[i] = code(c.Asserted) + "<br>" + c.brief()
		}
	}
	return strings.Join(parts, "<br>")
}

// gatesText returns the cell for the gates of a step.
func gatesText(s Step) string {
	if len(s.Gates) == 0 {
		return "none"
	}
	parts := make([]string, len(s.Gates))
	for i, g := range s.Gates {
		parts[i] = "**" + string(g.Guard) + "**: " + cell(g.Words)
	}
	return strings.Join(parts, "<br>")
}

// wayText returns the cell for the way back.
func (p *Plan) wayText(w WayBack) string {
	if w.To == "" {
		return cell(w.Words)
	}
	text := fmt.Sprintf("to **%s**, %s: %s", w.To, w.Loss, cell(w.Words))
	if len(w.SQL) > 0 {
		text += "<br>" + p.sqlCell(w.SQL)
	}
	return text
}

// code returns text as Markdown code that fits into a table cell.
func code(text string) string {
	return verbatim(oneLine(text))
}

// verbatim returns text without line breaks as Markdown code that fits into a
// table cell.
func verbatim(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + text + " " + fence
	}
	return fence + text + fence
}

// cell returns text that fits into a table cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}
