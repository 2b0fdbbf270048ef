package sign

import (
	"fmt"
	"time"
)

// CacheCase is what signatures are held against where the format of a cache
// changes in code.
type CacheCase struct {
	// Cache, Before and After are as in [CacheStatement].
	Cache, Before, After string
	// Authors are the addresses of those who wrote the change.
	Authors []string
	Now     time.Time
}

// CacheReport says what of a change of a cache's format is signed and what is
// missing.
type CacheReport struct {
	Cache  string       `json:"cache"`
	Before string       `json:"before"`
	After  string       `json:"after"`
	Needs  []NeedReport `json:"needs"`
	// Void are the signatures that count for nothing, each with its reason.
	Void []Void `json:"void"`
	// Past is how many signatures are of other changes of this format, which are
	// over: they count for nothing, and are no mistakes.
	Past int `json:"past,omitempty"`
}

// Signed reports whether nothing is missing.
func (r CacheReport) Signed() bool { return met(r.Needs) }

// JudgeCache holds signatures against a change of a cache's format. Whatever
// cannot be told makes a signature void: nothing counts by default.
func (p Policy) JudgeCache(c CacheCase, list []Signature, keys Keys) CacheReport {
	out := CacheReport{Cache: c.Cache, Before: c.Before, After: c.After}
	j := judge{
		Policy: p, Keys: keys, now: c.Now, namespace: CacheNamespace, about: c.about,
		authors: c.Authors, wrote: "has a commit in this change of the format",
	}
	good, void, past := j.all(list)
	out.Void, out.Past = void, past
	for _, n := range p.needsOfCache(c.Cache) {
		out.Needs = append(out.Needs, j.need(n, good))
	}
	return out
}

// about reads a statement and checks that it is about this case. One that is about
// two other formats is aside: that change was merged, or given up.
func (c CacheCase) about(text []byte) (Claim, error) {
	st, err := ParseCacheStatement(text)
	if err != nil {
		return Claim{}, err
	}
	from, to := st.Before == c.Before, st.After == c.After
	switch {
	case st.Cache != c.Cache:
		return st.Claim, fmt.Errorf("it was given for the cache %s, and this is %s", st.Cache, c.Cache)
	case from && to:
		return st.Claim, nil
	case st.Before == c.After && st.After == c.Before:
		return st.Claim, fmt.Errorf("it was given for the opposite direction, to the format %s that was left", short(st.After))
	case from:
		return st.Claim, fmt.Errorf("it was given for a change to the format %s, and the code comes to %s", short(st.After), short(c.After))
	case to:
		return st.Claim, fmt.Errorf("it was given for a change from the format %s, and the base has %s", short(st.Before), short(c.Before))
	}
	return st.Claim, errAside
}

// short is as much of a digest as people compare.
func short(digest string) string { return digest[:min(len(digest), 12)] }
