package sign_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/underpin-db/underpin/review/sign"
)

// makeKey has ssh-keygen make a key.
func makeKey(t *testing.T, dir, name, passphrase string, args ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, dir, "ssh-keygen", append([]string{"-q", "-N", passphrase, "-C", name, "-f", path}, args...)...)
	return path
}

func publicKey(t *testing.T, path string) ssh.PublicKey {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey(raw)
	require.NoError(t, err)
	return key
}

// Our signatures are those of ssh-keygen, and its are ours, for every type of key.
func TestOpenSSHAgrees(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "ecdsa256": {"-t", "ecdsa", "-b", "256"}, "ecdsa384": {"-t", "ecdsa", "-b", "384"},
		"ecdsa521": {"-t", "ecdsa", "-b", "521"}, "rsa": {"-t", "rsa", "-b", "2048"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, dir := newFixture(t), t.TempDir()
			path := makeKey(t, dir, "key", "", args...)
			allowed := write(t, dir, "allowed_signers", line(alice, `namespaces="`+sign.Namespace+`"`, publicKey(t, path+".pub")))
			text, err := f.statement(alice, "tech-lead").Text()
			require.NoError(t, err)

			key, done, err := sign.KeySource{File: path}.Open(t.Context())
			require.NoError(t, err)
			ours := signature(t, f.statement(alice, "tech-lead"), key)
			require.NoError(t, done())
			sig := write(t, dir, "ours.sig", string(ours.Armored))
			out, err := run(t, dir, string(text), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", alice, "-n", sign.Namespace, "-s", sig)
			require.NoError(t, err, out)
			out, err = run(t, dir, string(text)+" ", "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", alice, "-n", sign.Namespace, "-s", sig)
			require.Error(t, err, out)

			message := write(t, dir, "theirs.txt", string(text))
			must(t, dir, "ssh-keygen", "-Y", "sign", "-f", path, "-n", sign.Namespace, message)
			list, err := sign.Folder(dir).Read()
			require.NoError(t, err)
			require.Len(t, list, 2) // ours.sig has no statement
			lines, err := os.ReadFile(allowed)
			require.NoError(t, err)
			r := f.judge(t, string(lines), "", list[1])
			require.Empty(t, r.Void)
			require.True(t, r.Signed())

			must(t, dir, "ssh-keygen", "-Y", "sign", "-f", path, "-n", "file", write(t, dir, "other/x.txt", string(text)))
			list, err = sign.Folder(filepath.Join(dir, "other")).Read()
			require.NoError(t, err)
			require.Contains(t, f.judge(t, string(lines), "", list...).Void[0].Reason, "namespace")
		})
	}
}

