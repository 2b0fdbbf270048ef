package explore

import "github.com/underpin-db/underpin/migrate"

// sourceValue is what the source holds for the key. The mapping is chosen so
// that neither direction is a bijection:
//
//	f(a) = a1   f(b) = b1   f(c) = a1
//	g(a1) = a   g(a2) = a   g(b1) = b   g(x) does not exist
//
// a2 is the finer target value that f would never produce, c the finer source
// value that g would never produce, and x one that the source cannot hold.
type sourceValue uint8

const (
	noSource sourceValue = iota
	sourceA
	sourceB
	sourceC
)

// targetValue is what the target holds for the key. noTarget stands both for a
// row that is absent and for one whose columns were never mapped.
type targetValue uint8

const (
	noTarget targetValue = iota
	targetA1
	targetA2
	targetB1
	targetX
)

func (v sourceValue) String() string {
	return [...]string{"⊥", "a", "b", "c"}[v]
}

func (v targetValue) String() string {
	return [...]string{"⊥", "a1", "a2", "b1", "x"}[v]
}

// forward is f.
func forward(s sourceValue) targetValue {
	return [...]targetValue{noTarget, targetA1, targetB1, targetA1}[s]
}

// backward is g; ok is false for a value that the source cannot represent.
func backward(t targetValue) (s sourceValue, ok bool) {
	if t == targetX {
		return noSource, false
	}
	return [...]sourceValue{noSource, sourceA, sourceA, sourceB}[t], true
}

// stepper decides whether a pair is in step, and brings it there.
type stepper struct {
	rule migrate.StepRule
	// blankCounts takes an unmapped target for a value that g explains: what
	// goes wrong without [MapUnmapped].
	blankCounts bool
}

// inStep says whether nothing has to be done about the pair.
func (r stepper) inStep(s sourceValue, t targetValue) bool {
	switch {
	case s == noSource || t == noTarget:
		return (s == noSource && t == noTarget) ||
			(s != noSource && r.blankCounts && r.rule == migrate.StepEither)
	case t == forward(s):
		return true
	}
	back, ok := backward(t)
	return r.rule == migrate.StepEither && ok && back == s
}

// forwardFrom returns the target value that belongs beside s.
func (r stepper) forwardFrom(s sourceValue, t targetValue) targetValue {
	if r.inStep(s, t) {
		return t
	}
	return forward(s)
}

// backwardFrom returns the source value that belongs beside t; ok is false
// when the source cannot represent t.
func (r stepper) backwardFrom(s sourceValue, t targetValue) (sourceValue, bool) {
	if r.inStep(s, t) {
		return s, true
	}
	return backward(t)
}

// write is the last committed write to the value of the key: the shape it was
// made in, and the value in that shape. It is the truth that reads are judged
// by. A write that leaves a value as it was does not change it.
type write struct {
	inTarget bool
	source   sourceValue
	target   targetValue
}

func sourceWrite(s sourceValue) write { return write{source: s} }

func targetWrite(t targetValue) write {
	if t == noTarget {
		return write{}
	}
	return write{inTarget: true, target: t}
}

func (w write) String() string {
	if w.inTarget {
		return w.target.String()
	}
	return w.source.String()
}

// values is a set of values of one shape, one bit each.
type values uint8

func (v values) has(value uint8) bool { return v&(1<<value) != 0 }

// Judgement says what a read in the other shape than the last write's may
// return.
type Judgement uint8

// The judgements.
const (
	// ByEither takes every value that one of the two directions explains: the
	// guarantee that the protocol gives.
	ByEither Judgement = iota
	// ByLastWrite takes f or g of the last write and nothing else. No protocol
	// that keeps finer values can give it: see TestWhatTheRuleCannotTell.
	ByLastWrite
)

// inSource returns the values that a read of the source may return.
func (w write) inSource(j Judgement) values {
	if !w.inTarget {
		return 1 << w.source
	}
	var set values
	if s, ok := backward(w.target); ok {
		set |= 1 << s
	}
	for s := sourceA; s <= sourceC && j == ByEither; s++ {
		if forward(s) == w.target {
			set |= 1 << s
		}
	}
	return set
}

// inTargetShape returns the values that a read of the target may return.
func (w write) inTargetShape(j Judgement) values {
	if w.inTarget {
		return 1 << w.target
	}
	set := values(1 << forward(w.source))
	for t := targetA1; t <= targetB1 && j == ByEither; t++ {
		if s, _ := backward(t); s == w.source {
			set |= 1 << t
		}
	}
	return set
}
