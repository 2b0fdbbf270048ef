package sign_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review/sign"
)

func TestFilesOfKeysWithMistakes(t *testing.T) {
	f := newFixture(t)
	good := line(alice, "", f.keys[alice].PublicKey())
	for name, text := range map[string]string{
		"no key": "# x\n" + alice + "\n", "cut": alice + " ssh-ed25519 AAAA\n", "other type": alice + " ssh-rsa" + good[len(alice)+len(" ssh-ed25519"):],
		"unknown option": line(alice, "touch-required", f.keys[alice].PublicKey()), "twice": line(alice, "cert-authority,cert-authority", f.keys[alice].PublicKey()),
		"bad time": line(alice, `valid-after="tomorrow"`, f.keys[alice].PublicKey()), "no quotes": line(alice, `namespaces=git`, f.keys[alice].PublicKey()),
		"backwards": line(alice, `valid-after="20260102Z",valid-before="20260101Z"`, f.keys[alice].PublicKey()), "open quote": alice + ` namespaces="x ssh-ed25519 AAAA`,
		"empty namespaces": line(alice, `namespaces=""`, f.keys[alice].PublicKey()),
	} {
		_, err := sign.ParseAllowed("allowed_signers", []byte(good+text))
		require.ErrorIs(t, err, sign.ErrKeyFile, name)
		require.ErrorContains(t, err, "allowed_signers:", name)
	}
	_, err := sign.ParseRevoked("revoked", []byte("SHA256:abc\n"))
	require.ErrorIs(t, err, sign.ErrKeyFile)
	_, err = sign.ReadRevoked(filepath.Join(t.TempDir(), "gone"))
	require.Error(t, err)
}

func FuzzParseAllowed(f *testing.F) {
	f.Add("a@b.c,!d ssh-ed25519 AAAA x\n# c\n")
	f.Add(`"x" cert-authority,namespaces="a,\"b",valid-after="2026" ssh-rsa AAAA`)
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = sign.ParseAllowed("f", []byte(text))
	})
}

// Whatever is read as a statement, of either kind, is written as the same text, and
// no text is one of both.
func FuzzParseStatement(f *testing.F) {
	who := sign.Claim{Role: "dba", Signer: alice, Signed: now}
	s := sign.Statement{
		Change: "a", Plan: digest("p"), File: digest("f"), Environment: "production", Server: "mysql 9.7", Size: sign.Small, Claim: who,
	}
	text, err := s.Text()
	require.NoError(f, err)
	back, err := sign.ParseStatement(text)
	require.NoError(f, err)
	require.Equal(f, s, back)
	f.Add(text)

	c := sign.CacheStatement{Cache: "users", Before: digest("b"), After: "none", Claim: who}
	text, err = c.Text()
	require.NoError(f, err)
	cacheBack, err := sign.ParseCacheStatement(text)
	require.NoError(f, err)
	require.Equal(f, c, cacheBack)
	f.Add(text)
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, planErr := sign.ParseStatement(raw)
		c, cacheErr := sign.ParseCacheStatement(raw)
		require.False(t, planErr == nil && cacheErr == nil)
		for _, kind := range []struct {
			statement sign.Signable
			err       error
		}{{s, planErr}, {c, cacheErr}} {
			if kind.err != nil {
				require.ErrorIs(t, kind.err, sign.ErrStatement)
				continue
			}
			again, err := kind.statement.Text()
			require.NoError(t, err)
			require.Equal(t, string(raw), string(again))
		}
	})
}

func TestStatementTakesNoLineEnds(t *testing.T) {
	f := newFixture(t)
	for _, spoil := range []func(s *sign.Statement){
		func(s *sign.Statement) { s.Change = "a\nplan: b" }, func(s *sign.Statement) { s.Role = "../x" }, func(s *sign.Statement) { s.Signer = "alice" },
		func(s *sign.Statement) { s.Server = "mysql 9.7\n" }, func(s *sign.Statement) { s.Environment = "" },
	} {
		s := f.statement(alice, "tech-lead")
		spoil(&s)
		_, err := s.Text()
		require.Error(t, err)
	}
}

const policyText = `service: shop
signoff:
  allowed_signers: keys/allowed_signers
  expires: 48h
  roles: {tech-lead: [alice@example.com, bob@example.com]}
  environments:
    production: {databases: ["db.internal:3306/shop", "db*.internal:3306/shop"], protected: true}
    laptop: {databases: ["*/*"]}
  needs:
    - {risk: contract, role: tech-lead}
    - {change: "cache-*", people: 2}
    - {cache: "prices*", role: tech-lead, people: 2}
`

func TestPolicy(t *testing.T) {
	p, ok, err := sign.ParsePolicy("/etc/x/underpin.yaml", []byte(policyText))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "/etc/x/keys/allowed_signers", p.AllowedSigners)
	require.Equal(t, 48*time.Hour, p.Expires)
	require.Equal(t, []sign.Need{{Risk: sign.Contract, Role: "tech-lead", People: 1}, {Change: "cache-*", People: 2}, {Cache: "prices*", Role: "tech-lead", People: 2}}, p.Needs)
	require.Equal(t, []string{"production"}, p.ProtectedEnvironments())
	for database, want := range map[string]string{
		"db.internal:3306/shop": "production", "DB2.internal:3306/shop": "production", "127.0.0.1:3306/shop": "laptop", "db.internal:3306/shop2": "laptop",
	} {
		name, _, ok := p.EnvironmentOf(database)
		require.True(t, ok)
		require.Equal(t, want, name, database)
	}
	_, ok, err = sign.ParsePolicy("underpin.yaml", []byte("service: shop\n"))
	require.NoError(t, err)
	require.False(t, ok)
}