// A signature by a security key passes ssh-keygen too.
func TestOpenSSHAgreesOnSecurityKeys(t *testing.T) {
	t.Parallel()
	f, dir := newFixture(t), t.TempDir()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	f.keys[alice] = token{private, 1}
	s := f.sign(t, f.statement(alice, "tech-lead"))
	allowed := write(t, dir, "allowed_signers", f.allowed())
	out, err := run(t, dir, string(s.Text), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", alice, "-n", sign.Namespace, "-s", write(t, dir, "sig", string(s.Armored)))
	require.NoError(t, err, out)
}

// Each allowed_signers file is judged by ssh-keygen and by us, and both say the
// same. It is dated in the past or the future by years, for ssh-keygen looks at
// the clock.
func TestAllowedSignersMeanTheSame(t *testing.T) {
	t.Parallel()
	f, dir := newFixture(t), t.TempDir()
	s := f.sign(t, f.statement(alice, "tech-lead"))
	sig := write(t, dir, "sig", string(s.Armored))
	key, other := f.keys[alice].PublicKey(), f.keys[bob].PublicKey()
	accepted := 0
	for _, text := range []string{
		line(alice, "", key), line(bob, "", key), line("*", "", key), line("*@example.com", "", key), line("ali?e@example.com", "", key),
		line("?lice", "", key), line(bob+","+alice, "", key), line("!"+alice+",*", "", key), line("*,!"+alice, "", key), line("!"+bob, "", key),
		line("!"+bob+",*", "", key), line("ALICE@example.com", "", key), line(`"`+alice+`"`, "", key),
		line(alice, "", other), line(alice, "", other) + line(alice, "", key), line(alice, "cert-authority", key),
		line(alice, `namespaces="underpin-plan-v1"`, key), line(alice, `namespaces="git"`, key), line(alice, `namespaces="git,under*"`, key),
		line(alice, `namespaces="*,!underpin-plan-v1"`, key),
		line(alice, `valid-before="20200101"`, key), line(alice, `valid-before="29990101Z"`, key), line(alice, `valid-after="29990101120000Z"`, key),
		line(alice, `valid-after="202001011200",valid-before="29990101"`, key), line(alice, `NAMESPACES="git"`, key),
		"# a comment\n\n\t" + line(alice, "", key), line(alice, `namespaces="git"`, key) + line(alice, "", key), "# nothing\n",
	} {
		path := write(t, dir, "allowed_signers", text)
		_, err := run(t, dir, string(s.Text), "ssh-keygen", "-Y", "verify", "-f", path, "-I", alice, "-n", sign.Namespace, "-s", sig)
		require.Equal(t, err == nil, f.judge(t, text, "", s).Signed(), "ssh-keygen says %v to: %s", err, text)
		if err == nil {
			accepted++
		}
	}
	require.Equal(t, 14, accepted, "both answers have to be tried")
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	f, dir := newFixture(t), t.TempDir()
	ca, key := makeKey(t, dir, "ca", "", "-t", "ed25519"), makeKey(t, dir, "key", "", "-t", "ed25519")
	text, err := f.statement(alice, "tech-lead").Text()
	require.NoError(t, err)
	authority := publicKey(t, ca+".pub")
	certified := func(t *testing.T, args ...string) sign.Signature {
		must(t, dir, "ssh-keygen", append(append([]string{"-q", "-s", ca, "-I", "id"}, args...), key+".pub")...)
		message := write(t, dir, "x.txt", string(text))
		_ = os.Remove(message + ".sig")
		must(t, dir, "ssh-keygen", "-Y", "sign", "-f", key+"-cert.pub", "-n", sign.Namespace, message)
		armored, err := os.ReadFile(message + ".sig")
		require.NoError(t, err)
		return sign.Signature{Path: message, Text: text, Armored: armored}
	}
	allowed := line("*@example.com", "cert-authority", authority)
	good := certified(t, "-n", alice, "-V", "20260101:20260401") // by the clock it is given, not this machine's
	require.True(t, f.judge(t, allowed, "", good).Signed())
	for name, r := range map[string]sign.Report{
		"no authority":  f.judge(t, line("*@example.com", "", authority), "", good),
		"key revoked":   f.judge(t, allowed, string(ssh.MarshalAuthorizedKey(publicKey(t, key+".pub"))), good),
		"authority is":  f.judge(t, allowed, string(ssh.MarshalAuthorizedKey(authority)), good),
		"somebody else": f.judge(t, allowed, "", certified(t, "-n", bob, "-V", "20260101:20270101")),
		"nobody's":      f.judge(t, allowed, "", certified(t, "-V", "20260101:20270101")),
		"expired":       f.judge(t, allowed, "", certified(t, "-n", alice, "-V", "20250101:20260101")),
		"of a host":     f.judge(t, allowed, "", certified(t, "-h", "-n", alice, "-V", "20260101:20270101")),
	} {
		require.False(t, r.Signed(), name)
		require.Len(t, r.Void, 1, name)
	}
}

func TestKeyFileWithPassphrase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := makeKey(t, t.TempDir(), "key", "open sesame", "-t", "ed25519")
	ask := func(answer string, err error) sign.KeySource {
		return sign.KeySource{File: path, Passphrase: func(string) ([]byte, error) { return []byte(answer), err }}
	}
	key, done, err := ask("open sesame", nil).Open(t.Context())
	require.NoError(t, err)
	f.keys[alice] = key
	require.True(t, f.judge(t, f.allowed(), "", f.sign(t, f.statement(alice, "tech-lead"))).Signed())
	require.NoError(t, done())
	_, _, err = ask("wrong", nil).Open(t.Context())
	require.ErrorIs(t, err, sign.ErrNoKey)
	asked := errors.New("no terminal")
	_, _, err = ask("", asked).Open(t.Context())
	require.ErrorIs(t, err, asked)
}

// serveAgent is an ssh-agent that holds keys, at a socket.
func serveAgent(t *testing.T, keys ...any) string {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: k}))
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				_ = agent.ServeAgent(ring, conn) // it ends with the connection
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return socket
}

func TestAgent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, first, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, second, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	wanted, err := ssh.NewPublicKey(second.Public())
	require.NoError(t, err)
	socket := serveAgent(t, &first, &second)
	allowed := line(alice, "", wanted)
	a, err := sign.ParseAllowed("allowed_signers", []byte(allowed))
	require.NoError(t, err)
	for name, source := range map[string]sign.KeySource{
		"the one that may sign": {Fits: func(k ssh.PublicKey) error { return a.Permits(alice, k, sign.Namespace, now) }},
		"by its public half":    {File: write(t, t.TempDir(), "key.pub", string(ssh.MarshalAuthorizedKey(wanted)))},
	} {
		source.AgentSocket = socket
		key, done, err := source.Open(t.Context())
		require.NoError(t, err, name)
		require.True(t, f.judge(t, allowed, "", signature(t, f.statement(alice, "tech-lead"), key)).Signed(), name)
		require.NoError(t, done())
	}
	none := sign.KeySource{AgentSocket: socket, Fits: func(k ssh.PublicKey) error { return a.Permits(bob, k, sign.Namespace, now) }}
	_, _, err = none.Open(t.Context())
	require.ErrorIs(t, err, sign.ErrNoKey)
	require.ErrorContains(t, err, "holds 2 keys, and none fits")
}
