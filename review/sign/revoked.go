package sign

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Revoked is the keys that do not count any more, whatever else allows them. The
// zero value revokes none. It is not changed once it is read.
type Revoked struct {
	// keys are in the form of the wire, and hashes their SHA-1 or SHA-256.
	keys, hashes map[string]struct{}
	certificates []revokedCertificates
}

// ReadRevoked reads a file of revoked keys, as ssh-keygen -Y verify -r takes it:
// public keys, one a line, or a key revocation list (KRL) that ssh-keygen -k has
// written. No path is no revoked key; a path without a file is an error.
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

// ParseRevoked reads what is in a file of revoked keys. Whatever in it is not
// understood is [ErrKeyFile], for it may be what revokes a key.
func ParseRevoked(path string, raw []byte) (*Revoked, error) {
	out := &Revoked{keys: map[string]struct{}{}, hashes: map[string]struct{}{}}
	if bytes.HasPrefix(raw, krlMagic) {
		if err := out.readKRL(raw[len(krlMagic):]); err != nil {
			return nil, fmt.Errorf("%s: %w: key revocation list: %w", path, ErrKeyFile, err)
		}
		return out, nil
	}
	for i, text := range strings.Split(string(raw), "\n") {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		key, err := parseKey(strings.Fields(text))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %w", path, i+1, ErrKeyFile, err)
		}
		out.keys[string(key.Marshal())] = struct{}{}
	}
	return out, nil
}

// Has reports whether a key is revoked: itself, its certificate, or the
// authority that signed its certificate.
func (r *Revoked) Has(key ssh.PublicKey) bool {
	names := []ssh.PublicKey{key, plainKey(key)}
	cert, certified := key.(*ssh.Certificate)
	if certified {
		names = append(names, cert.SignatureKey)
	}
	return slices.ContainsFunc(names, r.lists) ||
		certified && slices.ContainsFunc(r.certificates, func(c revokedCertificates) bool { return c.has(cert) })
}

// lists reports whether a key stands in the file, or a hash of it. That SHA-1 has
// collisions could revoke a key too many, and none too few.
func (r *Revoked) lists(key ssh.PublicKey) bool {
	blob := key.Marshal()
	short, long := sha1.Sum(blob), sha256.Sum256(blob)
	_, listed := r.keys[string(blob)]
	_, hashed1 := r.hashes[string(short[:])]
	_, hashed256 := r.hashes[string(long[:])]
	return listed || hashed1 || hashed256
}
