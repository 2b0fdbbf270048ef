package sign

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

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
	Role   Role          `yaml:"role"`
	People *int          `yaml:"people"`
}

// ParsePolicy reads the section signoff of a settings file; other sections are
// somebody else's. ok is false where there is none. Mistakes are [plan.Errors],
// all of them, each with line and column.
func ParsePolicy(file string, raw []byte) (policy Policy, ok bool, err error) {
	var whole struct {
		SignOff ast.Node `yaml:"signoff"`
	}
	if err := yaml.Unmarshal(raw, &whole); err != nil {
		return policy, false, misread(file, err)
	}
	if whole.SignOff == nil {
		return policy, false, nil
	}
	r := &policyReader{file: file, raw: raw}
	if err := yaml.NodeToValue(whole.SignOff, &r.section, yaml.Strict()); err != nil {
		return policy, true, misread(file, err)
	}
	policy = r.read()
	if len(r.errs) > 0 {
		return Policy{}, true, r.errs
	}
	return policy, true, nil
}

// misread says where in the file the mistake is, without quoting the file.
func misread(file string, err error) error {
	e := &plan.Error{File: file, Path: "signoff", Problem: "it cannot be read as settings"}
	var bad yaml.Error
	if errors.As(err, &bad) {
		e.Problem = bad.GetMessage()
		if tk := bad.GetToken(); tk != nil && tk.Position != nil {
			e.Line, e.Column = tk.Position.Line, tk.Position.Column
		}
	}
	return plan.Errors{e}
}

// policyReader checks what the section says, and makes a policy of it.
type policyReader struct {
	file    string
	raw     []byte
	section section
	errs    plan.Errors
}

// failf reports a mistake at a path of the section, such as needs[0].role.
func (r *policyReader) failf(at, format string, args ...any) {
	e := &plan.Error{File: r.file, Path: "signoff." + at, Problem: fmt.Sprintf(format, args...)}
	if p, err := yaml.PathString("$.signoff." + at); err == nil {
		if file, err := parser.ParseBytes(r.raw, 0); err == nil {
			if n, err := p.FilterFile(file); err == nil && n.GetToken() != nil {
				e.Line, e.Column = n.GetToken().Position.Line, n.GetToken().Position.Column
			}
		}
	}
	r.errs = append(r.errs, e)
}

func (r *policyReader) read() Policy {
	s := r.section
	p := Policy{
		AllowedSigners: r.beside(s.AllowedSigners), RevokedKeys: r.beside(s.RevokedKeys), Expires: DefaultExpires,
		Roles: s.Roles, People: s.People, Authors: s.Authors, Environments: map[string]Environment{},
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
	for _, name := range slices.Sorted(maps.Keys(s.Environments)) {
		p.Environments[name] = r.environment(name, s.Environments[name])
	}
	if len(p.ProtectedEnvironments()) > 0 && len(s.Needs) == 0 {
		r.failf("environments", "an environment is protected, and needs says nothing: nobody would have to sign")
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
	for _, role := range slices.Sorted(maps.Keys(r.section.Roles)) {
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
	for _, who := range slices.Sorted(maps.Keys(r.section.People)) {
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
	out := Need{Risk: n.Risk, Phase: n.Phase, Change: n.Change, Table: n.Table, Role: n.Role, People: 1}
	if n.Risk != "" && !slices.Contains(Risks(), n.Risk) {
		r.failf(at+".risk", "%q is no risk; the risks are %v", n.Risk, Risks())
	}
	if n.Phase != "" {
		if _, err := migrate.ParsePhase(string(n.Phase)); err != nil {
			r.failf(at+".phase", "%q is no phase; the phases are %v", n.Phase, migrate.Phases())
		}
	}
	r.pattern(at+".change", n.Change)
	r.pattern(at+".table", n.Table)
	if _, known := p.Roles[n.Role]; !known && n.Role != "" {
		r.failf(at+".role", "there is no role %q; the roles are %v", n.Role, slices.Sorted(maps.Keys(p.Roles)))
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
