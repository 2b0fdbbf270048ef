package sign_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/underpin-db/underpin/review/sign"
)

// signers are keys, and certificates of them, that a revocation list is held
// against: names of files of public keys, by what they are.
type signers struct {
	dir   string
	files []string
}

func newSigners(t *testing.T) *signers {
	s := &signers{dir: t.TempDir()}
	for _, name := range []string{"ca", "other", "key", "rsa", "sk"} {
		args := []string{"-t", "ed25519"}
		if name == "rsa" {
			args = []string{"-t", "rsa", "-b", "2048"}
		}
		makeKey(t, s.dir, name, "", args...)
		s.files = append(s.files, s.dir+"/"+name+".pub")
	}
	write(t, s.dir, "sk.pub", string(ssh.MarshalAuthorizedKey(token{privateKey(t), 1}.PublicKey())))
	for i, c := range []struct {
		authority, id string
		serial        uint64
	}{
		{"ca", "plain", 0}, {"ca", "one", 1}, {"ca", "seven", 7}, {"ca", "eight", 8}, {"ca", "far", 1 << 40}, {"ca", "farther", 1<<40 + 2},
		{"ca", "alice", 90}, {"ca", "last", 1<<64 - 1}, {"other", "seven", 7}, {"other", "alice", 90}, {"other", "plain", 0},
	} {
		name := fmt.Sprintf("%s-%d", c.authority, i)
		write(t, s.dir, name+".pub", must(t, s.dir, "ssh-keygen", "-y", "-f", "key"))
		must(t, s.dir, "ssh-keygen", "-q", "-s", c.authority, "-I", c.id, "-n", alice, "-z", fmt.Sprint(c.serial), name+".pub")
		s.files = append(s.files, s.dir+"/"+name+"-cert.pub")
	}
	return s
}

// list has ssh-keygen write a revocation list of specifications for authorities,
// one added to the other.
func (s *signers) list(t *testing.T, specs ...spec) string {
	t.Helper()
	path := s.dir + "/" + strings.ReplaceAll(t.Name(), "/", "_") + ".krl"
	for i, sp := range specs {
		args := []string{"-q", "-k", "-f", path}
		if i > 0 {
			args = append(args, "-u")
		}
		if sp.authority != "" {
			args = append(args, "-s", sp.authority)
		}
		must(t, s.dir, "ssh-keygen", append(args, write(t, s.dir, "spec", sp.lines))...)
	}
	return path
}

type spec struct{ authority, lines string }

// Each list that ssh-keygen writes revokes for us what it revokes for ssh-keygen,
// and nothing else.
func TestRevocationLists(t *testing.T) {
	t.Parallel()
	s := newSigners(t)
	key := must(t, s.dir, "ssh-keygen", "-y", "-f", "key")
	rsa := must(t, s.dir, "ssh-keygen", "-y", "-f", "rsa")
	authority := must(t, s.dir, "ssh-keygen", "-y", "-f", "other")
	fingerprint := strings.Fields(must(t, s.dir, "ssh-keygen", "-l", "-f", "key.pub"))[1]
	sparse := "serial: 1\nserial: 7\nserial: 1099511627776\n"
	var dense strings.Builder // even numbers take a bitmap
	for n := uint64(0); n < 100; n += 2 {
		fmt.Fprintf(&dense, "serial: %d\n", 1<<40-10+n)
	}
	tests := map[string]struct {
		specs   []spec
		revoked int // of the files
	}{
		"nothing":            {[]spec{{"", "# nothing\n"}}, 0},
		"a key":              {[]spec{{"", "key: " + rsa}}, 1},
		"keys":               {[]spec{{"", "key: " + rsa + "key: " + key}}, 13},
		"by SHA-1":           {[]spec{{"", "sha1: " + rsa}}, 1},
		"by SHA-256":         {[]spec{{"", "sha256: " + key}}, 12},
		"by fingerprint":     {[]spec{{"", "hash: " + fingerprint + "\n"}}, 12},
		"an authority":       {[]spec{{"", "key: " + authority}}, 4},
		"serial numbers":     {[]spec{{"ca.pub", sparse}}, 3},
		"range":              {[]spec{{"ca.pub", "serial: 2-7\n"}}, 1},
		"to the end":         {[]spec{{"ca.pub", "serial: 1099511627777-18446744073709551615\n"}}, 2},
		"bitmap":             {[]spec{{"ca.pub", dense.String()}}, 2},
		"key ID":             {[]spec{{"ca.pub", "id: alice\nid: nobody\n"}}, 1},
		"of every authority": {[]spec{{"none", "id: alice\nserial: 7\n"}}, 4},
		"of two authorities": {[]spec{{"ca.pub", sparse + dense.String()}, {"other.pub", "serial: 90\n"}, {"", "key: " + rsa}}, 6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := s.list(t, test.specs...)
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			list, err := sign.ParseRevoked(path, raw)
			require.NoError(t, err)
			revoked := 0
			for _, file := range s.files {
				out, err := run(t, s.dir, "", "ssh-keygen", "-Q", "-f", path, file)
				require.Equal(t, err != nil, list.Has(publicKey(t, file)), "%s: ssh-keygen says %s", file, out)
				if err != nil {
					require.Contains(t, out, "REVOKED")
					revoked++
				}
			}
			require.Equal(t, test.revoked, revoked, "both answers have to be tried")
			for cut := 1; cut < len(raw); cut++ {
				if short, err := sign.ParseRevoked(path, raw[:cut]); err == nil {
					require.True(t, wholeList(raw[:cut]), "cut behind %d of %d bytes: %+v", cut, len(raw), short)
				}
			}
		})
	}
}

