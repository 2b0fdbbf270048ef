package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/cacheformat"
)

func cacheKeyChanged() review.Rule {
	return review.Rule{
		Code: "RS601", Name: "cache-key-changed", Category: review.Cache, Severity: review.Error,
		Summary: "the keys of a cache come to look otherwise: releases side by side no longer share it",
		Check:   checkCacheKeyChanged,
	}
}

func checkCacheKeyChanged(p *review.Pass) {
	changes := cacheChanges(p)
	for _, c := range changes {
		if c.Kind != cacheformat.Key {
			continue
		}
		f := cacheFinding(c)
		f.Message = fmt.Sprintf("keys of cache %s change (%s): the release that runs now and the one that comes each read, write and delete keys of their own, so what one invalidates the other still serves",
			c.Cache, difference(c))
		f.Advice = "have a release delete both keys at every write before one reads the new key; take the old one out when no release uses it"
		if moved(changes, c.Cache) { // with the value: the safe way to change that
			f.Severity = review.Warning
		}
		p.ReportPath(c.Path, f)
	}
}

// cacheChanges returns what the pull request changes in the caches that the code
// declares.
func cacheChanges(p *review.Pass) []cacheformat.Change {
	code := p.CodeChanges()
	if code == nil {
		if !declaresCache(p) {
			return nil
		}
		p.NotChecked("whether the format of cached keys and values changes: there is no base to compare with, give --base")
		return nil
	}
	before, err := cacheformat.Read(code.Before, p.Config.Caches)
	if err != nil {
		p.NotChecked("whether the format of cached keys and values changes: as it was, %v", err)
	}
	after, err := cacheformat.Read(code.After, p.Config.Caches)
	if err != nil {
		p.NotChecked("whether the format of cached keys and values changes: as it is, %v", err)
	}
	return cacheformat.Compare(before, after)
}

// declaresCache reports whether anything says that there is a cache.
func declaresCache(p *review.Pass) bool {
	return len(p.Config.Caches) > 0 || p.Code != nil && slices.ContainsFunc(p.Code.Literals, func(l gosource.Literal) bool {
		return l.Kind == gosource.Directive && strings.HasPrefix(l.Value, cacheformat.Directive)
	})
}

// cacheFinding is a finding about a declaration in the code.
func cacheFinding(c cacheformat.Change) review.Finding {
	at := review.Position{Line: c.Line, Column: c.Column}
	if c.Forgotten == cacheformat.NoMore {
		at = review.Position{Line: 1, Column: 1}
	}
	return review.Finding{Object: c.Cache, Span: review.Span{Start: at, End: at}}
}

// moved reports whether the keys and the values of a cache change together.
func moved(changes []cacheformat.Change, cache string) bool {
	kinds := map[cacheformat.Kind]bool{}
	for _, c := range changes {
		if c.Cache == cache && c.Forgotten == cacheformat.Declared {
			kinds[c.Kind] = true
		}
	}
	return len(kinds) == 2
}

// difference says what differs, shortened.
func difference(c cacheformat.Change) string {
	if c.Forgotten == cacheformat.NoMore {
		return "the code no longer says what they look like"
	}
	var out []string
	for _, line := range c.Gone {
		out = append(out, "- "+shortened(line))
	}
	for _, line := range c.Come {
		out = append(out, "+ "+shortened(line))
	}
	const most = 4
	if more := len(out) - most; more > 0 {
		out = append(out[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}
