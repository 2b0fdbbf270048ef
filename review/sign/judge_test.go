package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review/sign"
)

func TestSignedPlanCounts(t *testing.T) {
	f := newFixture(t)
	r := f.judge(t, f.allowed(), "", f.sign(t, f.statement(alice, "tech-lead")))
	require.Empty(t, r.Void)
	require.True(t, r.Signed())
	require.Len(t, r.Steps, 1)
	require.Equal(t, []sign.Risk{sign.Contract, sign.Irreversible}, r.Steps[0].Risks)
	have := r.Steps[0].Needs[0].Have
	require.Len(t, have, 1)
	require.Equal(t, now.Add(-time.Hour).Add(sign.DefaultExpires), have[0].Until)
	require.Equal(t, ssh.FingerprintSHA256(f.keys[alice].PublicKey()), have[0].Key)
}

func TestUnsignedSaysWhoCould(t *testing.T) {
	f := newFixture(t)
	r := f.judge(t, f.allowed(), "")
	require.False(t, r.Signed())
	require.Equal(t, 1, r.Steps[0].Needs[0].Missing)
	require.Equal(t, []string{alice, bob}, r.Steps[0].Needs[0].Could)
	f.c.Authors = []string{bob}
	require.Equal(t, []string{alice}, f.judge(t, f.allowed(), "").Steps[0].Needs[0].Could)
}

// Each case is a good signature with one thing wrong about it, which makes it
// void for that reason.
func TestVoid(t *testing.T) {
	for name, test := range map[string]struct {
		spoil  func(f *fixture, s *sign.Statement)
		reason string
	}{
		"another change":   {func(_ *fixture, s *sign.Statement) { s.Change = "add-note" }, "given for the change add-note"},
		"another plan":     {func(f *fixture, _ *sign.Statement) { f.plan.Schema.Alter[0] += " " }, "given for the plan"},
		"another file":     {func(f *fixture, _ *sign.Statement) { f.c.File = digest("the change file.") }, "given for the change file"},
		"another server":   {func(f *fixture, _ *sign.Statement) { f.plan.Facts.Server.Version = "10.0.1" }, "given for the server mysql 9.7"},
		"size class grown": {func(f *fixture, _ *sign.Statement) { f.c.Size = sign.Medium }, "size class small, and this is medium"},
		"unknown class":    {func(_ *fixture, s *sign.Statement) { s.Size = "tiny" }, "size class tiny"},
		"expired":          {func(f *fixture, _ *sign.Statement) { f.c.Now = now.Add(sign.DefaultExpires) }, "it expired on"},
		"in the future":    {func(_ *fixture, s *sign.Statement) { s.Signed = now.Add(time.Hour) }, "in the future"},
		"not in the role":  {func(_ *fixture, s *sign.Statement) { s.Role = "dba" }, "not in the role dba"},
		"own work":         {func(f *fixture, _ *sign.Statement) { f.c.Authors = []string{dev, "Alice@Example.com"} }, "nobody approves their own work"},
		"unknown author":   {func(f *fixture, _ *sign.Statement) { f.c.Authors = []string{"x@nowhere.example"} }, "does not say who that is"},
		"no author":        {func(f *fixture, _ *sign.Statement) { f.c.Authors = nil }, "no author is known"},
		"lost its role":    {func(f *fixture, _ *sign.Statement) { f.policy.Roles["tech-lead"] = []string{bob} }, "not in the role tech-lead"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s := f.statement(alice, "tech-lead")
			test.spoil(f, &s)
			r := f.judge(t, f.allowed(), "", f.sign(t, s))
			require.Len(t, r.Void, 1)
			require.Contains(t, r.Void[0].Reason, test.reason)
			require.Equal(t, alice, r.Void[0].Signer)
			require.False(t, r.Signed())
		})
	}
}

// The keys: unknown, of somebody else, expired, for another purpose, revoked.
func TestKeysThatDoNotCount(t *testing.T) {
	f := newFixture(t)
	good := f.sign(t, f.statement(alice, "tech-lead"))
	key, others := f.keys[alice].PublicKey(), f.keys[bob].PublicKey()
	for name, test := range map[string]struct{ allowed, revoked, reason string }{
		"nobody":         {"", "", "not among the allowed signers for " + alice},
		"somebody else":  {line(bob, "", key), "", "not among the allowed"},
		"another key":    {line(alice, "", others), "", "not among the allowed"},
		"negated":        {line("*,!"+alice, "", key), "", "not among the allowed"},
		"expired":        {line(alice, `valid-before="20260301110000Z"`, key), "", "has expired"},
		"not yet":        {line(alice, `valid-after="20260302Z"`, key), "", "not valid before"},
		"namespace":      {line(alice, `namespaces="git,file"`, key), "", "namespace"},
		"authority only": {line(alice, "cert-authority", key), "", "not among the allowed"},
		"revoked":        {line(alice, "", key), string(ssh.MarshalAuthorizedKey(key)), "is revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.judge(t, test.allowed, test.revoked, good)
			require.Len(t, r.Void, 1)
			require.Contains(t, r.Void[0].Reason, test.reason)
		})
	}
	// The same with nothing wrong: restrictions that are met.
	open := line("*@example.com,!bob@*", `namespaces="underpin-*",valid-after="20260301Z",valid-before="20260302Z"`, key)
	require.True(t, f.judge(t, "# keys\n\n"+open, string(ssh.MarshalAuthorizedKey(others)), good).Signed())
}

