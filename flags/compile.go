package flags

import (
	"encoding/json"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// snapshot is what evaluations read: immutable but for the marks of use.
type snapshot struct {
	at       Position
	flags    map[string]*compiled
	assigner Assigner // of the client; nil where there is none
}

// compiled is a flag made ready to be evaluated. Variants are places in a list.
type compiled struct {
	name     string
	typ      Type
	version  uint64
	variants []variant
	off      uint16
	safe     uint16
	bound    time.Duration
	// static is the variant that everybody gets, where that is so; common is the
	// same for a boolean.
	static fixed
	common said
	// requires, assigner, rules, ramp and rest decide otherwise, in this order.
	requires []Requirement
	// assigner is nil where there is none to ask: it cannot move a flag that is
	// off or closed.
	assigner Assigner
	rules    []rule
	ramp     *ramp
	rest     serve
	// place is the salt of the ramp, spread that of every split: a ramp at 20 %
	// must not eat the first variants of the split behind it.
	place, spread Salt

	used *mark
}

// mark says that a flag was evaluated since the last report of use. It fills a
// cache line: what the application writes next to it would otherwise slow the
// evaluations of every core.
type mark struct {
	atomic.Bool
	_ [63]byte
}

// fixed is an answer that is the same for everybody.
type fixed struct {
	reason Reason // empty: there is no such answer
	pick   uint16
}

// said is a truth value that may be missing.
type said uint8

const (
	unsaid said = iota
	saidTrue
	saidFalse
)

type variant struct {
	name    string
	boolean bool
	whole   bool // the number is an integer
	text    string
	number  float64
	integer int64
	json    json.RawMessage
}

type rule struct {
	when  []condition
	serve serve
}

// serve is a variant, or several with the place at which each one ends.
type serve struct {
	pick uint16
	ends []end
}

type end struct {
	pick, below uint16
}

type ramp struct {
	pick  uint16
	share uint16
	rings condition // without texts: there are none
}

// compile makes a valid flag ready. assigner is the client's, or nil; used is the
// mark of an earlier version of the flag, or nil.
func compile(f Flag, assigner Assigner, used *mark) *compiled {
	f = f.Normalised()
	if used == nil {
		used = new(mark)
	}
	salt := f.Salt
	if salt == "" {
		salt = f.Name
	}
	c := &compiled{
		name: f.Name, typ: f.Type, version: f.Version, bound: time.Duration(f.StaleAfter), used: used,
		off: uint16(f.variant(f.Off)), safe: uint16(f.variant(f.Safe)), requires: f.Requires,
		rest: f.serving(f.Serve), place: NewSalt(salt), spread: NewSalt(salt + "/split"),
	}
	for _, v := range f.Variants {
		c.variants = append(c.variants, compileVariant(v))
	}
	for _, r := range f.Rules {
		one := rule{serve: f.serving(r.Serve)}
		for _, w := range r.When {
			one.when = append(one.when, compileCondition(w))
		}
		c.rules = append(c.rules, one)
	}
	if r := f.Ramp; r != nil && (r.Share > 0 || len(r.Rings) > 0) {
		c.ramp = &ramp{pick: uint16(f.variant(r.Variant)), share: uint16(r.Share), rings: condition{attribute: RingsAttribute, op: In, texts: r.Rings}}
	}
	c.static = c.fixed(f.State)
	if c.static.reason == DisabledReason {
		c.bound = UnknownAge // a switch that was seen to be off stays off
	}
	if f.State == On {
		c.assigner = assigner
	}
	if c.static.reason != "" && c.typ == Boolean {
		c.common = saidFalse
		if c.variants[c.static.pick].boolean {
			c.common = saidTrue
		}
	}
	return c
}

// use notes that the flag was evaluated. It is the only thing that an evaluation
// writes, once between two reports of use: to store each time would make the cores
// fight over the line.
func (c *compiled) use() {
	if !c.used.Load() {
		c.used.Store(true)
	}
}

// fixed finds the answer that is the same for everybody.
func (c *compiled) fixed(s State) fixed {
	switch {
	case s == Off:
		return fixed{DisabledReason, c.off}
	case len(c.requires)+len(c.rules) > 0:
		return fixed{}
	case c.ramp != nil && c.ramp.share == uint16(All):
		return fixed{StaticReason, c.ramp.pick}
	case c.ramp == nil && c.rest.ends == nil:
		return fixed{StaticReason, c.rest.pick}
	}
	return fixed{}
}

func (f *Flag) serving(s Serve) serve {
	if s.Variant != "" {
		return serve{pick: uint16(f.variant(s.Variant))}
	}
	var out serve
	below := uint16(0)
	for _, w := range s.Split {
		below += uint16(w.Share)
		out.ends = append(out.ends, end{uint16(f.variant(w.Variant)), below})
	}
	return out
}

func compileVariant(v Variant) variant {
	out := variant{name: v.Name, json: v.Value.raw}
	out.boolean, _ = v.Value.boolean()
	out.text, _ = v.Value.text()
	out.number, _ = v.Value.number()
	out.integer, out.whole = v.Value.integer()
	return out
}

// next returns the snapshot after an update, and the names of the flags that it
// changed, added or removed. Flags that are not valid are left as they were, and
// their errors returned: a store written to by something else must not take the
// good flags down with the bad.
func (s *snapshot) next(u Update) (_ *snapshot, changed []string, bad []error) {
	out := &snapshot{at: u.At, flags: make(map[string]*compiled, len(u.Flags)), assigner: s.assigner}
	if u.Scope == Changed {
		out.flags = maps.Clone(s.flags)
	}
	made, errs := s.compileAll(u.Flags)
	listed := make(map[string]struct{}, len(u.Flags))
	for i := range u.Flags {
		f := &u.Flags[i]
		listed[f.Name] = struct{}{}
		old := s.flags[f.Name]
		if errs[i] != nil {
			bad = append(bad, errs[i])
			if old != nil {
				out.flags[f.Name] = old
			}
			continue
		}
		out.flags[f.Name] = made[i]
		if old == nil || old.version != f.Version || u.Scope == Changed {
			changed = append(changed, f.Name)
		}
	}
	for _, name := range u.Removed {
		delete(out.flags, name)
		changed = append(changed, name)
	}
	if u.Scope == Whole {
		for name := range s.flags {
			if _, ok := listed[name]; !ok {
				changed = append(changed, name)
			}
		}
	}
	return out, changed, bad
}

// compileAll makes flags ready, or says what is wrong with them.
func (s *snapshot) compileAll(all []Flag) ([]*compiled, []error) {
	made, errs := make([]*compiled, len(all)), make([]error, len(all))
	onAllCores(len(all), func(i int) {
		if errs[i] = all[i].Validate(); errs[i] != nil {
			return
		}
		var used *mark
		if old := s.flags[all[i].Name]; old != nil {
			used = old.used
		}
		made[i] = compile(all[i], s.assigner, used)
	})
	return made, errs
}

// fewFlags is how many flags are done faster by one processor.
const fewFlags = 200

// onAllCores calls fn for every number below n, on all processors where there are
// many.
func onAllCores(n int, fn func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			fn(int(i))
		}
	}
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0)-1, n/fewFlags) {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
