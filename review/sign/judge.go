package sign

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Case is what signatures are held against: one plan, as it is now, for one
// environment.
type Case struct {
	Plan *plan.Plan
	// File is the SHA-256 of the change file; empty where it is not at hand,
	// and the plan's hash alone counts.
	File        string
	Environment string
	// Size is the class of the largest table of the plan, now.
	Size Size
	// Authors are the addresses of those who last touched the change.
	Authors []string
	Now     time.Time
}

// Report says what of a plan is signed and what is missing.
type Report struct {
	Change      string `json:"change"`
	Environment string `json:"environment"`
	Plan        string `json:"plan"`
	Size        Size   `json:"size"`
	// Caches are those whose values are made of what the plan changes.
	Caches []string     `json:"caches,omitempty"`
	Steps  []StepReport `json:"steps"`
	// Void are the signatures that count for nothing, each with its reason.
	Void []Void `json:"void"`
}

// StepReport is a step that needs signatures.
type StepReport struct {
	To    migrate.Phase `json:"to"`
	Risks []Risk        `json:"risks"`
	Needs []NeedReport  `json:"needs"`
}

// Signed reports whether nothing is missing.
func (r Report) Signed() bool {
	return !slices.ContainsFunc(r.Steps, func(s StepReport) bool { return !s.Signed() })
}

// Signed reports whether nothing is missing for the step.
func (s StepReport) Signed() bool { return met(s.Needs) }

// Step returns the report of the step to a phase; ok is false where that needs
// no signature.
func (r Report) Step(to migrate.Phase) (s StepReport, ok bool) {
	i := slices.IndexFunc(r.Steps, func(s StepReport) bool { return s.To == to })
	if i < 0 {
		return StepReport{To: to}, false
	}
	return r.Steps[i], true
}

// Judge holds signatures against a case. Whatever cannot be told makes a
// signature void: nothing counts by default.
func (p Policy) Judge(c Case, list []Signature, keys Keys) Report {
	out := Report{
		Change: c.Plan.Change.Name, Environment: c.Environment, Plan: c.Plan.Hash(), Size: c.Size,
		Caches: p.cached(c.Plan), Steps: []StepReport{},
	}
	j := judge{
		Policy: p, Keys: keys, now: c.Now, namespace: Namespace,
		about:   func(text []byte) (Claim, error) { return c.about(text, out.Plan) },
		authors: c.Authors, wrote: "last touched the change",
	}
	good, void, _ := j.all(list)
	out.Void = void
	for _, s := range c.Plan.Steps {
		if needs := p.needsOf(c.Plan, s); len(needs) > 0 {
			step := StepReport{To: s.To, Risks: p.RisksOf(c.Plan, s)}
			for _, n := range needs {
				step.Needs = append(step.Needs, j.need(n, good))
			}
			out.Steps = append(out.Steps, step)
		}
	}
	return out
}

// about reads a statement and checks that it is about this case, whose plan has a
// hash. One for another environment is aside.
func (c Case) about(text []byte, hash string) (Claim, error) {
	st, err := ParseStatement(text)
	if err != nil {
		return Claim{}, err
	}
	if st.Environment != c.Environment {
		return st.Claim, errAside
	}
	file := c.File
	if file == "" {
		file = st.File
	}
	for _, s := range []struct{ what, signed, now string }{
		{"change", st.Change, c.Plan.Change.Name},
		{"plan", st.Plan, hash},
		{"change file", st.File, file},
		{"server", st.Server, ServerOf(c.Plan)},
	} {
		if s.signed != s.now {
			return st.Claim, fmt.Errorf("it was given for the %s %.64s, and this is %.64s", s.what, s.signed, s.now)
		}
	}
	if !st.Size.Covers(c.Size) {
		return st.Claim, fmt.Errorf("it was given for tables up to size class %s, and this is %s by now", st.Size, c.Size)
	}
	return st.Claim, nil
}

// ServerOf is the server of a plan as statements name it: flavour, major and
// minor version.
func ServerOf(p *plan.Plan) string {
	version := strings.SplitN(p.Facts.Server.Version, ".", 3)
	return string(p.Facts.Server.Flavour) + " " + strings.Join(version[:min(2, len(version))], ".")
}