// No byte of statement or signature can be another without the signature being void.
func TestOneByteIsEnough(t *testing.T) {
	f := newFixture(t)
	good := f.sign(t, f.statement(alice, "tech-lead"))
	content, _ := pem.Decode(good.Armored)
	rapid.Check(t, func(r *rapid.T) {
		bad := sign.Signature{Path: good.Path, Text: bytes.Clone(good.Text), Armored: bytes.Clone(good.Armored)}
		in := bad.Text
		if rapid.Bool().Draw(r, "in the signature") {
			in = bad.Armored
		}
		at := rapid.IntRange(0, len(in)-1).Draw(r, "at")
		in[at] ^= byte(rapid.IntRange(1, 255).Draw(r, "xor"))
		report := f.judge(t, f.allowed(), "", bad)
		// Blanks of the armor, and spare bits of its last digit, are no content.
		block, _ := pem.Decode(bad.Armored)
		same := bytes.Equal(bad.Text, good.Text) && block != nil && bytes.Equal(block.Bytes, content.Bytes)
		if report.Signed() && !same {
			r.Fatalf("byte %d of %q", at, in)
		}
	})
}

func TestMalformed(t *testing.T) {
	f := newFixture(t)
	good := f.sign(t, f.statement(alice, "tech-lead"))
	for name, armored := range map[string]string{
		"empty":       "",
		"no armor":    "c2lnbmF0dXJl",
		"cut short":   string(good.Armored[:len(good.Armored)/2]),
		"twice":       string(good.Armored) + string(good.Armored),
		"text before": "hello\n" + string(good.Armored),
		"text after":  string(good.Armored) + "hello",
		"other type":  strings.ReplaceAll(string(good.Armored), "SSH SIGNATURE", "CERTIFICATE"),
		"rubbish":     "-----BEGIN SSH SIGNATURE-----\nc2lnbmF0dXJl\n-----END SSH SIGNATURE-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := f.judge(t, f.allowed(), "", sign.Signature{Path: "x.txt", Text: good.Text, Armored: []byte(armored)})
			require.Len(t, r.Void, 1)
			require.Contains(t, r.Void[0].Reason, sign.ErrSignature.Error())
		})
	}
}

func TestDifferentPeople(t *testing.T) {
	f := newFixture(t)
	f.policy.Needs = []sign.Need{{Table: "item?", People: 2}}
	f.policy.Roles["dba"] = []string{alice, carol}
	lead := f.sign(t, f.statement(alice, "tech-lead"))
	require.False(t, f.judge(t, f.allowed(), "", lead, lead).Signed(), "one person twice")
	require.False(t, f.judge(t, f.allowed(), "", lead, f.sign(t, f.statement(alice, "dba"))).Signed(), "one person in two roles")
	shared := signature(t, f.statement(bob, "tech-lead"), f.keys[alice])
	both := line(alice, "", f.keys[alice].PublicKey()) + line(bob, "", f.keys[alice].PublicKey())
	require.False(t, f.judge(t, both, "", lead, shared).Signed(), "two names with one key")
	second := newKey(t)
	more := f.allowed() + line(alice, "", second.PublicKey())
	require.False(t, f.judge(t, more, "", lead, signature(t, f.statement(alice, "dba"), second)).Signed(), "one person with two keys")
	dba := f.sign(t, f.statement(carol, "dba"))
	require.True(t, f.judge(t, f.allowed(), "", lead, dba).Signed())

	f.policy.Needs = []sign.Need{{Phase: migrate.Contracted, Role: "tech-lead", People: 1}}
	r := f.judge(t, f.allowed(), "", dba)
	require.Len(t, r.Steps, 1, "one phase only")
	require.False(t, r.Signed(), "another role")

	f.policy.Needs = []sign.Need{{Table: "goods", People: 2}}
	require.Empty(t, f.judge(t, f.allowed(), "").Steps, "another table")
}

func TestOtherEnvironmentsSignatureIsNone(t *testing.T) {
	f := newFixture(t)
	s := f.statement(alice, "tech-lead")
	s.Environment = "staging"
	r := f.judge(t, f.allowed(), "", f.sign(t, s))
	require.Empty(t, r.Void)
	require.False(t, r.Signed())
}

func TestSecurityKeyHasToBeTouched(t *testing.T) {
	f := newFixture(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	touched, idle := token{private, 1}, token{private, 0}
	f.keys[alice] = touched
	require.True(t, f.judge(t, f.allowed(), "", f.sign(t, f.statement(alice, "tech-lead"))).Signed())
	s := f.statement(alice, "tech-lead")
	_, err = sign.Sign(s, idle)
	require.ErrorIs(t, err, sign.ErrSignature)
	text, err := s.Text()
	require.NoError(t, err)
	sig, err := sshsig.Sign(bytes.NewReader(text), idle, sshsig.HashSHA512, sign.Namespace)
	require.NoError(t, err)
	r := f.judge(t, f.allowed(), "", sign.Signature{Path: "x.txt", Text: text, Armored: sshsig.Armor(sig)})
	require.Len(t, r.Void, 1, "made by another program")
}

func TestShortRSAKey(t *testing.T) {
	f := newFixture(t)
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	key, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	_, err = sign.Sign(f.statement(alice, "tech-lead"), key)
	require.ErrorContains(t, err, "1024 bits")
}

// The risks follow from the plan alone.
func TestRisks(t *testing.T) {
	f := newFixture(t)
	step := f.plan.Steps[0]
	f.plan.Expand = []plan.Statement{{SQL: "ALTER TABLE items ADD COLUMN x INT"}}
	require.Equal(t, []sign.Risk{sign.Copying, sign.Rebuilding}, f.policy.RisksOf(f.plan, step), "what is not known is what is feared")
	for class, want := range map[string][]sign.Risk{
		"instant": nil, "in place, rebuilding": {sign.Rebuilding}, "copy, blocking writes": {sign.Copying, sign.Rebuilding},
		"in place, blocking writes": {sign.Copying},
	} {
		f.plan.Facts.Costs = []plan.Cost{{SQL: f.plan.Expand[0].SQL, Class: classOf(class)}}
		require.Equal(t, want, f.policy.RisksOf(f.plan, step), class)
	}
	require.Equal(t, []sign.Risk{sign.Irreversible, sign.Reads}, f.policy.RisksOf(f.plan, plan.Step{To: migrate.ReadingNew}))
}

func TestSizes(t *testing.T) {
	require.Equal(t, sign.Small, sign.SizeOf(999_999, 0))
	require.Equal(t, sign.Medium, sign.SizeOf(1_000_000, 0))
	require.Equal(t, sign.Medium, sign.SizeOf(0, 1<<30))
	require.Equal(t, sign.Huge, sign.SizeOf(1<<40, 0))
	require.True(t, sign.Large.Covers(sign.Medium))
	require.False(t, sign.Medium.Covers(sign.Large))
	require.False(t, sign.Size("any").Covers(sign.Small))
}

// What cached values are made of makes a risk of every step that changes it, and
// of no other.
func TestCaches(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][]string{
		"ALTER TABLE items DROP COLUMN note":                          {"notes", "whole"},
		"ALTER TABLE items RENAME COLUMN Note TO remark":              {"notes", "whole"},
		"ALTER TABLE items MODIFY note VARCHAR(300)":                  {"notes", "whole"},
		"ALTER TABLE items CHANGE note note VARCHAR(300)":             {"notes", "whole"},
		"ALTER TABLE items ADD COLUMN x INT, ADD INDEX by_note(note)": nil,
		"ALTER TABLE items DROP COLUMN price":                         {"whole"},
		"ALTER TABLE goods DROP COLUMN note":                          nil,
		"DROP TABLE items":                                            {"notes", "whole"},
		"RENAME TABLE items TO goods":                                 {"notes", "whole"},
		"ALTER TABLE items REARRANGE EVERYTHING":                      {"notes", "whole"}, // nobody knows
	} {
		f := newFixture(t)
		f.policy.Caches = map[string][]string{"notes": {"items.note"}, "whole": {"items"}, "other": {"others"}}
		f.policy.Needs = []sign.Need{{Risk: sign.Cache, People: 2}}
		f.plan.Schema.Alter = []string{sql}
		r := f.judge(t, f.allowed(), "")
		require.Equal(t, want, r.Caches, sql)
		require.Len(t, r.Steps, len(f.plan.Steps)*min(1, len(want)), sql)
	}
}

// A mapping replaces what its way back rebuilds, and a table that becomes another
// is replaced as a whole.
func TestCachesOfMappings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.policy.Caches = map[string][]string{"names": {"users.name"}, "ages": {"users.age"}}
	f.plan.Schema = nil
	f.plan.Change.Course = migrate.Mapped
	f.plan.Change.Mapping = migrate.Mapping{
		Source: migrate.Table{Name: "users"}, Target: migrate.Table{Name: "users"},
		Forward: []migrate.Assignment{{Column: "full_name"}}, Backward: []migrate.Assignment{{Column: "name"}},
	}
	require.Equal(t, []string{"names"}, f.judge(t, f.allowed(), "").Caches)
	f.plan.Change.Mapping.Target.Name = "accounts"
	require.Equal(t, []string{"ages", "names"}, f.judge(t, f.allowed(), "").Caches)
}