func TestPolicyMistakes(t *testing.T) {
	const head = "signoff:\n  allowed_signers: x\n"
	const roles = head + "  roles: {dba: [carol@example.com]}\n"
	for text, want := range map[string]string{
		"signoff:\n  roles: {}\n":                           "signoff.allowed_signers: it is missing",
		roles + "  caches: {users: [a.b.c], none: []}\n":    `:4:20: signoff.caches.users[0]: "a.b.c" is no table and no column`,
		roles + "  caches: {users: []}\n":                   `it is made of nothing`,
		roles + "  needs: [{risk: cache, role: dba}]\n":     `signoff.needs[0].risk: no step has it`,
		head + "  expire: 3h\n":                             ":3:3: signoff: unknown field",
		head + "  expires: soon\n":                          `:3:12: signoff.expires: "soon" is no length of time`,
		head + "  roles: {dba: [carol]}\n":                  `signoff.roles.dba[0]: "carol" is no address`,
		roles + "  needs: [{cache: '[', role: dba}]\n":      `signoff.needs[0].cache: "[" is no pattern`,
		roles + "  needs: [{cache: users, table: users}]\n": `signoff.needs[0].cache: a row with cache is about code`,
		roles + "  needs: [{cache: users, people: 2}]\n":    `no more than the 1 who could sign`,
		roles + "  environments: {production: {databases: ['*/*'], protected: true}}\n  needs: [{cache: users, role: dba}]\n": `nobody would have to sign`,
		roles + "  needs: [{role: boss}]\n":                                                        `:4:18: signoff.needs[0].role: there is no role "boss"`,
		roles + "  needs: [{risk: hope}]\n":                                                        `is no risk`,
		roles + "  needs: [{phase: later}]\n":                                                      `is no phase`,
		roles + "  needs: [{change: '[', role: dba}]\n":                                            `is no pattern`,
		roles + "  needs: [{role: dba, people: 2}]\n":                                              `no more than the 1 who could sign`,
		roles + "  needs: [{role: dba, people: 0}]\n":                                              `at least 1`,
		roles + "  environments: {production: {protected: true}}\n  needs: [{role: dba}]\n":        `databases is missing`,
		roles + "  environments: {production: {databases: ['*/*'], protected: true}}\n":            `nobody would have to sign`,
		roles + "  people: {x@example.com: [carol@example.com]}\n":                                 `one person may not be two principals`,
		roles + "  people: {carol@example.com: [c@home.example], d@x.example: [c@home.example]}\n": `is an address of carol@example.com already`,
	} {
		_, _, err := sign.ParsePolicy("underpin.yaml", []byte(text))
		var mistakes plan.Errors
		require.True(t, errors.As(err, &mistakes), text)
		require.ErrorContains(t, err, want, text)
	}
}

// history is a repository with a change file, committed by dev.
func history(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = write(t, dir, "changes/x/change.yaml", "change: x\n")
	must(t, dir, "git", "init", "-q", "-b", "main")
	commit(t, dir, dev, dev, "first")
	return dir, file
}

func commit(t *testing.T, dir, author, committer, message string) {
	t.Helper()
	must(t, dir, "git", "add", "-A")
	must(t, dir, "git", "-c", "user.name=x", "-c", "user.email="+committer, "commit", "-q", "--allow-empty", "--author", "x <"+author+">", "-m", message)
}

func TestAuthors(t *testing.T) {
	t.Parallel()
	dir, file := history(t)
	list, err := sign.Authors(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, []string{dev}, list)

	write(t, dir, "changes/x/signatures/a.txt", "signed")
	commit(t, dir, alice, alice, "a signature is no edit")
	list, err = sign.Authors(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, []string{dev}, list)

	write(t, dir, "changes/x/change.yaml", "change: y\n")
	_, err = sign.Authors(t.Context(), file)
	require.ErrorIs(t, err, sign.ErrUncommitted)
	commit(t, dir, bob, carol, "edit\n\nCo-authored-by: Alice <alice@example.com>")
	list, err = sign.Authors(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, []string{alice, bob, carol}, list)

	changed, err := sign.ChangedSince(t.Context(), filepath.Join(dir, "changes"), "HEAD~1")
	require.NoError(t, err)
	require.Equal(t, []string{"x/change.yaml"}, changed)
	_, err = sign.ChangedSince(t.Context(), dir, "--output=/nowhere")
	require.Error(t, err)
}

func TestHistoryThatIsMissing(t *testing.T) {
	t.Parallel()
	dir, _ := history(t)
	write(t, dir, "other", "x")
	commit(t, dir, alice, alice, "another file")
	shallow := filepath.Join(t.TempDir(), "shallow")
	must(t, dir, "git", "clone", "-q", "--depth", "1", "file://"+dir, shallow)
	_, err := sign.Authors(t.Context(), filepath.Join(shallow, "changes/x/change.yaml"))
	require.ErrorIs(t, err, sign.ErrNoHistory)
	require.ErrorContains(t, err, "fetch-depth: 0")
	must(t, shallow, "git", "fetch", "-q", "--unshallow")
	list, err := sign.Authors(t.Context(), filepath.Join(shallow, "changes/x/change.yaml"))
	require.NoError(t, err)
	require.Equal(t, []string{dev}, list)

	_, err = sign.Authors(t.Context(), write(t, t.TempDir(), "change.yaml", "x"))
	require.ErrorIs(t, err, sign.ErrNoHistory)
}
