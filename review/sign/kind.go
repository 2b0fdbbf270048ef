package sign

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ErrStatement says that a text is no statement in its one canonical form.
var ErrStatement = errors.New("it is not a statement of underpin sign")

// Signable is a statement of one of the kinds that people sign.
type Signable interface {
	// Text is the canonical text, which is what is signed.
	Text() ([]byte, error)
	// Namespace keeps its signatures apart from those that the same key makes
	// for other purposes: ssh-keygen's -n.
	Namespace() string
	// fileName is that of its files in a folder, of one person in one role.
	fileName() string
}

// Claim says who signed, as what and when: every statement ends with it.
type Claim struct {
	Role Role `json:"role"`
	// Signer is the principal, an address, and Signed when, to the second.
	Signer string    `json:"signer"`
	Signed time.Time `json:"signed"`
}

// kind is one kind of statement, S.
type kind[S any] struct {
	// header is the first line. It changes when a field does.
	header string
	// fields are the lines behind it, in order.
	fields []field[S]
}

// field is one line of a statement.
type field[S any] struct {
	name string
	form *regexp.Regexp
	get  func(s *S) string
	set  func(s *S, text string) error
}

// text is a field that is a string of the statement.
func text[S any](name string, form *regexp.Regexp, at func(s *S) *string) field[S] {
	return field[S]{
		name, form,
		func(s *S) string { return *at(s) },
		func(s *S, text string) error { *at(s) = text; return nil },
	}
}

// claimed are the fields of a kind, with those of the claim behind them.
func claimed[S any](at func(s *S) *Claim, fields ...field[S]) []field[S] {
	return append(slices.Clip(fields),
		text("role", word, func(s *S) *string { return (*string)(&at(s).Role) }),
		text("signer", address, func(s *S) *string { return &at(s).Signer }),
		field[S]{
			"signed", moment,
			func(s *S) string { return at(s).Signed.UTC().Format(time.RFC3339) },
			func(s *S, text string) (err error) {
				at(s).Signed, err = time.Parse(time.RFC3339, text)
				return err
			},
		})
}

// The forms of values. None can hold a line's end, a path's separator or a
// space at its end, so that no two statements have one text.
var (
	word      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)
	digest    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	server    = regexp.MustCompile(`^(mysql|mariadb) [0-9]+\.[0-9]+$`)
	address   = regexp.MustCompile(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,128}$`)
	moment    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$`)
	cacheName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	// orNone is a digest, or what stands where there is no format.
	orNone = regexp.MustCompile(`^([0-9a-f]{64}|none)$`)
)

// text returns the canonical text of a statement, or an error that names a field
// which cannot stand in it.
func (k kind[S]) text(s S) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, k.header)
	for _, f := range k.fields {
		value := f.get(&s)
		if !f.form.MatchString(value) {
			return nil, fmt.Errorf("sign: %s %q cannot stand in a statement: it has to match %s", f.name, value, f.form)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.name, value)
	}
	return b.Bytes(), nil
}

// parse reads a statement. Only the canonical text is one: another order, a blank
// more or an unknown line is [ErrStatement].
func (k kind[S]) parse(raw []byte) (S, error) {
	var s S
	lines := strings.Split(string(raw), "\n")
	if len(lines) != len(k.fields)+2 || lines[0] != k.header {
		return s, fmt.Errorf("%w: it has to begin with %q and have %d lines", ErrStatement, k.header, len(k.fields)+1)
	}
	for i, f := range k.fields {
		value, ok := strings.CutPrefix(lines[i+1], f.name+": ")
		if !ok || !f.form.MatchString(value) {
			return s, fmt.Errorf("%w: line %d has to be %s, matching %s", ErrStatement, i+2, f.name, f.form)
		}
		if err := f.set(&s, value); err != nil {
			return s, fmt.Errorf("%w: line %d: %w", ErrStatement, i+2, err)
		}
	}
	if again, err := k.text(s); err != nil || !bytes.Equal(again, raw) {
		return s, fmt.Errorf("%w: it is not written as underpin writes it", ErrStatement)
	}
	return s, nil
}