// wholeList reports whether a list that is cut is one all the same: between
// sections.
func wholeList(raw []byte) bool {
	at := 8 + 4 + 3*8
	for range 2 { // reserved and comment
		if at+4 > len(raw) {
			return false
		}
		at += 4 + int(binary.BigEndian.Uint32(raw[at:]))
	}
	for at+5 <= len(raw) {
		at += 5 + int(binary.BigEndian.Uint32(raw[at+1:]))
	}
	return at == len(raw)
}

// wireList writes a revocation list of one section.
func wireList(kind byte, section []byte) []byte {
	head := append([]byte("SSHKRL\n\x00\x00\x00\x00\x01"), make([]byte, 3*8+2*4)...)
	return append(append(head, kind), ssh.Marshal(struct{ Section []byte }{section})...)
}

// certificatesOf is a section of certificates with one section of a kind.
func certificatesOf(kind byte, section []byte) []byte {
	return ssh.Marshal(struct {
		Authority, Reserved []byte
		Kind                byte
		Section             []byte
	}{nil, nil, kind, section})
}

// What a list may hold and ssh-keygen does not write is refused by name, where it
// could revoke something.
func TestRevocationListsThatAreRefused(t *testing.T) {
	t.Parallel()
	type extension struct {
		Name     string
		Critical bool
		Content  []byte
	}
	optional, critical := ssh.Marshal(extension{"more", false, []byte("x")}), ssh.Marshal(extension{"more", true, nil})
	serials := ssh.Marshal(struct{ First, Last uint64 }{2, 1})
	bitmap := ssh.Marshal(struct {
		First uint64
		Bits  []byte
	}{1<<64 - 1, []byte{3}})
	negative := ssh.Marshal(struct {
		First uint64
		Bits  []byte
	}{1, []byte{0x80}})
	for want, raw := range map[string][]byte{
		"":                                wireList(255, optional),
		"asks for \"more\"":               wireList(255, critical),
		"kind 9: it is not known":         wireList(9, nil),
		"the list is signed":              wireList(4, nil),
		"a hash has 3 bytes, and not 20":  wireList(3, []byte("\x00\x00\x00\x03abc")),
		"kind 0x77: it is not known":      wireList(1, certificatesOf(0x77, nil)),
		"serial numbers from 2 to 1":      wireList(1, certificatesOf(0x21, serials)),
		"bits beyond the last":            wireList(1, certificatesOf(0x22, bitmap)),
		"negative":                        wireList(1, certificatesOf(0x22, negative)),
		"kind 0x39: it asks for \"more\"": wireList(1, certificatesOf(0x39, critical)),
		"1 bytes too many":                wireList(255, append(optional, 0)),
		"it is cut short":                 wireList(2, []byte("\x00\x00\x01\x00x")),
		"version 2 of the format":         []byte("SSHKRL\n\x00\x00\x00\x00\x02"),
		"flags 0x1":                       append([]byte("SSHKRL\n\x00\x00\x00\x00\x01"), append(make([]byte, 23), 1, 0, 0, 0, 0, 0, 0, 0, 0)...),
	} {
		_, err := sign.ParseRevoked("revoked", raw)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, sign.ErrKeyFile, want)
		require.ErrorContains(t, err, want)
	}
}

// The number 0 means a certificate that has none, and never a revoked one.
func TestRevokedSerialZero(t *testing.T) {
	t.Parallel()
	key := newKey(t).PublicKey()
	list, err := sign.ParseRevoked("revoked", wireList(1, certificatesOf(0x21, ssh.Marshal(struct{ First, Last uint64 }{0, 5}))))
	require.NoError(t, err)
	for serial, revoked := range []bool{false, true, true, true, true, true, false} {
		require.Equal(t, revoked, list.Has(&ssh.Certificate{Key: key, Serial: uint64(serial), SignatureKey: key}), serial)
	}
}

// A list that is read can be asked, whatever is in it.
func FuzzParseRevoked(f *testing.F) {
	f.Add([]byte("ssh-ed25519 AAAA x\n# c\n"))
	f.Add(wireList(1, certificatesOf(0x22, []byte("\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x01\x55"))))
	f.Add(wireList(1, certificatesOf(0x23, []byte("\x00\x00\x00\x05alice"))))
	f.Add(wireList(5, make([]byte, 36)))
	key := newKey(f)
	cert := &ssh.Certificate{Key: key.PublicKey(), Serial: 7, KeyId: "alice", CertType: ssh.UserCert, SignatureKey: key.PublicKey()}
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := sign.ParseRevoked("f", raw)
		if err != nil {
			require.ErrorIs(t, err, sign.ErrKeyFile)
			return
		}
		if list.Has(key.PublicKey()) {
			require.True(t, list.Has(cert), "the certificate of a key that is revoked")
		}
	})
}
