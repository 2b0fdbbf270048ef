// Package sign has people sign plans, and changes of a cache's format of which no
// plan knows, and tells which of them are signed by those who have to.
//
// # What is signed
//
// A [Statement] is a small text in one canonical form: the change, the hash of
// its plan, the digest of its change file, the environment, the server's
// flavour and version, the size class of the table, the role, the signer and
// the time. It is signed with an SSH key in [Namespace], and kept beside the
// change file with its signature; see [Folder]. So a signature that is copied to
// another change, plan, environment, or size class says what it was given for,
// and is void there. The formats are OpenSSH's: SSHSIG (PROTOCOL.sshsig),
// allowed_signers (ssh-keygen(1)) and revocation lists (PROTOCOL.krl), and tests
// hold each against ssh-keygen.
//
// A [CacheStatement] is the same for a cache whose format changes in code: the
// cache, the digests of the format before and after, the role, the signer and the
// time, signed in [CacheNamespace]. One that is copied to another cache, or held
// against another pair of formats or the opposite one, is void.
//
// # What counts
//
// [Policy.Judge], and [Policy.JudgeCache] by the same steps, take nothing for
// granted: a signature counts if its statement is canonical and about this very
// case, its time has come and not passed, the signer is in the role now, the key
// is one that allowed_signers gives the signer now, is not revoked and, if it is
// a security key, was touched. Keys are judged by today's files, so a key that
// is taken out takes its signatures with it.
//
// Whoever last touched the change file does not count: author, committer and
// co-authors of the last commit that did; of a cache's format, those of all
// commits of the branch that touched a file which declares it. Their addresses,
// as git has them, are held against principals, which therefore are addresses
// too, and against the other addresses that the policy lists under people. An
// address that neither is known as somebody's nor matches authors voids every
// signature, for it could be the signer's own. Git addresses are claims: a
// repository that does not check them (signed commits, or a host that vouches
// for the address) relies on its people here.
//
// # What it cannot do
//
// Policy and keys are files. Whoever can change them on the branch, or on the
// machine that applies, can approve everything: protect them as docs/signoff.md
// says. The time of signing is the signer's claim, within the future's bound;
// it shortens a signature's life, and proves nothing.
package sign
