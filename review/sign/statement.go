package sign

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Namespace keeps signatures of plans apart from those that the same key makes
// for other purposes: ssh-keygen's -n.
const Namespace = "underpin-plan-v1"

// header is the first line of every statement. It changes when a field does.
const header = "underpin plan sign-off 1"

// Statement is what a person signs: one plan, for one environment, in one role.
// Its text holds everything that the signature is to be void without.
type Statement struct {
	Change string `json:"change"`
	// Plan is [plan.Plan.Hash], and File the SHA-256 of the change file.
	Plan string `json:"plan"`
	File string `json:"file"`
	// Environment is the target as the policy names it, and Server what runs
	// there: "mysql 9.7".
	Environment string `json:"environment"`
	Server      string `json:"server"`
	// Size is the class up to which the signature holds.
	Size Size `json:"size"`
	Role Role `json:"role"`
	// Signer is the principal, an address, and Signed when, to the second.
	Signer string    `json:"signer"`
	Signed time.Time `json:"signed"`
}

// ErrStatement says that a text is no statement in its one canonical form.
var ErrStatement = errors.New("it is not a statement of underpin sign")

// field is one line of a statement.
type field struct {
	name string
	form *regexp.Regexp
	get  func(s *Statement) string
	set  func(s *Statement, text string) error
}

// text is a field that is a string of the statement.
func text(name string, form *regexp.Regexp, at func(s *Statement) *string) field {
	return field{
		name, form,
		func(s *Statement) string { return *at(s) },
		func(s *Statement, text string) error { *at(s) = text; return nil },
	}
}

// The forms of values. None can hold a line's end, a path's separator or a
// space at its end, so that no two statements have one text.
var (
	word    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)
	digest  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	server  = regexp.MustCompile(`^(mysql|mariadb) [0-9]+\.[0-9]+$`)
	address = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,128}$`)
	moment  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$`)
)

// fields are the lines of a statement, in order.
var fields = []field{
	text("change", word, func(s *Statement) *string { return &s.Change }),
	text("plan", digest, func(s *Statement) *string { return &s.Plan }),
	text("file", digest, func(s *Statement) *string { return &s.File }),
	text("environment", word, func(s *Statement) *string { return &s.Environment }),
	text("server", server, func(s *Statement) *string { return &s.Server }),
	text("size", word, func(s *Statement) *string { return (*string)(&s.Size) }),
	text("role", word, func(s *Statement) *string { return (*string)(&s.Role) }),
	text("signer", address, func(s *Statement) *string { return &s.Signer }),
	{
		"signed", moment,
		func(s *Statement) string { return s.Signed.UTC().Format(time.RFC3339) },
		func(s *Statement, text string) (err error) {
			s.Signed, err = time.Parse(time.RFC3339, text)
			return err
		},
	},
}

// Text returns the canonical text, which is what is signed, or an error that
// names a field which cannot stand in it.
func (s Statement) Text() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, header)
	for _, f := range fields {
		value := f.get(&s)
		if !f.form.MatchString(value) {
			return nil, fmt.Errorf("sign: %s %q cannot stand in a statement: it has to match %s", f.name, value, f.form)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.name, value)
	}
	return b.Bytes(), nil
}

// ParseStatement reads a statement. Only the canonical text is one: another
// order, a blank more or an unknown line is [ErrStatement].
func ParseStatement(raw []byte) (Statement, error) {
	var s Statement
	lines := strings.Split(string(raw), "\n")
	if len(lines) != len(fields)+2 || lines[0] != header {
		return s, fmt.Errorf("%w: it has to begin with %q and have %d lines", ErrStatement, header, len(fields)+1)
	}
	for i, f := range fields {
		value, ok := strings.CutPrefix(lines[i+1], f.name+": ")
		if !ok || !f.form.MatchString(value) {
			return s, fmt.Errorf("%w: line %d has to be %s, matching %s", ErrStatement, i+2, f.name, f.form)
		}
		if err := f.set(&s, value); err != nil {
			return s, fmt.Errorf("%w: line %d: %w", ErrStatement, i+2, err)
		}
	}
	if again, err := s.Text(); err != nil || !bytes.Equal(again, raw) {
		return s, fmt.Errorf("%w: it is not written as underpin writes it", ErrStatement)
	}
	return s, nil
}
