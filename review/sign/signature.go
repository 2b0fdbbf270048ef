package sign

import (
	"bytes"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// ErrSignature says that a signature is malformed, of a kind that is not
// accepted, or not one over the text.
var ErrSignature = errors.New("the signature does not hold")

// leastRSA is the number of bits from which an RSA key counts: what NIST SP
// 800-131A has asked for since 2014.
const leastRSA = 2048

// keyTypes are the keys that may sign: those that OpenSSH makes today.
var keyTypes = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
	ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256,
	ssh.KeyAlgoRSA,
}

// Sign signs a statement with a key that may be in a file, in an agent or on a
// token, and returns the armored signature, as ssh-keygen -Y sign writes it.
func Sign(s Signable, with ssh.Signer) ([]byte, error) {
	message, err := s.Text()
	if err != nil {
		return nil, err
	}
	sig, err := sshsig.Sign(bytes.NewReader(message), with, sshsig.HashSHA512, s.Namespace())
	if err != nil {
		return nil, fmt.Errorf("sign with key %s: %w", ssh.FingerprintSHA256(with.PublicKey()), err)
	}
	armored := sshsig.Armor(sig)
	// A token that was not touched, or a key that nobody could verify, is found
	// out here and not in CI.
	_, err = verify(message, armored, s.Namespace())
	return armored, err
}

// verify returns the key, or certificate, by which an armored signature holds
// over a message in a namespace. Whose key that is, is not its concern. A security
// key that nobody touched makes none: its Verify sees to that.
func verify(message, armored []byte, namespace string) (ssh.PublicKey, error) {
	block, rest := pem.Decode(armored)
	if block == nil || block.Type != sshsig.PEMType || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 ||
		!bytes.HasPrefix(armored, []byte("-----BEGIN ")) {
		return nil, fmt.Errorf("%w: the file has to be one armored %s and nothing else", ErrSignature, sshsig.PEMType)
	}
	sig, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := acceptable(plainKey(sig.PublicKey)); err != nil {
		return nil, err
	}
	if err := sshsig.Verify(bytes.NewReader(message), sig, sig.PublicKey, sig.HashAlgorithm, namespace); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return sig.PublicKey, nil
}

// acceptable refuses keys of kinds and lengths that are not trusted any more.
func acceptable(key ssh.PublicKey) error {
	if !slices.Contains(keyTypes, key.Type()) {
		return fmt.Errorf("%w: keys of type %s are not accepted", ErrSignature, key.Type())
	}
	if k, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() < leastRSA {
			return fmt.Errorf("%w: its RSA key has %d bits, of %d at least", ErrSignature, r.N.BitLen(), leastRSA)
		}
	}
	return nil
}

// plainKey is the key itself, out of its certificate if it stands in one.
func plainKey(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}
