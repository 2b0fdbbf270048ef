package flags

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Reason says why a target got its variant, in OpenFeature's words.
type Reason string

// The reasons.
const (
	StaticReason    Reason = "STATIC"          // everybody gets it
	DefaultReason   Reason = "DEFAULT"         // no rule and no share decided
	TargetingReason Reason = "TARGETING_MATCH" // a rule or a ring decided
	SplitReason     Reason = "SPLIT"           // the target's place decided, or its branch of an experiment
	DisabledReason  Reason = "DISABLED"        // the switch is off
	StaleReason     Reason = "STALE"           // the copy is too old: the safe value
	ErrorReason     Reason = "ERROR"           // the caller's fallback, and an error
	// RequirementReason is ours: a flag that this one requires has not the
	// variant it has to, so the off variant is served.
	RequirementReason Reason = "PREREQUISITE_FAILED"
)

// Why an evaluation failed and the caller's fallback was returned.
var (
	ErrNotFound = errors.New("there is no such flag")
	ErrType     = errors.New("the flag is of another type")
	ErrNoKey    = errors.New("the flag has shares, and the target has no key")
	ErrNotReady = errors.New("no copy of the flags has been received yet")
	ErrDepth    = errors.New("the flags that this one requires are missing, run in a circle or too deep")
)

// Detail is a value and where it comes from.
type Detail[T any] struct {
	Value   T
	Flag    string
	Variant string // empty where the fallback was returned
	Reason  Reason
	Version uint64 // of the flag
	// Err is nil unless the fallback was returned: then it wraps ErrNotFound,
	// ErrType, ErrNoKey, ErrNotReady or ErrDepth.
	Err error
	// Ignored is not nil where the [Assigner] named a variant that the flag does
	// not have: it wraps ErrVariant, and the value is that of the flag's own rules.
	Ignored error
}

// answer is a variant that was picked, or why none was.
type answer struct {
	flag   *compiled
	pick   uint16
	reason Reason
	err    error
	// ignored is the variant that the assigner named and the flag does not have.
	ignored *string
}

func (a *answer) variant() *variant { return &a.flag.variants[a.pick] }

// evaluate answers for one target. age is that of the copy; there may be no copy
// and no such flag.
func (s *snapshot) evaluate(f *compiled, t *Target, age time.Duration) answer {
	if s == nil {
		return answer{err: ErrNotReady}
	}
	if f == nil {
		return answer{err: ErrNotFound}
	}
	return s.resolve(f, t, age, 0)
}

// resolve asks age, switch, requirements, assigner and the flag's own rules in
// turn. A copy that says "off" has no bound, so the switch beats the age.
func (s *snapshot) resolve(f *compiled, t *Target, age time.Duration, depth int) answer {
	a := answer{flag: f}
	if age > f.bound {
		a.pick, a.reason = f.safe, StaleReason
		return a
	}
	if len(f.requires) > 0 {
		if ok, err := s.fulfilled(f.requires, t, age, depth+1); err != nil || !ok {
			a.pick, a.reason, a.err = f.off, RequirementReason, err
			return a
		}
	}
	if f.assigner != nil && f.assign(t, &a) {
		return a
	}
	if f.static.reason != "" {
		a.pick, a.reason = f.static.pick, f.static.reason
		return a
	}
	a.pick, a.reason, a.err = f.decide(t)
	return a
}

// decide asks rules, ramp and rest in turn.
func (c *compiled) decide(t *Target) (uint16, Reason, error) {
	for i := range c.rules {
		if r := &c.rules[i]; r.matches(t) {
			pick, reason, err := r.serve.choose(c.spread, t)
			if reason == DefaultReason {
				reason = TargetingReason
			}
			return pick, reason, err
		}
	}
	if r := c.ramp; r != nil {
		if len(r.rings.texts) > 0 && r.rings.holds(t) {
			return r.pick, TargetingReason, nil
		}
		if r.share > 0 {
			if t.key == "" && r.share < uint16(All) {
				return 0, ErrorReason, ErrNoKey
			}
			if c.place.of(t.key) < r.share {
				return r.pick, SplitReason, nil
			}
		}
	}
	return c.rest.choose(c.spread, t)
}

// fulfilled reports whether required flags have their variants for the target.
func (s *snapshot) fulfilled(required []Requirement, t *Target, age time.Duration, depth int) (bool, error) {
	for i := range required {
		r := &required[i]
		other := s.flags[r.Flag]
		if other == nil || depth > MaxDepth {
			return false, ErrDepth
		}
		other.use()
		a := s.resolve(other, t, age, depth)
		if a.err != nil || a.variant().name != r.Variant {
			return false, a.err
		}
	}
	return true, nil
}

