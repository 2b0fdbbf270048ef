package cli

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// The sample of a plan's own preflight, and of how many plans of one command
// one is made.
const (
	glanceFor  = time.Second
	glanceRows = 20_000
	mostGlance = 8
)

// measurePlan has a short preflight made. A plan is a plan without it: note says what
// stood in its way.
func measurePlan(ctx context.Context, db *sql.DB, of *plan.Plan) (report *preflight.Report, note string, err error) {
	in := preflight.Input{Steps: preflight.FromPlan(of), SampleFor: glanceFor, SampleRows: glanceRows, Privileges: privilegesOf(db)}
	found, err := preflight.Run(ctx, db, in)
	if err != nil {
		return nil, "no preflight: " + err.Error(), ctx.Err()
	}
	return &found, "", nil
}

// planMarkdown is plan.md: the plan, and what was measured when it was made;
// nil is nothing.
func planMarkdown(of *plan.Plan, measured *preflight.Report) string {
	if measured == nil {
		return of.Render()
	}
	return of.Render() + "\n" + measured.Markdown()
}

// preflight shows a report in short; plan.md and underpin preflight have it all.
func (p *page) preflight(r preflight.Report) {
	mark := map[preflight.Verdict]func(string) string{preflight.Go: p.good, preflight.GoWithCare: p.warn, preflight.NoGo: p.bad}[r.Verdict]
	p.line("  %s %s", p.dim("preflight"), mark(string(r.Verdict)))
	for _, line := range r.Brief() {
		p.line("    %s", line)
	}
}

// costs are the classes of a step's statements, each once.
func (p *page) costs(of *plan.Plan, s plan.Step) string {
	var out []string
	for _, st := range of.Statements(s.Work) {
		c, ok := of.Cost(st)
		if !ok {
			continue
		}
		text := string(c.Class)
		if !c.Class.Gentle() {
			text = p.warn(text)
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return cmp.Or(strings.Join(out, "; "), "-")
}
