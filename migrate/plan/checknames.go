package plan

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf8"
)

// checkNames refuses names with letters beyond Unicode's Basic Multilingual
// Plane. The servers keep names in three bytes a letter at most, and MySQL stores
// a question mark in the place of such a letter instead of refusing it.
func (b *builder) checkNames() {
	texts := slices.Concat(b.file.Alter, b.file.Expand, b.file.Contract, b.file.Source.Key, b.file.Target.Key,
		assigned(b.file.Forward), assigned(b.file.Backward))
	for _, at := range append(texts, b.file.Source.Table, b.file.Target.Table) {
		if letter, found := beyondBMP(at.Text); found {
			b.refuse(CodeDDLForbidden, oneLine(at.Text), at.Position,
				fmt.Sprintf("a name in it has the letter %q (U+%X), which the server does not keep in names", letter, letter), "choose another name")
		}
	}
}

// beyondBMP returns the first letter outside strings that does not fit into
// three bytes of UTF-8.
func beyondBMP(text string) (rune, bool) {
	var names []byte
	eachByte(text, func(quote, ch byte) {
		if quote == 0 || quote == '`' {
			names = append(names, ch)
		}
	})
	i := bytes.IndexFunc(names, func(r rune) bool { return r > 0xFFFF })
	if i < 0 {
		return 0, false
	}
	letter, _ := utf8.DecodeRune(names[i:])
	return letter, true
}
