package sign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

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

// NeedReport is a need and how far it is met.
type NeedReport struct {
	Need
	Have    []Approval `json:"have"`
	Missing int        `json:"missing"`
	// Could are those who could sign what is missing.
	Could []string `json:"could,omitempty"`
}

// met reports whether nothing of needs is missing.
func met(needs []NeedReport) bool {
	return !slices.ContainsFunc(needs, func(n NeedReport) bool { return n.Missing > 0 })
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

// errAside says that a signature is about something else, and no mistake: it
// counts for nothing here.
var errAside = errors.New("it is about something else")

// judge holds signatures of one kind of statement against one case.
type judge struct {
	Policy
	Keys
	now       time.Time
	namespace string
	// about reads a statement and says why it is not about the case; the claim is
	// set as far as it could be read.
	about func(text []byte) (Claim, error)
	// authors are those who do not count, and wrote what they did.
	authors []string
	wrote   string
}

// all returns the signatures that count, and those that do not with their
// reasons; aside is how many are about something else.
func (j judge) all(list []Signature) (good []Approval, void []Void, aside int) {
	void = []Void{}
	for _, s := range list {
		a, err := j.approval(s)
		switch {
		case errors.Is(err, errAside):
			aside++
		case err != nil:
			void = append(void, Void{Path: s.Path, Signer: a.Signer, Reason: err.Error()})
		default:
			good = append(good, a)
		}
	}
	return good, void, aside
}

// approval checks one signature: first that it says what is asked, then that it
// is the signer's. With an error, only the signer is set, as it claims.
func (j judge) approval(s Signature) (Approval, error) {
	if s.Err != nil {
		return Approval{}, s.Err
	}
	claim, err := j.about(s.Text)
	nothing := Approval{Signer: claim.Signer}
	if err != nil {
		return nothing, err
	}
	if err := j.holds(claim); err != nil {
		return nothing, err
	}
	key, err := verify(s.Text, s.Armored, j.namespace)
	if err != nil {
		return nothing, err
	}
	name := ssh.FingerprintSHA256(plainKey(key))
	if j.Revoked.Has(key) {
		return nothing, fmt.Errorf("key %s is revoked", name)
	}
	if err := j.Allowed.Permits(claim.Signer, key, j.namespace, j.now); err != nil {
		return nothing, err
	}
	return Approval{claim.Signer, claim.Role, name, claim.Signed, claim.Signed.Add(j.Expires)}, j.mayApprove(claim.Signer)
}

// holds checks what is claimed: the time, and that the signer is in the role.
func (j judge) holds(c Claim) error {
	until := c.Signed.Add(j.Expires)
	switch {
	case c.Signed.After(j.now.Add(clockSkew)):
		return fmt.Errorf("it says that it was given on %s, which is in the future", c.Signed.Format(time.RFC3339))
	case !j.now.Before(until):
		return fmt.Errorf("it expired on %s", until.Format(time.RFC3339))
	case !slices.Contains(j.RolesOf(c.Signer), c.Role):
		return fmt.Errorf("%s is not in the role %s", c.Signer, c.Role)
	}
	return nil
}

// mayApprove refuses those who wrote the change, and everybody while it is not
// known who did.
func (j judge) mayApprove(signer string) error {
	if len(j.authors) == 0 {
		return fmt.Errorf("%w: no author is known", ErrNoHistory)
	}
	for _, email := range j.authors {
		who, known := j.personOf(email)
		switch {
		case known && strings.EqualFold(who, signer):
			return fmt.Errorf("%s %s (as %s), and nobody approves their own work", signer, j.wrote, email)
		case !known && !j.signsNothing(email):
			return fmt.Errorf("%s %s, and the policy does not say who that is: put the address under people, or under authors if it is of somebody who signs nothing", email, j.wrote)
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
