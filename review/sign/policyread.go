package sign

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/underpin-db/underpin/internal/yamlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// section is the section signoff of underpin.yaml.
type section struct {
	AllowedSigners string                        `yaml:"allowed_signers"`
	RevokedKeys    string                        `yaml:"revoked_keys"`
	Expires        string                        `yaml:"expires"`
	Roles          map[Role][]string             `yaml:"roles"`
	People         map[string][]string           `yaml:"people"`
	Authors        []string                      `yaml:"authors"`
	Caches         map[string][]string           `yaml:"caches"`
	Environments   map[string]environmentSection `yaml:"environments"`
	Needs          []needSection                 `yaml:"needs"`
}

type environmentSection struct {
	Databases []string `yaml:"databases"`
	Protected bool     `yaml:"protected"`
}

type needSection struct {
	Risk   Risk          `yaml:"risk"`
	Phase  migrate.Phase `yaml:"phase"`
	Change string        `yaml:"change"`
	Table  string        `yaml:"table"`
	Cache  string        `yaml:"cache"`
	Role   Role          `yaml:"role"`
	People *int          `yaml:"people"`
}

// ParsePolicy reads the section signoff of a settings file; other sections are
// somebody else's. ok is false where there is none. Mistakes are [plan.Errors],
// all of them, each with line and column.
func ParsePolicy(file string, raw []byte) (policy Policy, ok bool, err error) {
	r := &policyReader{file: file}
	in, ok, err := yamlx.ReadSection(file, raw, "signoff", &r.section)
	var mistakes yamlx.Errors
	if errors.As(err, &mistakes) {
		return policy, ok, plan.Errors(mistakes)
	}
	if err != nil || !ok {
		return policy, ok, err
	}
	r.in = in
	policy = r.read()
	if len(in.Errs) > 0 {
		return Policy{}, true, plan.Errors(in.Errs)
	}
	return policy, true, nil
}

// policyReader checks what the section says, and makes a policy of it.
type policyReader struct {
	file    string
	section section
	in      *yamlx.Section
}

func (r *policyReader) failf(at, format string, args ...any) { r.in.Failf(at, format, args...) }

func (r *policyReader) read() Policy {
	s := r.section
	p := Policy{
		AllowedSigners: r.beside(s.AllowedSigners), RevokedKeys: r.beside(s.RevokedKeys), Expires: DefaultExpires,
		Roles: s.Roles, People: s.People, Authors: s.Authors, Caches: s.Caches, Environments: map[string]Environment{},
	}
	if s.AllowedSigners == "" {
		r.failf("allowed_signers", "it is missing: name the file of keys that may sign")
	}
	if s.Expires != "" {
		d, err := time.ParseDuration(s.Expires)
		if err != nil || d <= 0 {
			r.failf("expires", "%q is no length of time: write 720h", s.Expires)
		}
		p.Expires = d
	}
	r.people()
	r.caches()
	for _, name := range sortedKeys(s.Environments) {
		p.Environments[name] = r.environment(name, s.Environments[name])
	}
	if len(p.ProtectedEnvironments()) > 0 && !slices.ContainsFunc(s.Needs, func(n needSection) bool { return n.Cache == "" }) {
		r.failf("environments", "an environment is protected, and needs says nothing of its steps: nobody would have to sign")
	}
	for i, n := range s.Needs {
		p.Needs = append(p.Needs, r.need(fmt.Sprintf("needs[%d]", i), n, p))
	}
	return p
}

// beside is a path relative to the settings file.
func (r *policyReader) beside(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(r.file), name)
}

