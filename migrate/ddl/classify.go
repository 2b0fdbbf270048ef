package ddl

import (
	"fmt"
	"slices"
	"strings"
)

// Part is one operation of a statement and the rule that applies to it.
type Part struct {
	Operation Operation
	Rule      Rule
}

// Grows reports whether the time that the operation takes grows with the table.
// What runs in place and rewrites nothing reads the rows only to build an index.
func (p Part) Grows() bool {
	switch p.Rule.Class {
	case Metadata, Instant:
		return false
	case InPlace:
		return slices.Contains([]Kind{AddIndex, AddUnique, AddExpressionIndex, AddFulltext, AddSpatial}, p.Operation.Kind)
	}
	return true
}

// Verdict is what a statement costs on one server, as the table is now.
type Verdict struct {
	Class Class
	// Algorithm and Lock are the clauses with which the server refuses rather
	// than falls back to something worse; empty where it takes none.
	Algorithm, Lock string
	// Rebuild is whether every row is rewritten: the time grows with the
	// table, and it takes as much disk again.
	Rebuild bool
	// Parts are the elementary operations in the author's order.
	Parts []Part
	// Advice is what would make it gentler, if anything is known to.
	Advice string
	// Next is the next harder way in which the server can do it, for when it
	// refuses this one; nil where none is known.
	Next *Verdict
}

// Words says what is locked, and how long, for people.
func (v Verdict) Words() string { return v.Class.Words() }

// Classify returns what one operation costs in a statement of its own.
func Classify(server Server, table *Table, op Operation) (Verdict, error) {
	return classify(server, table, []Operation{op})
}

// Judge returns what a statement costs: a statement runs under one algorithm,
// so its cost is that of the gentlest under which all of its parts can run.
// The table may be nil for statements that do not alter one.
func Judge(server Server, table *Table, s *Statement) (Verdict, error) {
	ops, err := Operations(s)
	if err != nil {
		return Verdict{}, err
	}
	return classify(server, table, ops)
}

func classify(server Server, table *Table, ops []Operation) (Verdict, error) {
	if server.Version.Below(oldest[server.Flavour]) || oldest[server.Flavour] == (Version{}) {
		return Verdict{}, fmt.Errorf("%w: %s %s is older than %s", ErrUnsupported, server.Flavour, server.Version, oldest[server.Flavour])
	}
	ops, err := Resolve(table, ops)
	if err != nil {
		return Verdict{}, err
	}
	candidates := make([][]Rule, len(ops))
	for i, op := range ops {
		if candidates[i] = applying(server, table, op); len(candidates[i]) == 0 {
			return Verdict{}, fmt.Errorf("%w: %s on %s %s", ErrUnsupported, op, server.Flavour, server.Version)
		}
	}
	var gentlest *Verdict
	for level := algorithmUnasserted; level >= algorithmNone; level-- {
		if chosen, ok := choose(candidates, level); ok {
			v := verdict(server, ops, candidates, chosen)
			v.Next, gentlest = gentlest, &v
		}
	}
	if gentlest != nil {
		return *gentlest, nil
	}
	return Verdict{}, fmt.Errorf("%w: these operations do not go together: %s; write a statement for each", ErrUnsupported, join(ops))
}

// applying returns the rules that apply to an operation, in their order.
func applying(server Server, table *Table, op Operation) []Rule {
	var out []Rule
	for _, r := range rulesOf(server.Flavour) {
		if r.Class == Missing || !slices.Contains(r.Kinds, op.Kind) || server.Version.Below(r.From) ||
			r.Below != (Version{}) && !server.Version.Below(r.Below) {
			continue
		}
		f := facts{server, table, op}
		if !slices.ContainsFunc(r.When, func(c Condition) bool { return !c.holds(f) }) {
			out = append(out, r)
		}
	}
	return out
}

func rulesOf(f Flavour) []Rule {
	if f == MariaDB {
		return mariadbRules
	}
	return mysqlRules
}

// choose picks for every operation the rule by which it runs at a level, if all
// have one: the last that asks for no more, and stands the company.
func choose(candidates [][]Rule, level algorithm) (chosen []Rule, ok bool) {
	for _, rules := range candidates {
		var best *Rule
		for i := range rules {
			if r := &rules[i]; runsAt(r, level, len(candidates)) {
				if best == nil || costs[r.Class].algorithm > costs[best.Class].algorithm {
					best = r
				}
			}
		}
		if best == nil {
			return nil, false
		}
		chosen = append(chosen, *best)
	}
	return chosen, true
}

// runsAt reports whether a rule holds in a statement that runs at a level and
// has so many parts.
func runsAt(r *Rule, level algorithm, parts int) bool {
	own := costs[r.Class].algorithm
	switch {
	case own > level:
		return false
	case own == level || parts == 1:
		return own == level && (r.Company != Alone || parts == 1)
	}
	switch r.Company {
	case WithInstant:
		return level <= algorithmInstant
	case WithoutRebuild:
		return level <= algorithmNoCopy
	case Alone:
		return false
	}
	return true
}

// verdict sums up.
func verdict(server Server, ops []Operation, candidates [][]Rule, chosen []Rule) Verdict {
	v := Verdict{Class: Metadata}
	for i, r := range chosen {
		v.Parts = append(v.Parts, Part{ops[i], r})
		v.Class = worse(v.Class, r.Class)
	}
	c := costs[v.Class]
	v.Algorithm, v.Lock, v.Rebuild = clause(server.Flavour, c.algorithm), c.lock, c.rebuild
	v.Advice = advice(ops, candidates, v.Class)
	return v
}

// advice names an operation that would cost less in a statement of its own.
func advice(ops []Operation, candidates [][]Rule, class Class) string {
	if len(ops) < 2 {
		return ""
	}
	for i, op := range ops {
		if alone, ok := aloneClass(candidates[i]); ok && costs[alone].rank < costs[class].rank {
			return fmt.Sprintf("%s would be %s in a statement of its own", op, alone)
		}
	}
	return ""
}

// aloneClass returns the class of an operation in a statement of its own.
func aloneClass(rules []Rule) (Class, bool) {
	for level := algorithmNone; level <= algorithmUnasserted; level++ {
		if chosen, ok := choose([][]Rule{rules}, level); ok {
			return chosen[0].Class, true
		}
	}
	return "", false
}

// worse returns the class of two parts of one statement together: one
// algorithm, the stronger lock, and a rebuild if either needs one.
func worse(a, b Class) Class {
	if costs[a].rank < costs[b].rank {
		a, b = b, a
	}
	switch harder, milder := costs[a], costs[b]; {
	case a == InPlaceBlocking && milder.rebuild:
		return RebuildBlocking
	case milder.algorithm > harder.algorithm && milder.algorithm == algorithmCopy:
		return Copy
	}
	return a
}

// clause returns how a flavour spells an algorithm.
func clause(f Flavour, a algorithm) string {
	switch {
	case a == algorithmInstant:
		return "INSTANT"
	case a == algorithmNoCopy && f == MariaDB:
		return "NOCOPY"
	case a == algorithmNoCopy, a == algorithmInPlace:
		return "INPLACE"
	case a == algorithmCopy:
		return "COPY"
	}
	return ""
}

func join(ops []Operation) string {
	var out []string
	for _, o := range ops {
		out = append(out, o.String())
	}
	return strings.Join(out, ", ")
}
