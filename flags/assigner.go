package flags

// Assigner gives some targets a variant of a flag for good, before the flag's own
// rules are asked: a running experiment does. It is asked for flags that are
// switched on, after their age and their requirements, and never for one that is
// off or closed or whose copy is too old. It has to be safe for concurrent use,
// and must not wait for I/O or panic: evaluations call it.
type Assigner interface {
	// Assigns reports whether there may be variants to give of the flag at all. It
	// is asked first, because it is asked of every flag: answer it in a few
	// nanoseconds.
	Assigns(flag string) bool
	// Variant returns the variant that the target has of the flag; not ok where
	// the flag's own rules decide. The call is the exposure: the target is about
	// to see the variant. A variant that the flag does not have is passed over
	// ([Detail].Ignored says so, and [Metrics] counts it as [CodeVariant]).
	Variant(flag string, t Target) (variant string, ok bool)
}

// assign takes the variant that the assigner has for the target, if the flag has
// it too.
func (c *compiled) assign(t *Target, a *answer) bool {
	if !c.assigner.Assigns(c.name) {
		return false
	}
	name, ok := c.assigner.Variant(c.name, *t)
	if !ok {
		return false
	}
	for i := range c.variants {
		if c.variants[i].name == name {
			a.pick, a.reason = uint16(i), SplitReason
			return true
		}
	}
	wrong := name // name itself must not escape: it would cost every evaluation an allocation
	a.ignored = &wrong
	return false
}
