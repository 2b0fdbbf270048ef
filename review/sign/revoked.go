package sign

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Revoked is the keys that do not count any more, whatever else allows them.
type Revoked struct{ keys []ssh.PublicKey }

// krlMagic begins a binary key revocation list; see PROTOCOL.krl of OpenSSH.
var krlMagic = []byte("SSHKRL\n\x00")

// ReadRevoked reads a file of public keys, one a line, as ssh-keygen -Y verify
// -r takes it. A binary revocation list is refused by name. No path is no
// revoked key; a path without a file is an error.
func ReadRevoked(path string) (*Revoked, error) {
	if path == "" {
		return &Revoked{}, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the revoked keys: %w", err)
	}
	return ParseRevoked(path, raw)
}

// ParseRevoked reads the text of a file of revoked keys.
func ParseRevoked(path string, raw []byte) (*Revoked, error) {
	if bytes.HasPrefix(raw, krlMagic) {
		return nil, fmt.Errorf("%s: %w: it is a binary revocation list (KRL), which is not read here; list the public keys, one a line", path, ErrKeyFile)
	}
	out := &Revoked{}
	for i, text := range strings.Split(string(raw), "\n") {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		key, err := parseKey(strings.Fields(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %w", path, i+1, ErrKeyFile, err)
		}
		out.keys = append(out.keys, key)
	}
	return out, nil
}

// Has reports whether a key is revoked: itself, its certificate, or the
// authority that signed its certificate.
func (r *Revoked) Has(key ssh.PublicKey) bool {
	names := []ssh.PublicKey{key, plainKey(key)}
	if cert, ok := key.(*ssh.Certificate); ok {
		names = append(names, cert.SignatureKey)
	}
	return slices.ContainsFunc(r.keys, func(revoked ssh.PublicKey) bool {
		return slices.ContainsFunc(names, func(k ssh.PublicKey) bool { return sameKey(k, revoked) })
	})
}
