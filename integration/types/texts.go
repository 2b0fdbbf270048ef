package types

import (
	"slices"
	"strings"
)

// charset is a charset and collation with values in which collations find
// equals.
type charset struct {
	name, set, collation string
	engine               Engine
	near                 []Near
}

// What texts of every charset may differ by; CHAR does not keep the spaces.
var (
	ascii  = []Near{{Case, "'a'", "'A'"}, {NullEmpty, "NULL", "''"}, {LastByte, "'value 1'", "'value 2'"}, {Leading, "'a'", "' a'"}, {Other, "''", "'0'"}, {LastByte, "'a'", "'a\\0'"}}
	spaces = []Near{{Space, "'a'", "'a '"}, {Space, "''", "' '"}, {Space, "'a '", "'a  '"}}
	latin  = []Near{{Accent, "'e'", "'é'"}, {Equivalent, "'ß'", "'ss'"}, {Case, "'ä'", "'Ä'"}, {Accent, "'Muller'", "'Müller'"}}
	bmp    = []Near{{Equivalent, "'é'", "'e\u0301'"}, {Equivalent, "'1'", "'１'"}, {Equivalent, "'か'", "'カ'"}, {Accent, "'は'", "'ば'"}, {Equivalent, "'a'", "'a\u200b'"}}
	astral = []Near{{LastByte, "'😀'", "'😁'"}, {Equivalent, "'𝐀'", "'A'"}}
	kanji  = []Near{{Equivalent, "'か'", "'カ'"}, {LastByte, "'日本'", "'日木'"}}
)

var charsets = []charset{
	{"mb4_gen", "utf8mb4", "utf8mb4_general_ci", Both, slices.Concat(latin, bmp, astral)},
	{"mb4_uni", "utf8mb4", "utf8mb4_unicode_ci", Both, slices.Concat(latin, bmp, astral)},
	{"mb4_bin", "utf8mb4", "utf8mb4_bin", Both, slices.Concat(latin, bmp, astral)},
	{"mb4_0900", "utf8mb4", "utf8mb4_0900_ai_ci", MySQL, slices.Concat(latin, bmp, astral)},
	{"mb4_0900as", "utf8mb4", "utf8mb4_0900_as_cs", MySQL, slices.Concat(latin, bmp, astral)},
	{"mb4_0900bin", "utf8mb4", "utf8mb4_0900_bin", MySQL, slices.Concat(latin, bmp, astral)},
	{"mb4_nopad", "utf8mb4", "utf8mb4_general_nopad_ci", MariaDB, slices.Concat(latin, bmp, astral)},
	{"mb4_uca", "utf8mb4", "utf8mb4_uca1400_ai_ci", MariaDB, slices.Concat(latin, bmp, astral)},
	{"mb3", "utf8mb3", "utf8mb3_general_ci", Both, slices.Concat(latin, bmp)},
	{"latin1", "latin1", "latin1_swedish_ci", Both, slices.Concat(latin, []Near{{Other, "X'81'", "X'8D'"}, {Other, "'€'", "'ÿ'"}})},
	{"latin1_cs", "latin1", "latin1_general_cs", Both, latin},
	{"ascii", "ascii", "ascii_general_ci", Both, nil},
	{"ucs2", "ucs2", "ucs2_general_ci", Both, slices.Concat(latin, bmp)},
	{"utf16", "utf16", "utf16_general_ci", Both, slices.Concat(latin, bmp, astral)},
	{"utf32", "utf32", "utf32_general_ci", Both, slices.Concat(latin, bmp, astral)},
	{"gbk", "gbk", "gbk_chinese_ci", Both, kanji},
	{"sjis", "sjis", "sjis_japanese_ci", Both, kanji},
}

// texts is CHAR, VARCHAR and TEXT in every charset, and the other lengths once.
func texts() []Column {
	var out []Column
	add := func(name, ddl string, engine Engine, near []Near) {
		c := Column{Name: name, DDL: ddl, Engine: engine, Near: near}
		for _, n := range near {
			for _, v := range []string{n.B, n.A} {
				if v != "NULL" && !slices.Contains(c.Values, v) {
					c.Values = append(c.Values, v)
				}
			}
		}
		out = append(out, c)
	}
	for _, s := range charsets {
		in := " CHARACTER SET " + s.set + " COLLATE " + s.collation
		add("char_"+s.name, "CHAR(10)"+in, s.engine, slices.Concat(ascii, s.near))
		add("varchar_"+s.name, "VARCHAR(10)"+in, s.engine, slices.Concat(ascii, spaces, s.near))
		add("text_"+s.name, "TEXT"+in, s.engine, slices.Concat(ascii, spaces, s.near))
	}
	const ci = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
	for _, name := range []string{"TINYTEXT", "MEDIUMTEXT", "LONGTEXT"} {
		add(strings.ToLower(name), name+ci, Both, slices.Concat(ascii, spaces, latin, bmp, astral))
	}
	add("char_0", "CHAR(0)"+ci, Both, []Near{{NullEmpty, "NULL", "''"}})
	add("varchar_0", "VARCHAR(0)"+ci, Both, []Near{{NullEmpty, "NULL", "''"}})
	return out
}
