package sign

// Namespace is that of signatures of plans.
const Namespace = "underpin-plan-v1"

// Statement is what a person signs: one plan, for one environment, in one role.
// Its text holds everything that the signature is to be void without.
type Statement struct {
	Change string `json:"change"`
	// Plan is [plan.Plan.Hash], and File the SHA-256 of the change file.
	Plan string `json:"plan"`
	File string `json:"file"`
	// Environment is the target as the policy names it, and Server what runs
	// there: "mysql 9.7".
	Environment string `json:"environment"`
	Server      string `json:"server"`
	// Size is the class up to which the signature holds.
	Size Size `json:"size"`
	Claim
}

// ofPlan is the kind of [Statement].
var ofPlan = kind[Statement]{"underpin plan sign-off 1", claimed(func(s *Statement) *Claim { return &s.Claim },
	text("change", word, func(s *Statement) *string { return &s.Change }),
	text("plan", digest, func(s *Statement) *string { return &s.Plan }),
	text("file", digest, func(s *Statement) *string { return &s.File }),
	text("environment", word, func(s *Statement) *string { return &s.Environment }),
	text("server", server, func(s *Statement) *string { return &s.Server }),
	text("size", word, func(s *Statement) *string { return (*string)(&s.Size) }),
)}

// Text returns the canonical text, which is what is signed, or an error that
// names a field which cannot stand in it.
func (s Statement) Text() ([]byte, error) { return ofPlan.text(s) }

// Namespace is [Namespace].
func (s Statement) Namespace() string { return Namespace }

func (s Statement) fileName() string {
	return s.Environment + "." + string(s.Role) + "." + s.Signer
}

// ParseStatement reads a statement. Only the canonical text is one: another
// order, a blank more or an unknown line is [ErrStatement].
func ParseStatement(raw []byte) (Statement, error) { return ofPlan.parse(raw) }
