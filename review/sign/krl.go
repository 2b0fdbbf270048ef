package sign

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"golang.org/x/crypto/ssh"
)

// A key revocation list, as PROTOCOL.krl of OpenSSH describes it.

// krlMagic begins one.
var krlMagic = []byte("SSHKRL\n\x00")

// krlFormat is the version of the format that is read: the only one there is.
const krlFormat = 1

// The kinds of sections of a list, and of those of its certificates.
const (
	krlCertificates = 1
	krlKeys         = 2
	krlSHA1         = 3
	krlSignature    = 4
	krlSHA256       = 5
	krlExtension    = 255

	krlSerials         = 0x20
	krlSerialRange     = 0x21
	krlSerialBitmap    = 0x22
	krlKeyIDs          = 0x23
	krlCertificateMore = 0x39
)

// revokedCertificates are certificates of one authority, by serial number or key
// ID. A certificate that was given no number has 0, which none of them means.
type revokedCertificates struct {
	authority []byte // in the form of the wire; empty is every authority
	ranges    []serialRange
	bitmaps   []serialBitmap
	ids       map[string]struct{}
}

type serialRange struct{ first, last uint64 }

// serialBitmap has a bit for each serial number from first on.
type serialBitmap struct {
	first uint64
	bits  *big.Int
}

func (c revokedCertificates) has(cert *ssh.Certificate) bool {
	if len(c.authority) > 0 && !bytes.Equal(c.authority, cert.SignatureKey.Marshal()) {
		return false
	}
	if _, revoked := c.ids[cert.KeyId]; revoked {
		return true
	}
	n := cert.Serial
	return n != 0 &&
		(slices.ContainsFunc(c.ranges, func(r serialRange) bool { return r.first <= n && n <= r.last }) ||
			slices.ContainsFunc(c.bitmaps, func(b serialBitmap) bool { return b.has(n) }))
}

func (b serialBitmap) has(n uint64) bool {
	return n >= b.first && n-b.first < uint64(b.bits.BitLen()) && b.bits.Bit(int(n-b.first)) == 1
}

// readKRL reads a list behind its magic.
func (r *Revoked) readKRL(raw []byte) error {
	w := &wire{rest: raw}
	if format := w.number32(); w.err == nil && format != krlFormat {
		return fmt.Errorf("it is in version %d of the format, and %d is read here", format, krlFormat)
	}
	w.number64() // of the list
	w.number64() // when it was made
	if flags := w.number64(); w.err == nil && flags != 0 {
		return fmt.Errorf("it has flags %#x, which are not defined", flags)
	}
	w.text() // reserved
	w.text() // a comment
	for w.more() {
		kind, section := w.octet(), &wire{rest: w.text()}
		if w.err != nil {
			break
		}
		if err := section.endAfter(r.readSection(kind, section)); err != nil {
			return fmt.Errorf("section of kind %d: %w", kind, err)
		}
	}
	return w.endAfter(nil)
}

// readSection reads one section of a list.
func (r *Revoked) readSection(kind byte, w *wire) error {
	switch kind {
	case krlCertificates:
		c := revokedCertificates{authority: w.text(), ids: map[string]struct{}{}}
		w.text() // reserved
		for w.more() {
			kind, section := w.octet(), &wire{rest: w.text()}
			if err := section.endAfter(c.readSection(kind, section)); err != nil {
				return fmt.Errorf("certificates of kind %#x: %w", kind, err)
			}
		}
		r.certificates = append(r.certificates, c)
	case krlKeys:
		return w.texts(r.keys, anyLength)
	case krlSHA1:
		return w.texts(r.hashes, sha1.Size)
	case krlSHA256:
		return w.texts(r.hashes, sha256.Size)
	case krlExtension:
		return w.extension()
	case krlSignature:
		return errors.New("the list is signed, which OpenSSH does not take since 9.4: sign it as a file, with ssh-keygen -Y sign")
	default:
		return errors.New("it is not known")
	}
	return nil
}

// readSection reads one section of an authority's certificates.
func (c *revokedCertificates) readSection(kind byte, w *wire) error {
	switch kind {
	case krlSerials:
		for w.more() {
			n := w.number64()
			c.ranges = append(c.ranges, serialRange{n, n})
		}
	case krlSerialRange:
		r := serialRange{w.number64(), w.number64()}
		if r.first > r.last {
			return fmt.Errorf("serial numbers from %d to %d are none", r.first, r.last)
		}
		c.ranges = append(c.ranges, r)
	case krlSerialBitmap:
		b := serialBitmap{w.number64(), new(big.Int)}
		raw := w.text()
		if b.bits.SetBytes(raw); len(raw) > 0 && raw[0] >= 0x80 {
			return errors.New("the bitmap is a negative number")
		}
		if n := uint64(b.bits.BitLen()); n > 0 && b.first > math.MaxUint64-(n-1) {
			return errors.New("the bitmap has bits beyond the last serial number")
		}
		c.bitmaps = append(c.bitmaps, b)
	case krlKeyIDs:
		return w.texts(c.ids, anyLength)
	case krlCertificateMore:
		return w.extension()
	default:
		return errors.New("it is not known")
	}
	return nil
}

// wire reads values as SSH writes them, numbers with their highest byte first.
// After the first that is cut short it returns nothing more.
type wire struct {
	rest []byte
	err  error
}

var errCut = errors.New("it is cut short")

func (w *wire) take(n uint64) []byte {
	if w.err != nil || uint64(len(w.rest)) < n {
		w.err = errCut
		return nil
	}
	out := w.rest[:n]
	w.rest = w.rest[n:]
	return out
}

// padded is take, but with zeroes where there is nothing.
func (w *wire) padded(n uint64) []byte {
	if raw := w.take(n); raw != nil {
		return raw
	}
	return make([]byte, n)
}

func (w *wire) octet() byte      { return w.padded(1)[0] }
func (w *wire) number32() uint32 { return binary.BigEndian.Uint32(w.padded(4)) }
func (w *wire) number64() uint64 { return binary.BigEndian.Uint64(w.padded(8)) }
func (w *wire) text() []byte     { return w.take(uint64(w.number32())) }

// more reports whether something is left to read.
func (w *wire) more() bool { return w.err == nil && len(w.rest) > 0 }

// endAfter returns what was wrong: what the caller found, that something is
// missing, or that something is left.
func (w *wire) endAfter(err error) error {
	switch {
	case w.err != nil:
		return w.err
	case err == nil && len(w.rest) > 0:
		return fmt.Errorf("%d bytes too many", len(w.rest))
	}
	return err
}

// anyLength is that of texts which may have any.
const anyLength = -1

// texts reads texts of a length to the end, into a set.
func (w *wire) texts(into map[string]struct{}, length int) error {
	for w.more() {
		one := w.text()
		if length != anyLength && len(one) != length {
			return fmt.Errorf("a hash has %d bytes, and not %d", len(one), length)
		}
		into[string(one)] = struct{}{}
	}
	return nil
}

// extension passes over what may be passed over.
func (w *wire) extension() error {
	name, critical := w.text(), w.octet()
	w.text()
	if critical != 0 {
		return fmt.Errorf("it asks for %.64q, which is not known", name)
	}
	return nil
}
