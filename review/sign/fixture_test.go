package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review/sign"
)

const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
	carol = "carol@example.com"
	dev   = "dev@example.com"
)

// now is when the tests judge; it lies within the validity of nothing by luck.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fixture is a plan and a policy, everybody's keys, and one signature of alice.
type fixture struct {
	plan   *plan.Plan
	policy sign.Policy
	keys   map[string]ssh.Signer
	c      sign.Case
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	p := &plan.Plan{
		Change: migrate.Change{Name: "drop-note", Service: "shop", Course: migrate.Retired},
		Schema: &plan.Schema{Table: "items", Alter: []string{"ALTER TABLE items DROP COLUMN note"}},
		Steps: []plan.Step{
			{From: migrate.Planned, To: migrate.Expanded, Work: migrate.WorkExpand, WayBack: plan.WayBack{To: migrate.Planned}},
			{From: migrate.Expanded, To: migrate.Contracted, Work: migrate.WorkContract},
		},
		Facts: plan.Facts{Server: plan.Server{Flavour: plan.MySQL, Version: "9.7.4"}, Source: plan.TableFacts{Table: "items", Rows: 1000}},
	}
	f := &fixture{
		plan: p, keys: map[string]ssh.Signer{},
		policy: sign.Policy{
			Expires:      sign.DefaultExpires,
			Roles:        map[sign.Role][]string{"tech-lead": {alice, bob}, "dba": {carol}},
			People:       map[string][]string{bob: {"bob@home.example"}},
			Authors:      []string{"*@example.com"},
			Environments: map[string]sign.Environment{"production": {Databases: []string{"*/*"}, Protection: sign.Protected}},
			Needs:        []sign.Need{{Risk: sign.Contract, Role: "tech-lead", People: 1}},
		},
		c: sign.Case{Plan: p, File: digest("the change file"), Environment: "production", Size: sign.Small, Authors: []string{dev}, Now: now},
	}
	for _, who := range []string{alice, bob, carol} {
		f.keys[who] = newKey(t)
	}
	return f
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	const hexDigits = "0123456789abcdef"
	out := make([]byte, 0, 64)
	for _, b := range sum {
		out = append(out, hexDigits[b>>4], hexDigits[b&15])
	}
	return string(out)
}

func newKey(t testing.TB) ssh.Signer {
	t.Helper()
	key, err := ssh.NewSignerFromKey(privateKey(t))
	require.NoError(t, err)
	return key
}

func privateKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return private
}

// allowed is the allowed_signers file of everybody.
func (f *fixture) allowed() string {
	var b bytes.Buffer
	for who, key := range f.keys {
		b.WriteString(line(who, "", key.PublicKey()))
	}
	return b.String()
}

func line(who, options string, key ssh.PublicKey) string {
	if options != "" {
		options += " "
	}
	return who + " " + options + string(ssh.MarshalAuthorizedKey(key))
}

func (f *fixture) statement(who string, role sign.Role) sign.Statement {
	return sign.Statement{
		Change: f.plan.Change.Name, Plan: f.plan.Hash(), File: f.c.File, Environment: "production",
		Server: sign.ServerOf(f.plan), Size: sign.Small, Claim: claim(who, role),
	}
}

// claim is of somebody who signed an hour ago.
func claim(who string, role sign.Role) sign.Claim {
	return sign.Claim{Role: role, Signer: who, Signed: now.Add(-time.Hour)}
}

// sign has somebody sign a statement with their key.
func (f *fixture) sign(t *testing.T, s sign.Statement) sign.Signature {
	t.Helper()
	return signature(t, s, f.keys[s.Signer])
}

func signature(t *testing.T, s sign.Signable, key ssh.Signer) sign.Signature {
	t.Helper()
	text, err := s.Text()
	require.NoError(t, err)
	armored, err := sign.Sign(s, key)
	require.NoError(t, err)
	return sign.Signature{Path: "x.txt", Text: text, Armored: armored}
}

// judge judges signatures under the files of keys given.
func (f *fixture) judge(t *testing.T, allowed, revoked string, list ...sign.Signature) sign.Report {
	t.Helper()
	a, err := sign.ParseAllowed("allowed_signers", []byte(allowed))
	require.NoError(t, err)
	r, err := sign.ParseRevoked("revoked_keys", []byte(revoked))
	require.NoError(t, err)
	return f.policy.Judge(f.c, list, sign.Keys{Allowed: a, Revoked: r})
}

// packages are Debian's packages of what people sign with.
var packages = map[string]string{"git": "git", "ssh-keygen": "openssh-client", "ssh-agent": "openssh-client", "ssh-add": "openssh-client"}

// run runs a program, which is installed if it is not there.
func run(t *testing.T, dir, stdin, name string, args ...string) (string, error) {
	t.Helper()
	pkg, known := packages[name]
	require.True(t, known, "say which package has %s", name)
	servers.NeedProgram(t, name, pkg)
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader([]byte(stdin))
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "LC_ALL=C", "TZ=UTC")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, "", name, args...)
	require.NoError(t, err, out)
	return out
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// token is a security key in software: what it signs is what PROTOCOL.u2f of
// OpenSSH says. Flags is 1 if somebody touched it.
type token struct {
	private ed25519.PrivateKey
	flags   byte
}

const tokenType, tokenApplication = "sk-ssh-ed25519@openssh.com", "ssh:"

func (k token) PublicKey() ssh.PublicKey {
	public := k.private.Public().(ed25519.PublicKey)
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct{ Type, Key, Application string }{tokenType, string(public), tokenApplication}))
	if err != nil {
		panic(err)
	}
	return key
}

func (k token) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	application, message := sha256.Sum256([]byte(tokenApplication)), sha256.Sum256(data)
	rest := binary.BigEndian.AppendUint32([]byte{k.flags}, 7)
	signed := append(append(append([]byte{}, application[:]...), rest...), message[:]...)
	return &ssh.Signature{Format: tokenType, Blob: ed25519.Sign(k.private, signed), Rest: rest}, nil
}

func classOf(name string) ddl.Class { return ddl.Class(name) }
