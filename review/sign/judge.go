package sign

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

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

// Keys are the files of keys of a policy.
type Keys struct {
	Allowed *Allowed
	Revoked *Revoked
}

// ReadKeys reads the files of keys that a policy names.
func (p Policy) ReadKeys() (Keys, error) {
	allowed, err := ReadAllowed(p.AllowedSigners)
	if err != nil {
		return Keys{}, err
	}
	revoked, err := ReadRevoked(p.RevokedKeys)
	return Keys{allowed, revoked}, err
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

// NeedReport is a need and how far it is met.
type NeedReport struct {
	Need
	Have    []Approval `json:"have"`
	Missing int        `json:"missing"`
	// Could are those who could sign what is missing.
	Could []string `json:"could,omitempty"`
}

// Approval is a signature that counts.
type Approval struct {
	Signer string    `json:"signer"`
	Role   Role      `json:"role"`
	Key    string    `json:"key"` // the fingerprint
	Signed time.Time `json:"signed"`
	Until  time.Time `json:"until"`
}

// Void is a signature that does not count.
type Void struct {
	Path   string `json:"path"`
	Signer string `json:"signer,omitempty"` // as it claims
	Reason string `json:"reason"`
}

// Signed reports whether nothing is missing.
func (r Report) Signed() bool {
	return !slices.ContainsFunc(r.Steps, func(s StepReport) bool { return !s.Signed() })
}

// Signed reports whether nothing is missing for the step.
func (s StepReport) Signed() bool {
	return !slices.ContainsFunc(s.Needs, func(n NeedReport) bool { return n.Missing > 0 })
}

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
		Caches: p.cached(c.Plan), Steps: []StepReport{}, Void: []Void{},
	}
	j := judge{p, c, keys, out.Plan}
	var good []Approval
	for _, s := range list {
		if a, err := j.approval(s); err != nil {
			out.Void = append(out.Void, j.void(s, err))
		} else if a != nil {
			good = append(good, *a)
		}
	}
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

type judge struct {
	Policy
	Case
	keys Keys
	hash string
}

func (j judge) void(s Signature, err error) Void {
	v := Void{Path: s.Path, Reason: err.Error()}
	if st, err := ParseStatement(s.Text); err == nil {
		v.Signer = st.Signer
	}
	return v
}

// approval checks one signature: first that it says what is asked, then that it
// is the signer's. One for another environment is none, and no mistake.
func (j judge) approval(s Signature) (*Approval, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	st, err := ParseStatement(s.Text)
	if err != nil {
		return nil, err
	}
	if st.Environment != j.Environment {
		return nil, nil
	}
	if err := j.says(st); err != nil {
		return nil, err
	}
	key, err := verify(s.Text, s.Armored)
	if err != nil {
		return nil, err
	}
	if j.keys.Revoked.Has(key) {
		return nil, fmt.Errorf("key %s is revoked", ssh.FingerprintSHA256(plainKey(key)))
	}
	if err := j.keys.Allowed.Permits(st.Signer, key, j.Now); err != nil {
		return nil, err
	}
	return &Approval{st.Signer, st.Role, ssh.FingerprintSHA256(plainKey(key)), st.Signed, st.Signed.Add(j.Expires)}, j.mayApprove(st.Signer)
}

// says checks that a statement is about this case, and by whom it claims to be.
func (j judge) says(st Statement) error {
	file := j.File
	if file == "" {
		file = st.File
	}
	same := []struct{ what, signed, now string }{
		{"change", st.Change, j.Plan.Change.Name},
		{"plan", st.Plan, j.hash},
		{"change file", st.File, file},
		{"server", st.Server, ServerOf(j.Plan)},
	}
	for _, s := range same {
		if s.signed != s.now {
			return fmt.Errorf("it was given for the %s %.64s, and this is %.64s", s.what, s.signed, s.now)
		}
	}
	until := st.Signed.Add(j.Expires)
	switch {
	case !st.Size.Covers(j.Size):
		return fmt.Errorf("it was given for tables up to size class %s, and this is %s by now", st.Size, j.Size)
	case st.Signed.After(j.Now.Add(clockSkew)):
		return fmt.Errorf("it says that it was given on %s, which is in the future", st.Signed.Format(time.RFC3339))
	case !j.Now.Before(until):
		return fmt.Errorf("it expired on %s", until.Format(time.RFC3339))
	case !slices.Contains(j.RolesOf(st.Signer), st.Role):
		return fmt.Errorf("%s is not in the role %s", st.Signer, st.Role)
	}
	return nil
}

// mayApprove refuses those who wrote the change, and everybody while it is not
// known who did.
func (j judge) mayApprove(signer string) error {
	if len(j.Case.Authors) == 0 {
		return fmt.Errorf("%w: no author is known", ErrNoHistory)
	}
	for _, email := range j.Case.Authors {
		who, known := j.personOf(email)
		switch {
		case known && strings.EqualFold(who, signer):
			return fmt.Errorf("%s last touched the change (as %s), and nobody approves their own work", signer, email)
		case !known && !j.signsNothing(email):
			return fmt.Errorf("%s last touched the change, and the policy does not say who that is: put the address under people, or under authors if it is of somebody who signs nothing", email)
		}
	}
	return nil
}

// need counts the people who meet a need. Two principals with one key are one
// person, and so is one principal with two keys.
func (j judge) need(n Need, good []Approval) NeedReport {
	out := NeedReport{Need: n, Have: []Approval{}}
	for _, a := range good {
		counted := slices.ContainsFunc(out.Have, func(b Approval) bool { return b.Signer == a.Signer || b.Key == a.Key })
		if !counted && (n.Role == "" || a.Role == n.Role) {
			out.Have = append(out.Have, a)
		}
	}
	out.Missing = max(0, n.People-len(out.Have))
	if out.Missing == 0 {
		return out
	}
	for _, who := range j.in(n.Role) {
		signed := slices.ContainsFunc(out.Have, func(a Approval) bool { return a.Signer == who })
		if !signed && j.mayApprove(who) == nil {
			out.Could = append(out.Could, who)
		}
	}
	return out
}

// ServerOf is the server of a plan as statements name it: flavour, major and
// minor version.
func ServerOf(p *plan.Plan) string {
	version := strings.SplitN(p.Facts.Server.Version, ".", 3)
	return string(p.Facts.Server.Flavour) + " " + strings.Join(version[:min(2, len(version))], ".")
}
