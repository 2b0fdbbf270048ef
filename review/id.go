package review

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// identify gives each finding its name: what rule it is of, in which file, about
// what, and in which statement, whose blanks and comments do not count. Two that
// agree in all of it are numbered. So a finding keeps its name when lines above
// it come and go.
func identify(findings []Finding, seen map[string]int) {
	for i := range findings {
		f := &findings[i]
		key := strings.Join([]string{string(f.Code), f.Path, fold(f.Object), plainText(f.SQL)}, "\x00")
		seen[key]++
		if n := seen[key]; n > 1 {
			key += "\x00" + strconv.Itoa(n)
		}
		sum := sha256.Sum256([]byte(key))
		f.ID = string(f.Code) + "-" + hex.EncodeToString(sum[:6])
	}
}

// plainText returns a statement's words, a blank between each two.
func plainText(sql string) string {
	var b strings.Builder
	for _, t := range lex(sql) {
		b.WriteString(sql[t.from:t.to])
		b.WriteByte(' ')
	}
	return b.String()
}
