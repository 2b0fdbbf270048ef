package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/cacheformat"
	gate "github.com/underpin-db/underpin/review/rules"
	"github.com/underpin-db/underpin/review/sign"
	"github.com/underpin-db/underpin/review/source"
)

// cacheChanges is what a pull request does to caches.
type cacheChanges struct {
	code *review.CodeChanges
	// list are the caches whose format changes.
	list []cacheformat.Transition
	// unread says which code could not be read, and may hide something.
	unread error
}

// readCacheChanges compares the Go code with a base. Where the format of a cache
// may change, that is all of the code: a cache can be declared in several folders,
// and people sign it as a whole.
func readCacheChanges(ctx context.Context, base string, caches []review.CacheConfig) (out cacheChanges, err error) {
	out.code, err = source.ReadCodeChanges(ctx, ".", base, source.ChangedFolders)
	if err != nil || out.code == nil {
		return out, err
	}
	if before, after, _ := cacheFormats(out.code, caches); cacheformat.Same(before, after) {
		return out, nil
	}
	if out.code, err = source.ReadCodeChanges(ctx, ".", base, source.AllFolders); err != nil {
		return out, err
	}
	before, after, unread := cacheFormats(out.code, caches)
	out.list, out.unread = cacheformat.Transitions(before, after), unread
	return out, nil
}

// cacheFormats reads the formats on both sides, as far as they can be.
func cacheFormats(code *review.CodeChanges, caches []review.CacheConfig) (before, after cacheformat.Formats, unread error) {
	before, errBefore := cacheformat.Read(code.Before, caches)
	after, errAfter := cacheformat.Read(code.After, caches)
	return before, after, cmp.Or(errAfter, errBefore)
}

// cachesSince is readCacheChanges for commands that are about signatures.
func (a *app) cachesSince(ctx context.Context, flags *pflag.FlagSet, base string) (cacheChanges, error) {
	s, err := a.reviewConfig(flags, gate.All())
	if err != nil {
		return cacheChanges{}, err
	}
	out, err := readCacheChanges(ctx, base, s.config.Caches)
	if errors.Is(err, source.ErrNoBase) {
		err = &usageError{err: err}
	}
	return out, err
}

// judgeCache holds the signatures of a cache against what becomes of its format.
func (a *app) judgeCache(ctx context.Context, policy sign.Policy, base string, t cacheformat.Transition) (sign.CacheReport, error) {
	keys, err := policy.ReadKeys()
	if err != nil {
		return sign.CacheReport{}, &usageError{err: err}
	}
	folder, c, err := a.cacheCase(ctx, base, t)
	if err != nil {
		return sign.CacheReport{}, err
	}
	list, err := folder.Read()
	if err != nil {
		return sign.CacheReport{}, err
	}
	return policy.JudgeCache(c, list, keys), nil
}

// cacheCase is what signatures of a cache are held against now, and their folder.
func (a *app) cacheCase(ctx context.Context, base string, t cacheformat.Transition) (folder sign.Folder, c sign.CacheCase, err error) {
	if folder, err = sign.CacheFolder(a.settings.Changes, t.Cache); err != nil {
		return folder, c, &refusedError{err: err, hint: "give it another name in its directives, or in underpin.yaml"}
	}
	c = sign.CacheCase{Cache: t.Cache, Before: t.Before, After: t.After, Now: time.Now()}
	c.Authors, err = sign.CodeAuthors(ctx, ".", base, t.Files)
	return folder, c, refusedIfUncommitted(err)
}

// signOffs returns what people have signed of the caches whose format changes; nil
// where no policy asks for it. What keeps signatures from being checked is said
// where they are missing: a review needs neither keys nor history.
func (a *app) signOffs(ctx context.Context, flags *pflag.FlagSet, base string, list []cacheformat.Transition) (map[string]review.SignOff, error) {
	if len(list) == 0 {
		return nil, nil
	}
	policy, ok, err := a.signPolicy(flags)
	if err != nil || !ok {
		return nil, err
	}
	out := map[string]review.SignOff{}
	for _, t := range list {
		r, err := a.judgeCache(ctx, policy, base, t)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		s := signOffOf(r)
		if err != nil {
			s.Missing = "they cannot be checked: " + err.Error()
		}
		if s.Missing != "" {
			s.Command = "underpin sign --cache " + t.Cache + " --base " + base
		}
		out[t.Cache] = s
	}
	return out, nil
}

// signOffOf is a report on signatures in words.
func signOffOf(r sign.CacheReport) review.SignOff {
	var out review.SignOff
	for _, n := range r.Needs {
		for _, h := range n.Have {
			by := fmt.Sprintf("%s as %s, until %s", h.Signer, h.Role, h.Until.Format(time.DateOnly))
			if !slices.Contains(out.By, by) {
				out.By = append(out.By, by)
			}
		}
	}
	if !r.Signed() {
		out.Missing = strings.Join(missingParts(r.Needs, r.Void), "; ")
	}
	return out
}

// signedCacheResult is the result of the sign command where it is about a cache.
type signedCacheResult struct {
	Statement sign.CacheStatement `json:"statement"`
	Written   string              `json:"written"`
	// Changes are what is signed.
	Changes []cacheDifference `json:"changes"`
	Report  sign.CacheReport  `json:"report"`
}

