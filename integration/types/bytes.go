package types

// What strings of bytes may differ by.
var byteNear = []Near{
	{NullEmpty, "NULL", "X''"}, {ZeroByte, "X'00'", "X''"}, {ZeroByte, "X'0100'", "X'01'"}, {Space, "'a'", "'a '"}, {Case, "'a'", "'A'"},
	{OneBit, "X'FE'", "X'FF'"}, {LastByte, "X'C3A4'", "X'C3A5'"},
}

var byteValues = []string{"X'0001FF00'", "X''", "X'00'", "X'0000'", "'a'", "'A '", "X'FF'", "X'C3'", "X'F09F9880'"}

var bytes = []Column{
	{Name: "binary_0", DDL: "BINARY(0)", Values: []string{"''"}, Near: []Near{{NullEmpty, "NULL", "''"}}},
	{Name: "binary_1", DDL: "BINARY", Values: []string{"X'00'", "X'FF'", "'a'"}, Near: []Near{{OneBit, "X'00'", "X'01'"}, {NullEmpty, "NULL", "X''"}, {Case, "'a'", "'A'"}}},
	{
		Name: "binary_4", DDL: "BINARY(4)", Values: []string{"X'01000000'", "X'00000000'", "'a'", "'A'", "X'FFFFFFFF'"},
		Near: []Near{{OneBit, "X'01020304'", "X'01020305'"}, {NullEmpty, "NULL", "X''"}, {Space, "'a'", "'a '"}, {Case, "'a'", "'A'"}, {ZeroByte, "X'01000000'", "X'00010000'"}},
	},
	{
		Name: "binary_16", DDL: "BINARY(16)", Values: []string{"X'00112233445566778899AABBCCDDEE00'", "X''", "X'FF'"},
		Near: []Near{{OneBit, "X'00112233445566778899AABBCCDDEE00'", "X'00112233445566778899AABBCCDDEE01'"}, {OneBit, "X'80'", "X'00'"}},
	},
	{Name: "char_binary", DDL: "CHAR(4) CHARACTER SET binary", Values: []string{"'a'", "X'FF00'"}, Near: []Near{{Case, "'a'", "'A'"}, {Space, "'a'", "'a '"}}},
	{Name: "varbinary_10", DDL: "VARBINARY(10)", Values: byteValues, Near: byteNear},
	{Name: "tinyblob", DDL: "TINYBLOB", Values: byteValues, Near: byteNear},
	{Name: "blob_b", DDL: "BLOB", Values: byteValues, Near: byteNear},
	{Name: "mediumblob", DDL: "MEDIUMBLOB", Values: byteValues, Near: byteNear},
	{Name: "longblob", DDL: "LONGBLOB", Values: byteValues, Near: byteNear},
	{Name: "text_binary", DDL: "TEXT CHARACTER SET binary", Values: byteValues, Near: byteNear},
}

// Large is a type and its longest value's length, as SQL; of the longer ones it
// is what one packet takes.
type Large struct{ DDL, Length string }

// LargeColumns are the types that are tried at their full length.
var LargeColumns = []Large{
	{"TINYTEXT", "255"},
	{"TEXT", "65535"},
	{"MEDIUMTEXT", "LEAST(16777215, @@max_allowed_packet - 1024)"},
	{"LONGTEXT", "@@max_allowed_packet - 1024"},
	{"TINYBLOB", "255"},
	{"BLOB", "65535"},
	{"MEDIUMBLOB", "LEAST(16777215, @@max_allowed_packet - 1024)"},
	{"LONGBLOB", "@@max_allowed_packet - 1024"},
	{"VARCHAR(60000) CHARACTER SET latin1", "60000"},
	{"VARBINARY(60000)", "60000"},
}
