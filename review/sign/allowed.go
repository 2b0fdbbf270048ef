package sign

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Allowed is an allowed_signers file, as ssh-keygen(1) describes it under
// ALLOWED SIGNERS: who may sign with which key, for what and when.
type Allowed struct{ lines []allowedLine }

// allowedLine is one line of the file.
type allowedLine struct {
	principals    string // a pattern list
	key           ssh.PublicKey
	authority     authority
	namespaces    string // a pattern list; empty is any
	after, before time.Time
}

// authority says what a line's key does.
type authority string

const (
	signsItself       authority = ""
	signsCertificates authority = "cert-authority"
)

// ErrKeyFile says that a file of keys cannot be read to its end. Nothing in it
// counts then.
var ErrKeyFile = errors.New("the file of keys has a mistake")

// ReadAllowed reads an allowed_signers file.
func ReadAllowed(path string) (*Allowed, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the allowed signers: %w", err)
	}
	return ParseAllowed(path, raw)
}

// ParseAllowed reads the text of an allowed_signers file. OpenSSH skips a line
// that it cannot read; here it is an error with its number, for a skipped line
// is a person who cannot sign, or a restriction that does not restrict.
func ParseAllowed(path string, raw []byte) (*Allowed, error) {
	out := &Allowed{}
	for i, text := range strings.Split(string(raw), "\n") {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		line, err := parseAllowedLine(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %w", path, i+1, ErrKeyFile, err)
		}
		out.lines = append(out.lines, line)
	}
	return out, nil
}

func parseAllowedLine(text string) (allowedLine, error) {
	var l allowedLine
	words, err := splitQuoted(text, ' ')
	if err != nil {
		return l, err
	}
	if len(words) < 3 {
		return l, errors.New("a line is: principals [options] key-type base64-key [comment]")
	}
	l.principals = unquote(words[0])
	rest := words[1:]
	if !isKeyType(rest[0]) {
		if err := l.options(rest[0]); err != nil {
			return l, err
		}
		rest = rest[1:]
	}
	l.key, err = parseKey(rest)
	return l, err
}

// isKeyType tells a key's type from options, as OpenSSH does by trying.
func isKeyType(word string) bool {
	return slices.Contains(keyTypes, word) || strings.HasPrefix(word, "ssh-") || strings.HasPrefix(word, "ecdsa-") || strings.HasPrefix(word, "sk-")
}

// parseKey reads "type base64 [comment]", where the type has to be the key's.
func parseKey(words []string) (ssh.PublicKey, error) {
	if len(words) < 2 {
		return nil, errors.New("a key is: key-type base64-key [comment]")
	}
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(words[0] + " " + words[1]))
	if err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0 || key.Type() != words[0] {
		return nil, fmt.Errorf("%s %.20s… is no public key", words[0], words[1])
	}
	return key, nil
}

// options reads the options of a line. One that is unknown or there twice is an
// error, as it is to OpenSSH.
func (l *allowedLine) options(text string) error {
	list, err := splitQuoted(text, ',')
	if err != nil {
		return err
	}
	seen := map[string]struct{}{}
	for _, option := range list {
		name, value, valued := strings.Cut(option, "=")
		name = strings.ToLower(name)
		if _, twice := seen[name]; twice {
			return fmt.Errorf("option %s is there twice", name)
		}
		seen[name] = struct{}{}
		quoted := len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"'
		value = unquote(value)
		var err error
		switch {
		case name == "cert-authority" && !valued:
			l.authority = signsCertificates
		case name == "namespaces" && quoted && value != "":
			l.namespaces = value
		case name == "valid-after" && quoted:
			l.after, err = parseTime(value)
		case name == "valid-before" && quoted:
			l.before, err = parseTime(value)
		default:
			err = fmt.Errorf("%q is no option: there are cert-authority, namespaces=\"…\", valid-after=\"…\" and valid-before=\"…\"", option)
		}
		if err != nil {
			return err
		}
	}
	if !l.after.IsZero() && !l.before.IsZero() && !l.after.Before(l.before) {
		return errors.New("valid-after is not before valid-before")
	}
	return nil
}

// timeForms are YYYYMMDD, YYYYMMDDHHMM and YYYYMMDDHHMMSS, by their length.
var timeForms = map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}

var timeDigits = regexp.MustCompile(`^[0-9]+Z?$`)

// parseTime reads a time of the file: in UTC with a Z behind it, else in the
// time zone of this machine.
func parseTime(text string) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	form, ok := timeForms[len(digits)]
	if !ok || !timeDigits.MatchString(text) {
		return time.Time{}, fmt.Errorf("%q is no time: write YYYYMMDD[HHMM[SS]][Z]", text)
	}
	at, err := time.ParseInLocation(form, digits, zone)
	if err != nil {
		return at, fmt.Errorf("%q is no time: %w", text, err)
	}
	return at, nil
}

// Permits returns nil if the file lets a principal sign in a namespace with a
// key at a time, else why it does not: the reason of the line that came closest.
func (a *Allowed) Permits(principal string, key ssh.PublicKey, namespace string, now time.Time) error {
	why := fmt.Errorf("key %s is not among the allowed signers for %s", ssh.FingerprintSHA256(plainKey(key)), principal)
	for _, l := range a.lines {
		if !matchList(l.principals, principal) || !l.is(key) {
			continue
		}
		err := l.permits(principal, key, namespace, now)
		if err == nil {
			return nil
		}
		why = err
	}
	return why
}

// is reports whether the line is about a key.
func (l allowedLine) is(key ssh.PublicKey) bool {
	cert, certified := key.(*ssh.Certificate)
	if l.authority == signsCertificates {
		return certified && sameKey(cert.SignatureKey, l.key)
	}
	return !certified && sameKey(key, l.key)
}

func (l allowedLine) permits(principal string, key ssh.PublicKey, namespace string, now time.Time) error {
	name := ssh.FingerprintSHA256(plainKey(key))
	switch {
	case l.namespaces != "" && !matchList(l.namespaces, namespace):
		return fmt.Errorf("key %s of %s is not allowed to sign in namespace %s", name, principal, namespace)
	case !l.after.IsZero() && now.Before(l.after):
		return fmt.Errorf("key %s of %s is not valid before %s", name, principal, l.after.UTC().Format(time.RFC3339))
	case !l.before.IsZero() && now.After(l.before):
		return fmt.Errorf("key %s of %s has expired on %s", name, principal, l.before.UTC().Format(time.RFC3339))
	}
	if cert, ok := key.(*ssh.Certificate); ok {
		return certifies(cert, l.key, principal, now)
	}
	return nil
}

// certifies checks a user certificate: by whom, for whom, when, and that its
// signature holds.
func certifies(cert *ssh.Certificate, by ssh.PublicKey, principal string, now time.Time) error {
	// CheckCert takes a certificate without principals for everybody's.
	if cert.CertType != ssh.UserCert || !slices.Contains(cert.ValidPrincipals, principal) {
		return fmt.Errorf("certificate %q is not a user certificate for %s", cert.KeyId, principal)
	}
	checker := ssh.CertChecker{
		IsUserAuthority: func(auth ssh.PublicKey) bool { return sameKey(auth, by) },
		Clock:           func() time.Time { return now },
	}
	if err := checker.CheckCert(principal, cert); err != nil {
		return fmt.Errorf("certificate %q: %w", cert.KeyId, err)
	}
	return nil
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }
