package sign_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/underpin-db/underpin/review/sign"
)

// cacheCase is a change of the format of cache users by dev.
func cacheCase() sign.CacheCase {
	return sign.CacheCase{Cache: "users", Before: digest("before"), After: digest("after"), Authors: []string{dev}, Now: now}
}

func cacheStatement(who string, role sign.Role) sign.CacheStatement {
	c := cacheCase()
	return sign.CacheStatement{Cache: c.Cache, Before: c.Before, After: c.After, Claim: claim(who, role)}
}

// judgeCache judges signatures of a cache under the files of keys given.
func (f *fixture) judgeCache(t *testing.T, c sign.CacheCase, allowed, revoked string, list ...sign.Signature) sign.CacheReport {
	t.Helper()
	a, err := sign.ParseAllowed("allowed_signers", []byte(allowed))
	require.NoError(t, err)
	r, err := sign.ParseRevoked("revoked_keys", []byte(revoked))
	require.NoError(t, err)
	return f.policy.JudgeCache(c, list, sign.Keys{Allowed: a, Revoked: r})
}

// signCache has somebody sign a statement about a cache with their key.
func (f *fixture) signCache(t *testing.T, s sign.CacheStatement) sign.Signature {
	t.Helper()
	return signature(t, s, f.keys[s.Signer])
}

func TestCacheTakesTwoPeople(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, second := f.signCache(t, cacheStatement(alice, "tech-lead")), f.signCache(t, cacheStatement(carol, "dba"))
	r := f.judgeCache(t, cacheCase(), f.allowed(), "", first, first)
	require.Empty(t, r.Void)
	require.False(t, r.Signed())
	require.Equal(t, 1, r.Needs[0].Missing)
	require.Equal(t, []string{bob, carol}, r.Needs[0].Could)
	require.True(t, f.judgeCache(t, cacheCase(), f.allowed(), "", first, second).Signed())

	none := cacheCase()
	none.After = "none"
	gone := cacheStatement(alice, "tech-lead")
	gone.After = "none"
	require.Empty(t, f.judgeCache(t, none, f.allowed(), "", f.signCache(t, gone)).Void, "a cache that is forgotten")
}

// Rows of the policy that name a cache take the place of the default, and no
// other row does; and they ask nothing of steps.
func TestCacheNeeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dba := f.signCache(t, cacheStatement(carol, "dba"))
	f.policy.Needs = []sign.Need{{Cache: "use*", Role: "dba", People: 1}, {Cache: "prices", People: 3}, {Phase: "expanded", Role: "tech-lead", People: 1}}
	require.True(t, f.judgeCache(t, cacheCase(), f.allowed(), "", dba).Signed())
	require.Len(t, f.judge(t, f.allowed(), "").Steps, 1)
	f.policy.Needs = append(f.policy.Needs, sign.Need{Cache: "*", Role: "tech-lead", People: 1})
	r := f.judgeCache(t, cacheCase(), f.allowed(), "", dba)
	require.Len(t, r.Needs, 2, "every row that applies")
	require.False(t, r.Signed())
	f.policy.Needs = []sign.Need{{Cache: "prices", People: 1}}
	require.Equal(t, []sign.Need{sign.DefaultCacheNeed()}, []sign.Need{f.judgeCache(t, cacheCase(), f.allowed(), "").Needs[0].Need})
}

// Each case is a good signature with one thing wrong about it, which makes it
// void for that reason.
func TestCacheVoid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil  func(f *fixture, c *sign.CacheCase, s *sign.CacheStatement)
		reason string
	}{
		"another cache":  {func(_ *fixture, _ *sign.CacheCase, s *sign.CacheStatement) { s.Cache = "prices" }, "given for the cache prices, and this is users"},
		"another before": {func(_ *fixture, _ *sign.CacheCase, s *sign.CacheStatement) { s.Before = digest("x") }, "given for a change from the format " + digest("x")[:12]},
		"another after":  {func(_ *fixture, _ *sign.CacheCase, s *sign.CacheStatement) { s.After = digest("x") }, "given for a change to the format " + digest("x")[:12]},
		"opposite":       {func(_ *fixture, c *sign.CacheCase, _ *sign.CacheStatement) { c.Before, c.After = c.After, c.Before }, "opposite direction"},
		"forgotten now":  {func(_ *fixture, c *sign.CacheCase, _ *sign.CacheStatement) { c.After = "none" }, "and the code comes to none"},
		"expired":        {func(_ *fixture, c *sign.CacheCase, _ *sign.CacheStatement) { c.Now = now.Add(sign.DefaultExpires) }, "it expired on"},
		"in the future":  {func(_ *fixture, _ *sign.CacheCase, s *sign.CacheStatement) { s.Signed = now.Add(time.Hour) }, "in the future"},
		"not the role":   {func(_ *fixture, _ *sign.CacheCase, s *sign.CacheStatement) { s.Role = "dba" }, "not in the role dba"},
		"own work":       {func(_ *fixture, c *sign.CacheCase, _ *sign.CacheStatement) { c.Authors = []string{dev, alice} }, "has a commit in this change of the format"},
		"unknown author": {func(_ *fixture, c *sign.CacheCase, _ *sign.CacheStatement) { c.Authors = []string{"x@nowhere.example"} }, "does not say who that is"},
		"no author":      {func(_ *fixture, c *sign.CacheCase, _ *sign.CacheStatement) { c.Authors = nil }, "no author is known"},
		"other's key":    {func(f *fixture, _ *sign.CacheCase, _ *sign.CacheStatement) { f.keys[alice] = f.keys[bob] }, "not among the allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			allowed := f.allowed()
			c, s := cacheCase(), cacheStatement(alice, "tech-lead")
			test.spoil(f, &c, &s)
			r := f.judgeCache(t, c, allowed, "", f.signCache(t, s))
			require.Len(t, r.Void, 1)
			require.Contains(t, r.Void[0].Reason, test.reason)
			require.Equal(t, alice, r.Void[0].Signer)
			require.Empty(t, r.Needs[0].Have)
			require.Zero(t, r.Past)
		})
	}
	f := newFixture(t)
	good := f.signCache(t, cacheStatement(alice, "tech-lead"))
	r := f.judgeCache(t, cacheCase(), f.allowed(), string(ssh.MarshalAuthorizedKey(f.keys[alice].PublicKey())), good)
	require.Contains(t, r.Void[0].Reason, "is revoked")
}

// A signature of a change that was merged long ago is no mistake, and counts for
// nothing.
func TestCachePast(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := cacheStatement(alice, "tech-lead")
	s.Before, s.After = digest("long ago"), digest("before")
	r := f.judgeCache(t, cacheCase(), f.allowed(), "", f.signCache(t, s))
	require.Empty(t, r.Void)
	require.Empty(t, r.Needs[0].Have)
	require.Equal(t, 1, r.Past)
}

// One key signs plans and formats, and neither signature is one of the other.
func TestKindsAreApart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ofCache, ofPlan := f.signCache(t, cacheStatement(alice, "tech-lead")), f.sign(t, f.statement(alice, "tech-lead"))
	require.Contains(t, f.judge(t, f.allowed(), "", ofCache).Void[0].Reason, sign.ErrStatement.Error())
	require.Contains(t, f.judgeCache(t, cacheCase(), f.allowed(), "", ofPlan).Void[0].Reason, sign.ErrStatement.Error())
	only := line(alice, `namespaces="`+sign.Namespace+`"`, f.keys[alice].PublicKey())
	require.Contains(t, f.judgeCache(t, cacheCase(), only, "", ofCache).Void[0].Reason, "not allowed to sign in namespace "+sign.CacheNamespace)
	crossed := sign.Signature{Path: "x.txt", Text: ofCache.Text, Armored: ofPlan.Armored}
	require.Contains(t, f.judgeCache(t, cacheCase(), f.allowed(), "", crossed).Void[0].Reason, sign.ErrSignature.Error())
}

