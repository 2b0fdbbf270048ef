package sign

import (
	"slices"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Risk is what may be dear or final about a step.
type Risk string

// The risks.
const (
	// Contract: the old shape is dropped.
	Contract Risk = "contract"
	// Irreversible: no way leads back from the step's phase.
	Irreversible Risk = "irreversible"
	// Copying: DDL makes writers or readers wait, or copies the table: what
	// apply does with --allow-copy only.
	Copying Risk = "copying"
	// Rebuilding: DDL rewrites every row, on disk and on every replica.
	Rebuilding Risk = "rebuilding"
	// Backfill: rows are written in the background.
	Backfill Risk = "backfill"
	// Reads: the application begins to answer from the new shape.
	Reads Risk = "reads"
	// Cache: values of a cache that [Policy.Caches] names are made of what the
	// plan changes, so that releases side by side may read what the other wrote.
	// Every step has it: whoever looks is to look before the first.
	Cache Risk = "cache"
)

// risks says of each risk which steps of a plan have it.
var risks = []struct {
	risk Risk
	says string
	has  func(policy Policy, p *plan.Plan, s plan.Step) bool
}{
	{Contract, "the old shape is dropped", func(_ Policy, _ *plan.Plan, s plan.Step) bool { return s.Work == migrate.WorkContract }},
	{Irreversible, "no way leads back", func(_ Policy, _ *plan.Plan, s plan.Step) bool { return s.WayBack.To == "" }},
	{Copying, "DDL copies the table or makes others wait", costing(func(c plan.Cost) bool { return !c.Class.Gentle() })},
	{Rebuilding, "DDL rewrites every row", costing(func(c plan.Cost) bool { return c.Class.Rebuilds() })},
	{Backfill, "rows are copied in the background", func(_ Policy, _ *plan.Plan, s plan.Step) bool { return s.Work == migrate.WorkBackfill }},
	{Reads, "reads move to the new shape", func(_ Policy, _ *plan.Plan, s plan.Step) bool { return s.To == migrate.ReadingNew }},
	{Cache, "cached values are made of what changes", func(policy Policy, p *plan.Plan, _ plan.Step) bool { return len(policy.cached(p)) > 0 }},
}

// costing is whether a statement of a step has a cost, as the plan found it. A
// statement whose cost is not known has it.
func costing(is func(c plan.Cost) bool) func(Policy, *plan.Plan, plan.Step) bool {
	return func(_ Policy, p *plan.Plan, s plan.Step) bool {
		return slices.ContainsFunc(p.Statements(s.Work), func(st plan.Statement) bool {
			c, known := p.Cost(st)
			return !known || is(c)
		})
	}
}

// Risks returns every risk, in the order in which they are listed.
func Risks() []Risk {
	out := make([]Risk, len(risks))
	for i, r := range risks {
		out[i] = r.risk
	}
	return out
}

// RisksOf returns the risks of one step of a plan.
func (p Policy) RisksOf(of *plan.Plan, s plan.Step) []Risk {
	var out []Risk
	for _, r := range risks {
		if r.has(p, of, s) {
			out = append(out, r.risk)
		}
	}
	return out
}
