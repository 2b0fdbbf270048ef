package querykiller

import (
	"strings"
	"time"
	"unicode"
)

// Tag is what the comments before a statement say about it, written as
// /* budget=5s,owner=checkout */. It comes from whoever wrote the statement, so
// a rule bounds what it may ask for.
type Tag map[string]string

// maxTagText is how many bytes of a statement are searched for its tag, and
// maxTagValue how long a key or value may be.
const (
	maxTagText  = 4 << 10
	maxTagValue = 128
)

// ParseTag reads the comments before the first keyword. A comment is a tag if
// all of it is key=value pairs with commas between them; a value is plain text
// without quotes, spaces at its ends do not count. Of a key that comes twice the
// first counts. The result is nil without a tag.
func ParseTag(text string) Tag {
	l := &lexer{text: text[:min(len(text), maxTagText)]}
	var tag Tag
	for {
		t, ok := l.next()
		if !ok || t.kind != tokenComment {
			return tag
		}
		body, ok := strings.CutPrefix(t.text, "/*")
		if !ok {
			continue
		}
		if body, ok = strings.CutSuffix(body, "*/"); !ok {
			continue
		}
		for k, v := range pairsOf(body) {
			if tag == nil {
				tag = Tag{}
			}
			if _, dup := tag[k]; !dup {
				tag[k] = v
			}
		}
	}
}

// pairsOf reads key=value pairs; anything else among them makes it no tag.
func pairsOf(body string) Tag {
	tag := Tag{}
	for pair := range strings.SplitSeq(body, ",") {
		k, v, ok := strings.Cut(pair, "=")
		k, v = strings.ToLower(strings.TrimSpace(k)), strings.TrimSpace(v)
		if !ok || !isTagText(k) || !isTagText(v) {
			return nil
		}
		if _, dup := tag[k]; !dup {
			tag[k] = v
		}
	}
	return tag
}

// isTagText says whether s can be a key or a value.
func isTagText(s string) bool {
	if s == "" || len(s) > maxTagValue || strings.ContainsAny(s, "'\"`\\=;") {
		return false
	}
	for _, c := range s {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return false
		}
	}
	return true
}

// Budget returns the budget the tag asks for; ok is false if it names none, or
// none that can be read.
func (t Tag) Budget() (d time.Duration, ok bool) {
	d, err := time.ParseDuration(t["budget"])
	return d, err == nil && d > 0
}
