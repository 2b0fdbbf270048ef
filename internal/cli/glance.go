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

// The sample of a plan's own preflight.
const (
	glanceFor  = time.Second
	glanceRows = 20_000
)

// measure has a short preflight made. A plan is a plan without it: what stands
// in its way is noted.
func (r *planned) measure(ctx context.Context, db *sql.DB) error {
	in := preflight.Input{Steps: preflight.FromPlan(r.Plan), SampleFor: glanceFor, SampleRows: glanceRows, Privileges: privilegesOf(db)}
	report, err := preflight.Run(ctx, db, in)
	if err == nil {
		r.Preflight = &report
		return nil
	}
	r.Note = "no preflight: " + err.Error()
	return ctx.Err()
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