func (r *rule) matches(t *Target) bool {
	for i := range r.when {
		if !r.when[i].holds(t) {
			return false
		}
	}
	return true
}

func (s *serve) choose(salt Salt, t *Target) (uint16, Reason, error) {
	if s.ends == nil {
		return s.pick, DefaultReason, nil
	}
	if t.key == "" {
		return 0, ErrorReason, ErrNoKey
	}
	at := salt.of(t.key)
	for _, e := range s.ends {
		if at < e.below {
			return e.pick, SplitReason, nil
		}
	}
	return s.ends[len(s.ends)-1].pick, SplitReason, nil // the shares sum to 100 %
}

// value takes a value of one type out of a variant, unless the flag is of
// another type.
type value[T any] func(f *compiled, v *variant) (T, bool)

func boolean(f *compiled, v *variant) (bool, bool) { return v.boolean, f.typ == Boolean }

func text(f *compiled, v *variant) (string, bool) { return v.text, f.typ == String }

func float(f *compiled, v *variant) (float64, bool) { return v.number, f.typ == Number }

func integer(f *compiled, v *variant) (int64, bool) { return v.integer, f.typ == Number && v.whole }

func document(f *compiled, v *variant) (json.RawMessage, bool) { return v.json, f.typ == JSON }

// plain answers with the value alone.
func plain[T any](c *Client, a answer, fallback T, of value[T]) T {
	if a.ignored != nil {
		c.cfg.Metrics.Failed(CodeVariant)
	}
	if a.err == nil {
		if got, ok := of(a.flag, a.variant()); ok {
			return got
		}
		a.err = ErrType
	}
	c.cfg.Metrics.Failed(codeOf(a.err))
	return fallback
}

// detail answers in full.
func detail[T any](c *Client, name string, a answer, fallback T, of value[T]) Detail[T] {
	if a.ignored != nil {
		return ignoring(c, name, a, fallback, of)
	}
	if a.err == nil {
		v := a.variant()
		if got, ok := of(a.flag, v); ok {
			return Detail[T]{Value: got, Flag: name, Variant: v.name, Reason: a.reason, Version: a.flag.version}
		}
		a.err = ErrType
	}
	return failed(c, name, a, fallback)
}

// ignoring is the answer where the assigner's was none. It is kept apart because
// it allocates.
func ignoring[T any](c *Client, name string, a answer, fallback T, of value[T]) Detail[T] {
	c.cfg.Metrics.Failed(CodeVariant)
	wrong := fmt.Errorf("flag %q: %w: the experiment on it says %q", name, ErrVariant, *a.ignored)
	a.ignored = nil
	d := detail(c, name, a, fallback, of)
	d.Ignored = wrong
	return d
}

// failed is the answer where there is none. It is kept apart because it
// allocates.
func failed[T any](c *Client, name string, a answer, fallback T) Detail[T] {
	c.cfg.Metrics.Failed(codeOf(a.err))
	d := Detail[T]{Value: fallback, Flag: name, Reason: ErrorReason, Err: fmt.Errorf("flag %q: %w", name, a.err)}
	if a.flag != nil {
		d.Version = a.flag.version
		if errors.Is(a.err, ErrType) {
			d.Err = fmt.Errorf("flag %q: %w: its variant %q is a %s", name, ErrType, a.variant().name, a.flag.typ)
		}
	}
	return d
}

// Code is an error of an evaluation in OpenFeature's words.
type Code string

// The codes.
const (
	CodeNotFound Code = "FLAG_NOT_FOUND"
	CodeType     Code = "TYPE_MISMATCH"
	CodeNoKey    Code = "TARGETING_KEY_MISSING"
	CodeNotReady Code = "PROVIDER_NOT_READY"
	CodeGeneral  Code = "GENERAL"
	// CodeVariant is ours, and of metrics only: an assigner's variant was ignored
	// because the flag does not have it.
	CodeVariant Code = "UNKNOWN_VARIANT"
)

// Code returns the code of the error, empty where there is none.
func (d Detail[T]) Code() Code {
	if d.Err == nil {
		return ""
	}
	return codeOf(d.Err)
}

func codeOf(err error) Code {
	for _, known := range []struct {
		is   error
		code Code
	}{{ErrNotFound, CodeNotFound}, {ErrType, CodeType}, {ErrNoKey, CodeNoKey}, {ErrNotReady, CodeNotReady}} {
		if errors.Is(err, known.is) {
			return known.code
		}
	}
	return CodeGeneral
}

// UnknownAge is the age of a copy that nobody can tell: every bound is passed.
const UnknownAge = time.Duration(math.MaxInt64)
