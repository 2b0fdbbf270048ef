package flags

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What can be wrong with a flag. A [Problem] wraps one of them.
var (
	ErrName        = errors.New("a name is 1 to 128 printable characters without spaces")
	ErrField       = errors.New("a field is missing or has no such value")
	ErrVariant     = errors.New("a variant is unknown, nameless or twice there")
	ErrValue       = errors.New("a value is not of the flag's type")
	ErrWeights     = errors.New("the shares of a split have to sum to 100%")
	ErrCondition   = errors.New("a condition cannot be read")
	ErrRequirement = errors.New("a required flag is missing, has no such variant or requires this one in turn")
)

// Bounds of a flag.
const (
	MaxName       = 128         // characters
	MaxValue      = 4 << 20     // bytes of one variant
	MaxVariants   = 1000        // of one flag
	MinStaleAfter = time.Second // below it an ordinary poll is late already
	MaxDepth      = 8           // of requirements
)

// Problem is one thing wrong with a flag.
type Problem struct {
	// Path is the field: "rules[0].serve.split".
	Path string
	// Err says what is wrong. It wraps one of the errors above or [ErrShare].
	Err error
}

// Error returns "path: what".
func (p *Problem) Error() string { return p.Path + ": " + p.Err.Error() }

// Unwrap returns Err.
func (p *Problem) Unwrap() error { return p.Err }

// Invalid is everything that is wrong with one flag.
type Invalid struct {
	Flag     string
	Problems []*Problem
}

// Error lists the problems, separated by semicolons.
func (e *Invalid) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return fmt.Sprintf("flag %q: %s", e.Flag, strings.Join(lines, "; "))
}

// Unwrap returns the problems one by one.
func (e *Invalid) Unwrap() []error {
	out := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		out[i] = p
	}
	return out
}

// checker gathers problems.
type checker struct {
	flag *Flag
	bad  []*Problem
}

func (c *checker) fail(path string, is error, format string, args ...any) {
	c.bad = append(c.bad, &Problem{path, fmt.Errorf("%w: %s", is, fmt.Sprintf(format, args...))})
}

// Validate returns an [*Invalid] with everything that is wrong with the flag by
// itself; [ValidateSet] looks at what it requires.
func (f Flag) Validate() error {
	f = f.Normalised()
	c := &checker{flag: &f}
	c.head()
	c.variants()
	c.variant("off", f.Off)
	c.variant("safe", f.Safe)
	if f.StaleAfter < Duration(MinStaleAfter) {
		c.fail("stale_after", ErrField, "%s is below %s", f.StaleAfter, MinStaleAfter)
	}
	for i, r := range f.Rules {
		c.rule(fmt.Sprintf("rules[%d]", i), r)
	}
	if f.Ramp != nil {
		c.ramp(f.Ramp)
	}
	c.serve("serve", f.Serve)
	if f.State == Closed && (f.Serve.Variant == "" || f.Ramp != nil || len(f.Rules)+len(f.Requires) > 0) {
		c.fail("state", ErrField, "a closed flag serves one variant and has no rules, ramp or requirements")
	}
	if len(c.bad) > 0 {
		return &Invalid{f.Name, c.bad}
	}
	return nil
}

// ValidName returns [ErrName] for what cannot be the name of a flag.
func ValidName(name string) error {
	bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if name == "" || utf8.RuneCountInString(name) > MaxName || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return nil
}

func (c *checker) head() {
	f := c.flag
	if err := ValidName(f.Name); err != nil {
		c.bad = append(c.bad, &Problem{"name", err})
	}
	if !slices.Contains([]Type{Boolean, String, Number, JSON}, f.Type) {
		c.fail("type", ErrField, "%q is none of boolean, string, number, json", f.Type)
	}
	if !slices.Contains([]Kind{Release, Ops, Experiment, Migration}, f.Kind) {
		c.fail("kind", ErrField, "%q is none of release, ops, experiment, migration", f.Kind)
	}
	if !slices.Contains([]State{On, Off, Closed}, f.State) {
		c.fail("state", ErrField, "%q is none of on, off, closed", f.State)
	}
	if strings.TrimSpace(f.Owner) == "" {
		c.fail("owner", ErrField, "say whom to ask about the flag")
	}
	if !f.Expires.IsZero() && f.Expires.Before(f.Created) {
		c.fail("expires", ErrField, "it lies before created")
	}
}

func (c *checker) variants() {
	f := c.flag
	if n := len(f.Variants); n == 0 || n > MaxVariants {
		c.fail("variants", ErrVariant, "there are %d: give 1 to %d", n, MaxVariants)
	}
	for i, v := range f.Variants {
		path := fmt.Sprintf("variants[%d]", i)
		if ValidName(v.Name) != nil || f.variant(v.Name) != i {
			c.fail(path+".name", ErrVariant, "%q", v.Name)
		}
		if len(v.Value.raw) > MaxValue {
			c.fail(path+".value", ErrValue, "%d bytes are more than %d", len(v.Value.raw), MaxValue)
		} else if !v.Value.fits(f.Type) {
			c.fail(path+".value", ErrValue, "%.64s is no %s", v.Value, f.Type)
		}
	}
}

