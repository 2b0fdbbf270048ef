package ddl

import (
	"slices"
	"strings"
)

// mark is a piece of syntax that the parser does not know, and that is
// understood here.
type mark struct {
	clause int    // of the ALTER TABLE, from 0
	column string // in whose definition it stands, in lower case; may be empty
	kind   markKind
	word   string
}

type markKind string

const (
	markVisibility markKind = "visibility" // INVISIBLE, VISIBLE
	markType       markKind = "type"       // a type that the parser does not know
	markStored     markKind = "stored"     // PERSISTENT
	markSpatial    markKind = "spatial"    // ADD SPATIAL INDEX
	markIgnored    markKind = "ignored"    // ALTER INDEX … [NOT] IGNORED
)

// unknownTypes are the types that the parser does not know, by the server that does.
var unknownTypes = []string{
	"GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON",
	"GEOMETRYCOLLECTION", "GEOMCOLLECTION", "UUID", "INET4", "INET6",
}

// standIns returns the text as the parser gets it, in which words that it does
// not know are replaced or blanked, and what they were.
func standIns(pc *piece) (string, []mark) {
	var marks []mark
	text := pc.text
	clause := 0
	for _, t := range pc.tokens {
		if t.word == "," && t.depth == 0 {
			clause++
		}
	}
	// From the last to the first, so that offsets stay right.
	for i, t := range slices.Backward(pc.tokens) {
		if t.word == "," && t.depth == 0 {
			clause--
		}
		kind, with := standIn(pc, i)
		if kind == "" {
			continue
		}
		m := mark{clause: clause, kind: kind, word: t.word}
		switch kind {
		case markType:
			m.column = strings.ToLower(name(pc.text, pc.tokens[i-1]))
		case markVisibility:
			m.column = strings.ToLower(definedColumn(pc, i))
		}
		with += strings.Repeat(" ", max(0, t.to-t.from-len(with)))
		text = text[:t.from] + with + text[t.to:]
		marks = append(marks, m)
	}
	return text, marks
}

// standIn returns what the token at i is, if the parser does not know it, and
// what it gets instead.
func standIn(pc *piece, i int) (kind markKind, with string) {
	t := pc.tokens[i]
	if t.kind != tokenWord || i == 0 {
		return "", ""
	}
	before := pc.tokens[i-1].word
	switch {
	case slices.Contains(unknownTypes, t.word) && isDefinition(pc.tokens, i-1):
		return markType, "JSON"
	case t.word == "INVISIBLE" || t.word == "VISIBLE":
		if before == "SET" {
			return markVisibility, "DEFAULT 0"
		}
		if definedColumn(pc, i) != "" {
			return markVisibility, ""
		}
	case t.word == "PERSISTENT" && before == ")":
		return markStored, "STORED"
	case t.word == "SPATIAL" && before != "CREATE":
		return markSpatial, ""
	case t.word == "IGNORED" && (isAlteredIndex(pc, i-1) || before == "NOT" && isAlteredIndex(pc, i-2)):
		return markIgnored, "VISIBLE"
	case t.word == "NOT" && i+1 < len(pc.tokens) && pc.tokens[i+1].word == "IGNORED" && isAlteredIndex(pc, i-1):
		return markIgnored, ""
	}
	return "", ""
}

// isAlteredIndex reports whether the token at i is the name in ALTER INDEX name.
func isAlteredIndex(pc *piece, i int) bool {
	return i > 1 && pc.tokens[i-1].word == "INDEX" && pc.tokens[i-2].word == "ALTER"
}

// isDefinition reports whether the token at i is the name of a column whose
// definition begins there.
func isDefinition(tokens []token, i int) bool {
	if i < 1 || tokens[i].kind == tokenSymbol {
		return false
	}
	if tokens[i].kind == tokenWord && slices.Contains([]string{"ADD", "MODIFY", "CHANGE", "COLUMN"}, tokens[i].word) {
		return false
	}
	switch tokens[i-1].word {
	case "ADD", "MODIFY", "COLUMN":
		return true
	case "EXISTS":
		return i > 2 && slices.Contains([]string{"ADD", "MODIFY", "COLUMN", "NOT"}, tokens[i-3].word)
	case "(", ",":
		return tokens[i].depth == 1
	}
	for back := 2; back <= 3 && back <= i; back++ {
		if tokens[i-back].word == "CHANGE" {
			return true
		}
	}
	return false
}

// definedColumn returns the name of the column in whose definition the token
// at i stands: the nearest before it that begins one; empty where something
// else than a column is defined there.
func definedColumn(pc *piece, i int) string {
	depth := pc.tokens[i].depth
	if pc.tokens[i-1].word == "SET" && i > 1 {
		return name(pc.text, pc.tokens[i-2])
	}
	for j := i - 2; j > 0; j-- {
		t := pc.tokens[j]
		if t.depth < depth || t.depth == depth && t.word == "," {
			return ""
		}
		if t.depth != depth || !isDefinition(pc.tokens, j) {
			continue
		}
		if t.kind == tokenWord && slices.Contains([]string{"INDEX", "KEY", "UNIQUE", "FULLTEXT", "CONSTRAINT", "PRIMARY", "SPATIAL"}, t.word) {
			return ""
		}
		return name(pc.text, t)
	}
	return ""
}

// name returns the name that a token is, without its quotes.
func name(text string, t token) string {
	word := text[t.from:t.to]
	if t.kind == tokenQuoted && word[0] == '`' {
		return strings.ReplaceAll(word[1:len(word)-1], "``", "`")
	}
	return word
}
