package sign

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Role is what somebody signs as.
type Role string

// Policy says what needs whose signature. [ParsePolicy] reads it from
// underpin.yaml. The zero value protects nothing.
type Policy struct {
	// AllowedSigners and RevokedKeys are files; paths are as they are to be
	// opened. RevokedKeys may be empty.
	AllowedSigners, RevokedKeys string
	// Expires is how long a signature holds. Defaults to DefaultExpires.
	Expires time.Duration
	// Roles says who may sign as what: principals, which are addresses.
	Roles map[Role][]string
	// People names the other addresses under which a principal commits.
	People map[string][]string
	// Authors are patterns of addresses of people who sign nothing.
	Authors []string
	// Caches says what the values of a cache are made of, by the cache's name:
	// tables and columns, as table or table.column.
	Caches map[string][]string
	// Environments are the databases, by name.
	Environments map[string]Environment
	Needs        []Need
}

// DefaultExpires is how long a signature holds unless the policy says.
const DefaultExpires = 30 * 24 * time.Hour

// clockSkew is how far in the future a signature may have been made.
const clockSkew = 5 * time.Minute

// Environment is a database, and whether steps there take signatures.
type Environment struct {
	// Databases are patterns of host:port/database, as in a DSN.
	Databases  []string
	Protection Protection
}

// Protection says whether an environment asks for signatures.
type Protection string

// The protections.
const (
	Open      Protection = ""
	Protected Protection = "protected"
)

// Need is a row of the policy: steps that all its conditions meet need so many
// different people in a role. A condition that is empty meets every step. A row
// with Cache is about changes of a cache's format in code, and about no step.
type Need struct {
	Risk  Risk          `json:"risk,omitempty"`
	Phase migrate.Phase `json:"phase,omitempty"`
	// Change and Table are patterns as of [path.Match].
	Change string `json:"change,omitempty"`
	Table  string `json:"table,omitempty"`
	Cache  string `json:"cache,omitempty"` // likewise
	// Role is empty where any role does.
	Role   Role `json:"role,omitempty"`
	People int  `json:"people"`
}

// needsOf returns the needs of a step of a plan.
func (p Policy) needsOf(of *plan.Plan, s plan.Step) []Need {
	has := p.RisksOf(of, s)
	var out []Need
	for _, n := range p.Needs {
		switch {
		case n.Cache != "",
			n.Risk != "" && !slices.Contains(has, n.Risk),
			n.Phase != "" && n.Phase != s.To,
			n.Change != "" && !glob(n.Change, of.Change.Name),
			n.Table != "" && !slices.ContainsFunc(TablesOf(of), func(t string) bool { return glob(n.Table, t) }):
			continue
		}
		out = append(out, n)
	}
	return out
}

// DefaultCacheNeed is what a change of a cache's format needs unless a row of the
// policy is about that cache: two different people, of any role. The author, who
// does not count, knows what writes the cache; they are to know what reads it.
func DefaultCacheNeed() Need { return Need{Cache: "*", People: 2} }

// needsOfCache returns the needs of a change of a cache's format. There is always
// one.
func (p Policy) needsOfCache(cache string) []Need {
	var out []Need
	for _, n := range p.Needs {
		if n.Cache != "" && glob(n.Cache, cache) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		out = append(out, DefaultCacheNeed())
	}
	return out
}

// glob matches a pattern that has been checked when the policy was read.
func glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// TablesOf returns the tables that a plan is about, each once.
func TablesOf(p *plan.Plan) []string {
	list := []string{p.Change.Mapping.Source.Name, p.Change.Mapping.Target.Name}
	if p.Schema != nil {
		list = []string{p.Schema.Table}
	}
	return slices.Compact(slices.DeleteFunc(list, func(t string) bool { return t == "" }))
}

// EnvironmentOf returns the name of the environment that a database, as
// host:port/database, belongs to: of several that match, a protected one.
func (p Policy) EnvironmentOf(database string) (name string, e Environment, ok bool) {
	for _, n := range slices.Sorted(maps.Keys(p.Environments)) {
		candidate := p.Environments[n]
		matches := slices.ContainsFunc(candidate.Databases, func(d string) bool { return glob(strings.ToLower(d), strings.ToLower(database)) })
		if matches && (!ok || candidate.Protection == Protected && e.Protection == Open) {
			name, e, ok = n, candidate, true
		}
	}
	return name, e, ok
}

// ProtectedEnvironments returns the names of environments that ask for
// signatures, sorted.
func (p Policy) ProtectedEnvironments() []string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(p.Environments)) {
		if p.Environments[n].Protection == Protected {
			out = append(out, n)
		}
	}
	return out
}

// RolesOf returns the roles of a principal, sorted.
func (p Policy) RolesOf(principal string) []Role {
	var out []Role
	for _, r := range slices.Sorted(maps.Keys(p.Roles)) {
		if slices.Contains(p.Roles[r], principal) {
			out = append(out, r)
		}
	}
	return out
}

// in returns everybody in a role, or in any where it is empty, sorted.
func (p Policy) in(role Role) []string {
	var out []string
	for r, list := range p.Roles {
		if role == "" || r == role {
			out = append(out, list...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// personOf returns the principal that commits under an address; ok is false
// where nobody is known to. Letters' case does not count in addresses.
func (p Policy) personOf(email string) (principal string, ok bool) {
	for _, who := range slices.Concat(p.in(""), slices.Sorted(maps.Keys(p.People))) {
		if strings.EqualFold(who, email) || slices.ContainsFunc(p.People[who], func(other string) bool { return strings.EqualFold(other, email) }) {
			return who, true
		}
	}
	return "", false
}

// signsNothing reports whether an address is known to be of somebody who signs
// nothing.
func (p Policy) signsNothing(email string) bool {
	return slices.ContainsFunc(p.Authors, func(pattern string) bool { return glob(strings.ToLower(pattern), strings.ToLower(email)) })
}