// cacheDifference is what becomes of the keys or the values of a cache.
type cacheDifference struct {
	Part cacheformat.Kind `json:"part"`
	File string           `json:"file"`
	Line int              `json:"line"`
	Gone []string         `json:"gone"`
	Come []string         `json:"come"`
}

// differencesOf returns the parts of a transition that differ.
func differencesOf(t cacheformat.Transition) []cacheDifference {
	out := []cacheDifference{}
	for _, c := range t.Changes {
		out = append(out, cacheDifference{c.Kind, c.Path, c.Line, append([]string{}, c.Gone...), append([]string{}, c.Come...)})
	}
	return out
}

// signCache signs what becomes of the format of a cache.
func (a *app) signCache(ctx context.Context, flags *pflag.FlagSet, o signOptions) error {
	policy, err := a.needPolicy(flags)
	if err != nil {
		return err
	}
	t, unread, err := a.transitionToSign(ctx, flags, o)
	if err != nil {
		return err
	}
	if o, err = completeSigner(ctx, policy, o); err != nil {
		return err
	}
	keys, err := policy.ReadKeys()
	if err != nil {
		return &usageError{err: err}
	}
	folder, c, err := a.cacheCase(ctx, o.base, t)
	if err != nil {
		return err
	}
	out := signedCacheResult{
		Statement: sign.CacheStatement{Cache: t.Cache, Before: t.Before, After: t.After, Claim: o.claim()}, Changes: differencesOf(t),
	}
	a.showDifferences(t.Cache, out.Changes, unread)
	armored, err := a.signature(ctx, keys, o, out.Statement, func(list []sign.Signature) []sign.Void { return policy.JudgeCache(c, list, keys).Void })
	if err != nil {
		return err
	}
	if out.Written, err = folder.Write(out.Statement, armored); err != nil {
		return err
	}
	list, err := folder.Read()
	if err != nil {
		return err
	}
	out.Report = policy.JudgeCache(c, list, keys)
	return a.emit(out, func(p *page) { p.signedCacheResult(out) })
}

// transitionToSign is what becomes of the cache that is named; unread says which
// code may hide more of it.
func (a *app) transitionToSign(ctx context.Context, flags *pflag.FlagSet, o signOptions) (t cacheformat.Transition, unread, err error) {
	switch {
	case o.base == "":
		return t, nil, usagef("--base is missing: say what the code is compared with, such as origin/main")
	case o.environment != "":
		return t, nil, usagef("--environment is for plans: a cache's format is signed for all of them")
	}
	found, err := a.cachesSince(ctx, flags, o.base)
	if err != nil {
		return t, nil, err
	}
	var names []string
	for _, t := range found.list {
		if t.Cache == o.cache {
			return t, found.unread, nil
		}
		names = append(names, t.Cache)
	}
	what := "that of none does"
	if len(names) > 0 {
		what = "that of these does: " + strings.Join(names, ", ")
	}
	if o.cache == "" {
		return t, nil, usagef("--cache is missing: name a cache whose format changes since %s; %s", o.base, what)
	}
	return t, nil, usagef("the format of cache %s does not change since %s; %s", o.cache, o.base, what)
}

// showDifferences shows a person what they are about to sign.
func (a *app) showDifferences(cache string, list []cacheDifference, unread error) {
	r := a.newReporter()
	defer r.close()
	for _, d := range list {
		r.say("%s of cache %s  %s", r.bold(partWords(d.Part)), cache, r.dim(fmt.Sprintf("%s:%d", d.File, d.Line)))
		for _, line := range d.Gone {
			r.say("  %s %s", r.bad("-"), line)
		}
		for _, line := range d.Come {
			r.say("  %s %s", r.good("+"), line)
		}
	}
	if unread != nil {
		r.say("%s there may be more, in code that cannot be read: %v", r.warn("!"), unread)
	}
}

// partWords names a part of a cache as people do.
func partWords(k cacheformat.Kind) string { return string(k) + "s" }

// signedCacheResult shows what was signed, and what is still missing.
func (p *page) signedCacheResult(r signedCacheResult) {
	s := r.Statement
	p.line("%s %s signed the format of cache %s as %s", p.good("✓"), s.Signer, p.bold(s.Cache), s.Role)
	p.table("  ", [][]string{
		{p.dim("from"), short(s.Before)},
		{p.dim("to"), short(s.After)},
		{p.dim("wrote"), r.Written},
	})
	p.gap()
	p.cacheReport(r.Report)
}

// cacheReport shows the signatures for another format of a cache.
func (p *page) cacheReport(r sign.CacheReport) {
	p.line("%s  cache, from format %s to %s", p.bold(r.Cache), short(r.Before), short(r.After))
	for _, n := range r.Needs {
		if n.Missing > 0 {
			p.line("  %s %s", p.bad("✗"), needWords(n))
		}
		for _, h := range n.Have {
			p.line("  %s %s as %s, until %s", p.good("✓"), h.Signer, h.Role, h.Until.Format(time.DateOnly))
		}
	}
	for _, v := range r.Void {
		p.line("  %s %s does not count: %s", p.warn("!"), filepath.Base(v.Path), v.Reason)
	}
	if r.Past > 0 {
		p.line("  %s", p.dim(count(r.Past, "signature")+" of earlier changes of the format beside them"))
	}
}