// Our signatures of a cache's format are those of ssh-keygen, and its are ours.
func TestOpenSSHAgreesOnCaches(t *testing.T) {
	t.Parallel()
	f, dir := newFixture(t), t.TempDir()
	path := makeKey(t, dir, "key", "", "-t", "ed25519")
	allowed := line(alice, `namespaces="`+sign.CacheNamespace+`"`, publicKey(t, path+".pub"))
	signers := write(t, dir, "allowed_signers", allowed)
	s := cacheStatement(alice, "tech-lead")
	key, done, err := sign.KeySource{File: path}.Open(t.Context())
	require.NoError(t, err)
	ours := signature(t, s, key)
	require.NoError(t, done())

	folder, err := sign.CacheFolder(filepath.Join(dir, "changes"), "users")
	require.NoError(t, err)
	written, err := folder.Write(s, ours.Armored)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "changes/caches/users/signatures/tech-lead.alice@example.com.txt"), written)
	for namespace, holds := range map[string]bool{sign.CacheNamespace: true, sign.Namespace: false} {
		out, err := run(t, dir, string(ours.Text), "ssh-keygen", "-Y", "verify", "-f", signers, "-I", alice, "-n", namespace, "-s", written+".sig")
		require.Equal(t, holds, err == nil, out)
	}

	for namespace, holds := range map[string]bool{sign.CacheNamespace: true, sign.Namespace: false} {
		require.NoError(t, os.Remove(written+".sig"))
		must(t, dir, "ssh-keygen", "-Y", "sign", "-f", path, "-n", namespace, written)
		list, err := folder.Read()
		require.NoError(t, err)
		r := f.judgeCache(t, cacheCase(), allowed, "", list...)
		require.Equal(t, holds, len(r.Needs[0].Have) == 1, "%s: %v", namespace, r.Void)
	}
}

func TestCacheNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", ".", "..", "../x", "a/b", "a b", "a\nb", "ü", `a\b`} {
		_, err := sign.CacheFolder("changes", name)
		require.ErrorIs(t, err, sign.ErrCacheName, name)
		s := cacheStatement(alice, "tech-lead")
		s.Cache = name
		_, err = s.Text()
		require.Error(t, err, name)
	}
	_, err := sign.CacheFolder("changes", "users.v2_a-b")
	require.NoError(t, err)
}

// code is a repository with a branch main and a branch off it, in which dev has
// written the first commit.
func code(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "app/user.go", "package app\n")
	write(t, dir, "app/other.go", "package app\n")
	must(t, dir, "git", "init", "-q", "-b", "main")
	commit(t, dir, dev, dev, "first")
	must(t, dir, "git", "checkout", "-q", "-b", "topic")
	return dir
}

func codeAuthors(t *testing.T, dir string, files ...string) []string {
	t.Helper()
	out, err := sign.CodeAuthors(t.Context(), filepath.Join(dir, "app"), "main", files)
	require.NoError(t, err)
	return out
}

func TestCodeAuthors(t *testing.T) {
	t.Parallel()
	dir := code(t)
	require.Empty(t, codeAuthors(t, dir, "user.go"), "what was there before does not count")
	write(t, dir, "app/user.go", "package app // 1\n")
	commit(t, dir, alice, alice, "one\n\nCo-authored-by: Carol <carol@example.com>")
	write(t, dir, "app/user.go", "package app // 2\n")
	commit(t, dir, bob, dev, "two")
	write(t, dir, "app/other.go", "package app // 3\n")
	write(t, dir, "app/user.txt", "no code")
	commit(t, dir, "x@example.com", "x@example.com", "something else")
	require.Equal(t, []string{alice, bob, carol, dev}, codeAuthors(t, dir, "user.go"), "everybody, not the last alone")
	require.Contains(t, codeAuthors(t, dir, "user.go", "other.go"), "x@example.com")

	// Edits that nobody has committed, a file that git does not know, one that is gone.
	for name, text := range map[string]string{"app/user.go": "package app // 4\n", "app/fresh.go": "package app\n"} {
		path := write(t, dir, name, text)
		_, err := sign.CodeAuthors(t.Context(), filepath.Join(dir, "app"), "main", []string{filepath.Base(name)})
		require.ErrorIs(t, err, sign.ErrUncommitted)
		require.ErrorContains(t, err, name)
		require.NoError(t, os.Remove(path))
		must(t, dir, "git", "checkout", "-q", "--", ".")
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "app/user.go")))
	_, err := sign.CodeAuthors(t.Context(), filepath.Join(dir, "app"), "main", []string{"user.go"})
	require.ErrorIs(t, err, sign.ErrUncommitted)
	_, err = sign.CodeAuthors(t.Context(), t.TempDir(), "main", []string{"user.go"})
	require.ErrorIs(t, err, sign.ErrNoHistory)
	must(t, dir, "git", "checkout", "-q", "--", ".")
	_, err = sign.CodeAuthors(t.Context(), dir, "--output=/nowhere", []string{"app/user.go"})
	require.ErrorIs(t, err, sign.ErrNoHistory)
}