// people checks names of roles and addresses.
func (r *policyReader) people() {
	for _, role := range sortedKeys(r.section.Roles) {
		if !word.MatchString(string(role)) {
			r.failf("roles", "%q is no name of a role: it has to match %s", role, word)
		}
		for i, who := range r.section.Roles[role] {
			if !address.MatchString(who) {
				r.failf(fmt.Sprintf("roles.%s[%d]", role, i), "%q is no address: principals are e-mail addresses, for they are held against those of commits", who)
			}
		}
	}
	owner := map[string]string{}
	for _, who := range sortedKeys(r.section.People) {
		for i, other := range r.section.People[who] {
			at := fmt.Sprintf("people.'%s'[%d]", who, i)
			if was, taken := owner[other]; taken {
				r.failf(at, "%s is an address of %s already", other, was)
			}
			owner[other] = who
			if len((Policy{Roles: r.section.Roles}).RolesOf(other)) > 0 {
				r.failf(at, "%s signs in a role of its own: one person may not be two principals", other)
			}
		}
	}
	for i, pattern := range r.section.Authors {
		r.pattern(fmt.Sprintf("authors[%d]", i), pattern)
	}
}

// tableOrColumn is what the values of a cache may be said to be made of.
var tableOrColumn = regexp.MustCompile(`^[^.\s]+(\.[^.\s]+)?$`)

// caches checks what the values of caches are made of.
func (r *policyReader) caches() {
	for _, name := range sortedKeys(r.section.Caches) {
		if len(r.section.Caches[name]) == 0 {
			r.failf("caches."+name, "it is made of nothing: name its tables and columns, as users or users.name")
		}
		for i, part := range r.section.Caches[name] {
			if !tableOrColumn.MatchString(part) {
				r.failf(fmt.Sprintf("caches.%s[%d]", name, i), "%q is no table and no column: write users or users.name", part)
			}
		}
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (r *policyReader) pattern(at, pattern string) {
	if _, err := path.Match(pattern, ""); err != nil {
		r.failf(at, "%q is no pattern: %v", pattern, err)
	}
}

func (r *policyReader) environment(name string, e environmentSection) Environment {
	at := "environments." + name
	if !word.MatchString(name) {
		r.failf(at, "%q is no name: it has to match %s", name, word)
	}
	if len(e.Databases) == 0 {
		r.failf(at, "databases is missing: name them as host:port/database")
	}
	for i, d := range e.Databases {
		r.pattern(fmt.Sprintf("%s.databases[%d]", at, i), d)
	}
	out := Environment{Databases: e.Databases}
	if e.Protected {
		out.Protection = Protected
	}
	return out
}

// need checks one row of the policy. Somebody has to be able to meet it.
func (r *policyReader) need(at string, n needSection, p Policy) Need {
	out := Need{Risk: n.Risk, Phase: n.Phase, Change: n.Change, Table: n.Table, Cache: n.Cache, Role: n.Role, People: 1}
	if n.Cache != "" && (n.Risk != "" || n.Phase != "" || n.Change != "" || n.Table != "") {
		r.failf(at+".cache", "a row with cache is about code that gives a cache another format, and risk, phase, change and table are about steps of a plan: write two rows")
	}
	if n.Risk != "" && !slices.Contains(Risks(), n.Risk) {
		r.failf(at+".risk", "%q is no risk; the risks are %v", n.Risk, Risks())
	}
	if n.Risk == Cache && len(p.Caches) == 0 {
		r.failf(at+".risk", "no step has it, for signoff.caches does not say what cached values are made of: write caches: {users: [users.name]}")
	}
	if n.Phase != "" {
		if _, err := migrate.ParsePhase(string(n.Phase)); err != nil {
			r.failf(at+".phase", "%q is no phase; the phases are %v", n.Phase, migrate.Phases())
		}
	}
	r.pattern(at+".change", n.Change)
	r.pattern(at+".table", n.Table)
	r.pattern(at+".cache", n.Cache)
	if _, known := p.Roles[n.Role]; !known && n.Role != "" {
		r.failf(at+".role", "there is no role %q; the roles are %v", n.Role, sortedKeys(p.Roles))
		return out
	}
	if n.People != nil {
		out.People = *n.People
	}
	if able := len(p.in(n.Role)); out.People < 1 || out.People > able {
		r.failf(at+".people", "%d: it has to be at least 1, and no more than the %d who could sign", out.People, able)
	}
	return out
}