func (c *checker) variant(path, name string) {
	if c.flag.variant(name) < 0 {
		c.fail(path, ErrVariant, "%q is none of %s", name, variantNames(c.flag))
	}
}

func variantNames(f *Flag) string {
	names := make([]string, len(f.Variants))
	for i, v := range f.Variants {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

func (c *checker) share(path string, s Share) {
	if s > All {
		c.fail(path, ErrShare, "%s is more than 100", s)
	}
}

func (c *checker) serve(path string, s Serve) {
	if (s.Variant == "") == (len(s.Split) == 0) {
		c.fail(path, ErrField, "give a variant or a split, and one of them only")
		return
	}
	if s.Variant != "" {
		c.variant(path+".variant", s.Variant)
		return
	}
	sum := 0
	for i, w := range s.Split {
		at := fmt.Sprintf("%s.split[%d]", path, i)
		c.variant(at+".variant", w.Variant)
		c.share(at+".share", w.Share)
		sum += int(w.Share)
	}
	if sum != int(All) {
		c.fail(path+".split", ErrWeights, "they sum to %d.%02d%%", sum/100, sum%100)
	}
}

func (c *checker) ramp(r *Ramp) {
	c.variant("ramp.variant", r.Variant)
	c.share("ramp.share", r.Share)
	for i, ring := range r.Rings {
		if ValidName(ring) != nil || slices.Index(r.Rings, ring) != i {
			c.fail(fmt.Sprintf("ramp.rings[%d]", i), ErrField, "%q is no name of a ring, or twice there", ring)
		}
	}
}

func (c *checker) rule(path string, r Rule) {
	if len(r.When) == 0 {
		c.fail(path+".when", ErrCondition, "a rule without a condition hides all that follows: use serve")
	}
	for i, one := range r.When {
		at := fmt.Sprintf("%s.when[%d]", path, i)
		op, known := operators[one.Op]
		if one.Attribute == "" {
			c.fail(at+".attribute", ErrCondition, "it is empty")
		}
		if !known {
			c.fail(at+".op", ErrCondition, "%q is none of %v", one.Op, Operators())
			continue
		}
		bad := func(v Value) bool { return !op.ok(v) }
		if !op.count(len(one.Values)) || slices.ContainsFunc(one.Values, bad) {
			c.fail(at+".values", ErrCondition, "%s takes %s", one.Op, op.takes)
		}
	}
	c.serve(path+".serve", r.Serve)
}

// ValidateSet validates flags that are to be served together: each by itself,
// names that stand twice, and requirements. The error joins an [*Invalid] for
// every flag that has something wrong.
func ValidateSet(all []Flag) error {
	set := make(map[string]*Flag, len(all))
	var errs []error
	for i := range all {
		f := all[i].Normalised()
		if set[f.Name] != nil {
			errs = append(errs, &Invalid{f.Name, []*Problem{{"name", fmt.Errorf("%w: it stands twice", ErrName)}}})
		}
		set[f.Name] = &f
		errs = append(errs, f.Validate())
	}
	for _, f := range all {
		errs = append(errs, CheckRequirements(f, func(name string) *Flag { return set[name] }))
	}
	return errors.Join(errs...)
}

// CheckRequirements returns an [*Invalid] where a flag requires one that find
// does not know (it returns nil), a variant that the other has not, or, over
// however many steps, itself.
func CheckRequirements(f Flag, find func(name string) *Flag) error {
	c := &checker{flag: &f}
	for i, r := range f.Requires {
		path := fmt.Sprintf("requires[%d]", i)
		other := find(r.Flag)
		if other == nil {
			c.fail(path+".flag", ErrRequirement, "there is no flag %q", r.Flag)
			continue
		}
		if n := other.Normalised(); n.variant(r.Variant) < 0 {
			c.fail(path+".variant", ErrRequirement, "%q is none of %s", r.Variant, variantNames(&n))
		}
		if way := cycle(f.Name, other, find, []string{f.Name}); way != nil {
			c.fail(path+".flag", ErrRequirement, "%s", strings.Join(way, " requires "))
		}
	}
	if len(c.bad) > 0 {
		return &Invalid{f.Name, c.bad}
	}
	return nil
}

// cycle returns the way from a flag back to the first, or one that is too long.
func cycle(first string, at *Flag, find func(string) *Flag, way []string) []string {
	way = append(slices.Clip(way), at.Name)
	if at.Name == first || len(way) > MaxDepth {
		return way
	}
	for _, r := range at.Requires {
		if next := find(r.Flag); next != nil {
			if found := cycle(first, next, find, way); found != nil {
				return found
			}
		}
	}
	return nil
}
