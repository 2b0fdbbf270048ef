package ddl

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Sizes, in bytes, at which the storage of a column changes.
const (
	oneLengthByte = 255 // a varchar up to this length needs one byte to hold it
	shortBytes    = 127 // up to this one MariaDB lets it grow past oneLengthByte instantly
	smallEnum     = 255 // an enum up to this many members takes one byte
)

// wide is how many bytes a character takes at most, where that is not one.
var wide = map[string]int{
	"utf8mb4": 4, "utf8mb3": 3, "ucs2": 2, "utf16": 4, "utf16le": 4, "utf32": 4, "gb18030": 4, "gbk": 2, "gb2312": 2,
	"big5": 2, "sjis": 2, "cp932": 2, "euckr": 2, "ujis": 3, "eucjpms": 3,
}

// octets returns how many bytes a value of a varchar or the like may take.
func octets(c Column) int {
	_, args, _ := splitType(c.Type)
	if len(args) != 1 {
		return 0
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return 0
	}
	return n * max(1, wide[c.Charset])
}

// splitType takes varchar(20) or decimal(10,2) unsigned apart. The members of
// an enum keep their quotes.
func splitType(text string) (base string, args []string, rest string) {
	base, inside, found := strings.Cut(text, "(")
	if !found {
		base, rest, _ = strings.Cut(text, " ")
		return base, nil, rest
	}
	end := strings.LastIndexByte(inside, ')')
	if end < 0 {
		return text, nil, ""
	}
	rest = strings.TrimSpace(inside[end+1:])
	l := &lexer{text: inside[:end]}
	for {
		more, fault := l.next()
		if fault != nil || !more {
			break
		}
	}
	for _, t := range l.tokens {
		if t.word != "," {
			args = append(args, inside[t.from:t.to])
		}
	}
	return base, args, rest
}

// integers are the types whose number in parentheses is only for display.
var integers = []string{"tinyint", "smallint", "mediumint", "int", "bigint", "year"}

// typeKind compares the types of a column and its new definition.
func typeKind(from, to Column) (kind Kind, changed bool) {
	base, args, rest := splitType(from.Type)
	toBase, toArgs, toRest := splitType(to.Type)
	if base != toBase || rest != toRest {
		return ChangeType, true
	}
	switch {
	case slices.Contains(integers, base) && !strings.Contains(rest, "zerofill"):
		return "", false
	case base == "varchar" || base == "varbinary":
		return textLength(from, to)
	case slices.Equal(args, toArgs):
		return "", false
	case base == "enum" || base == "set":
		if len(toArgs) < len(args) || !slices.Equal(args, toArgs[:len(args)]) {
			return EditEnum, true
		}
		if members(base, len(args)) != members(base, len(toArgs)) {
			return ChangeType, true
		}
		return AppendEnum, true
	}
	return ChangeType, true
}

// textLength compares the lengths of two varchars.
func textLength(from, to Column) (kind Kind, changed bool) {
	old, wanted := octets(from), octets(to)
	oldChars, chars := old/max(1, wide[from.Charset]), wanted/max(1, wide[to.Charset])
	switch {
	case chars < oldChars, old > oneLengthByte && wanted <= oneLengthByte:
		return ChangeType, true
	case old <= oneLengthByte && wanted > oneLengthByte:
		return WidenTextOver, true
	}
	return WidenText, chars > oldChars
}

// members returns how many bytes so many members of an enum or set take.
func members(base string, n int) int {
	switch {
	case base == "enum" && n <= smallEnum:
		return 1
	case base == "enum":
		return 2
	case n > 32:
		return 8
	}
	return (n + 7) / 8
}

// textKinds compares the character sets and collations of a column and its new
// definition.
func textKinds(from, to Column) []Kind {
	switch {
	case from.Charset == "" || to.Charset == "":
		return nil
	case from.Charset == to.Charset && from.Collation == to.Collation:
		return nil
	case from.Charset == to.Charset:
		return []Kind{ChangeCollation}
	case from.Charset == "utf8mb3" && to.Charset == "utf8mb4":
		return []Kind{WidenCharset}
	}
	return []Kind{ChangeCharset}
}

// isText reports whether values of a type have a character set.
func isText(typeName string) bool {
	base, _, _ := splitType(typeName)
	return slices.Contains([]string{"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}, base)
}

// normalCharset and normalCollation give the one name of what has two.
func normalCharset(name string) string {
	if name = strings.ToLower(name); name == "utf8" {
		return "utf8mb3"
	}
	return name
}

func normalCollation(name string) string {
	name = strings.ToLower(name)
	if rest, found := strings.CutPrefix(name, "utf8_"); found {
		return "utf8mb3_" + rest
	}
	return name
}

// normalType writes a type of the server as the parser would; a type that the
// parser does not know is left as it is.
func normalType(p *parser.Parser, text string) string {
	text = strings.ToLower(text[:enumStart(text)]) + text[enumStart(text):]
	nodes, _, err := p.ParseSQL("ALTER TABLE t ADD c " + text)
	if err != nil || len(nodes) != 1 {
		return text
	}
	alter, ok := nodes[0].(*ast.AlterTableStmt)
	if !ok || len(alter.Specs) != 1 || len(alter.Specs[0].NewColumns) != 1 {
		return text
	}
	return typeText(alter.Specs[0].NewColumns[0].Tp)
}

// enumStart returns where the members of an enum begin, whose case counts.
func enumStart(text string) int {
	if i := strings.IndexByte(text, '\''); i >= 0 {
		return i
	}
	return len(text)
}

// plainExpression makes two spellings of an expression comparable.
func plainExpression(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	for strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") && balanced(text[1:len(text)-1]) {
		text = text[1 : len(text)-1]
	}
	return text
}

// balanced reports whether no parenthesis is closed before it is opened.
func balanced(text string) bool {
	depth := 0
	for _, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0
}
