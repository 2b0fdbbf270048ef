package flags

import (
	"slices"
	"time"
)

// Type is what kind of value a flag has.
type Type string

// The types.
const (
	Boolean Type = "boolean"
	String  Type = "string"
	Number  Type = "number"
	JSON    Type = "json"
)

// Kind is what a flag is for. Housekeeping judges by it: a release flag that
// lives for years is a fault, an ops flag that does is not.
type Kind string

// The kinds.
const (
	Release    Kind = "release"
	Ops        Kind = "ops"
	Experiment Kind = "experiment"
	Migration  Kind = "migration"
)

// State is the switch of a flag.
type State string

// The states.
const (
	// On: rules, ramp and Serve decide.
	On State = "on"
	// Off: everybody gets the variant Off, whatever the rules say.
	Off State = "off"
	// Closed: the question is answered for good and everybody gets the answer;
	// the code that asks has to go.
	Closed State = "closed"
)

// DefaultStaleAfter is the bound of a flag that names none.
const DefaultStaleAfter = time.Minute

// Flag is one flag as it is written down. Check it with [Flag.Validate].
type Flag struct {
	// Name is what code asks for. It is compared byte by byte.
	Name string `json:"name"`
	Type Type   `json:"type"`
	Kind Kind   `json:"kind"`
	// Owner is whom to ask about it, and Description what it does.
	Owner       string `json:"owner"`
	Description string `json:"description,omitempty"`
	// State is the switch; empty is On.
	State State `json:"state,omitempty"`

	// Variants are the values it may have, by name. Their order is part of a
	// split. A boolean flag that lists none has "on" (true) and "off" (false).
	Variants []Variant `json:"variants,omitempty"`
	// Off is the variant while the switch is off, and where a flag that this one
	// requires does not have the variant it has to.
	Off string `json:"off"`
	// Safe is the variant where the copy that a process holds has not been
	// confirmed for longer than StaleAfter.
	Safe string `json:"safe"`
	// StaleAfter is that bound; zero is [DefaultStaleAfter].
	StaleAfter Duration `json:"stale_after,omitempty"`

	// Requires are flags that have to have a variant for the same target.
	Requires []Requirement `json:"requires,omitempty"`
	// Rules are tried in order; the first that matches decides.
	Rules []Rule `json:"rules,omitempty"`
	// Ramp gives one variant to rings first and to a share of the rest.
	Ramp *Ramp `json:"ramp,omitempty"`
	// Serve is for whoever is left.
	Serve Serve `json:"serve"`

	// Salt makes the shares of flags independent; empty is the name. Flags with
	// one salt reach the same targets first.
	Salt string `json:"salt,omitempty"`

	Created time.Time `json:"created,omitzero"`
	// Expires is when the flag should be gone; zero is not declared.
	Expires time.Time `json:"expires,omitzero"`
	// Version is the position of the store at which it was last changed. The
	// store sets it.
	Version uint64 `json:"version,omitempty"`
}

// Variant is one value of a flag.
type Variant struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// Requirement is a flag that has to have a variant for the same target.
type Requirement struct {
	Flag    string `json:"flag"`
	Variant string `json:"variant"`
}

// Rule decides for the targets that fulfil all its conditions.
type Rule struct {
	Name  string      `json:"name,omitempty"`
	When  []Condition `json:"when"`
	Serve Serve       `json:"serve"`
}

// Condition compares an attribute of the target. A target without the attribute
// fulfils no condition about it except [Absent], so that a negation never
// catches those of whom nothing is known.
type Condition struct {
	// Attribute is the attribute's name; [KeyAttribute] is the target's key.
	Attribute string   `json:"attribute"`
	Op        Operator `json:"op"`
	// Values are what it is compared with: one of them has to fit.
	Values []Value `json:"values,omitempty"`
}

// Ramp gives one variant to every target of some rings, and to a share of the
// rest. The share only ever grows over the same targets: who is inside at 5 %
// is inside at 25 %.
type Ramp struct {
	Variant string `json:"variant"`
	// Rings are tested against the attribute [RingsAttribute].
	Rings []string `json:"rings,omitempty"`
	Share Share    `json:"share,omitempty"`
}

// Serve is a variant, or several by weight. Exactly one of the two is given.
type Serve struct {
	Variant string   `json:"variant,omitempty"`
	Split   []Weight `json:"split,omitempty"`
}

// Weight is the share of a variant in a split.
type Weight struct {
	Variant string `json:"variant"`
	Share   Share  `json:"share"`
}

// Normalised returns the flag with what is left to be understood written out:
// the switch, the variants of a boolean, the bound.
func (f Flag) Normalised() Flag {
	if f.State == "" {
		f.State = On
	}
	if f.Type == Boolean && len(f.Variants) == 0 {
		f.Variants = []Variant{{"on", ValueOf(true)}, {"off", ValueOf(false)}}
	}
	if f.StaleAfter == 0 {
		f.StaleAfter = Duration(DefaultStaleAfter)
	}
	return f
}

// Close returns the flag closed: everybody gets the variant for good, also while
// the copy is stale. What decided before is in the audit.
func (f Flag) Close(variant string) Flag {
	f = f.Normalised()
	f.State, f.Safe, f.Serve = Closed, variant, Serve{Variant: variant}
	f.Requires, f.Rules, f.Ramp = nil, nil, nil
	return f
}

// variant returns the place of a variant in the list, -1 if there is none.
func (f *Flag) variant(name string) int {
	return slices.IndexFunc(f.Variants, func(v Variant) bool { return v.Name == name })
}
