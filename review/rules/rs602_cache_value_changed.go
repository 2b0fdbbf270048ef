package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/cacheformat"
)

func cacheValueChanged() review.Rule {
	return review.Rule{
		Code: "RS602", Name: "cache-value-changed", Category: review.Cache, Severity: review.Error,
		Summary: "cached values come to look otherwise under the same keys: releases side by side read what the other wrote",
		Check:   checkCacheValueChanged,
	}
}

func checkCacheValueChanged(p *review.Pass) {
	changes := cacheChanges(p)
	for _, c := range changes {
		if c.Kind != cacheformat.Value || moved(changes, c.Cache) { // under new keys nobody reads the other's
			continue
		}
		f := cacheFinding(c)
		f.Message = fmt.Sprintf("values of cache %s change (%s) and their keys do not: the release that runs now reads what the one that comes has written, and the other way round, until the last value has expired",
			c.Cache, difference(c))
		f.Advice = "put a version into the key, and delete both keys at every write while both releases run; or release code that reads both formats first"
		if len(c.Gone) == 0 {
			f.Severity = review.Warning
			f.Message = fmt.Sprintf("values of cache %s get more fields (%s): one that the release of today has written lacks them, and the release of today drops them from what it writes back", c.Cache, difference(c))
		}
		p.ReportPath(c.Path, f)
	}
}