// A declaration that moves away, is edited there, and moves on: the file between
// is at neither end, and whoever edited it is an author all the same.
func TestCodeAuthorsOfFilesBetween(t *testing.T) {
	t.Parallel()
	dir := code(t)
	must(t, dir, "git", "mv", "app/user.go", "app/users.go")
	commit(t, dir, alice, alice, "away")
	write(t, dir, "app/users.go", "package app // edited\n")
	commit(t, dir, bob, bob, "edited")
	must(t, dir, "git", "mv", "app/users.go", "app/account.go")
	commit(t, dir, carol, carol, "on")
	require.Equal(t, []string{alice, bob, carol}, codeAuthors(t, dir, "user.go", "account.go"))
}

// A side of a merge counts also where it came to the same as another, a merge that
// adds nothing does not, and one that does does.
func TestCodeAuthorsOfMerges(t *testing.T) {
	t.Parallel()
	dir := code(t)
	merge := func(who, how string) {
		must(t, dir, "git", "-c", "user.name=x", "-c", "user.email="+who, "merge", "-q", "--no-commit", "--no-ff", "-s", how, "side")
	}
	write(t, dir, "app/user.go", "package app // new\n")
	commit(t, dir, alice, alice, "here")
	must(t, dir, "git", "checkout", "-q", "-b", "side", "main")
	write(t, dir, "app/user.go", "package app // new\n")
	commit(t, dir, bob, bob, "the same there")
	must(t, dir, "git", "checkout", "-q", "topic")
	merge(carol, "ort")
	commit(t, dir, carol, carol, "merged")
	require.Equal(t, []string{alice, bob}, codeAuthors(t, dir, "user.go"))

	must(t, dir, "git", "checkout", "-q", "side")
	write(t, dir, "app/other.go", "package app // side\n")
	commit(t, dir, bob, bob, "another file")
	must(t, dir, "git", "checkout", "-q", "topic")
	merge(carol, "ort")
	write(t, dir, "app/user.go", "package app // slipped in\n")
	commit(t, dir, carol, carol, "merged, and more")
	require.Equal(t, []string{alice, bob, carol}, codeAuthors(t, dir, "user.go"))
}

// A clone that is cut off within the branch does not know all who wrote it.
func TestCodeAuthorsOfShallowClone(t *testing.T) {
	t.Parallel()
	dir := code(t)
	write(t, dir, "app/user.go", "package app // 1\n")
	commit(t, dir, alice, alice, "one")
	write(t, dir, "app/user.go", "package app // 2\n")
	commit(t, dir, bob, bob, "two")
	shallow := filepath.Join(t.TempDir(), "shallow")
	must(t, dir, "git", "clone", "-q", "--depth", "1", "--no-single-branch", "--branch", "topic", "file://"+dir, shallow)
	must(t, shallow, "git", "branch", "-q", "main", "origin/main")
	_, err := sign.CodeAuthors(t.Context(), filepath.Join(shallow, "app"), "main", []string{"user.go"})
	require.ErrorIs(t, err, sign.ErrNoHistory)
	require.ErrorContains(t, err, "fetch-depth: 0")
	must(t, shallow, "git", "fetch", "-q", "--unshallow")
	require.Equal(t, []string{alice, bob}, codeAuthors(t, shallow, "user.go"))
}
