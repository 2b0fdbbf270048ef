package types

// Exemption is two ways to write what is one value for every observer of SQL:
// no difference, and none that a verification may report.
type Exemption struct {
	DDL    string
	Engine Engine
	A, B   string // as SQL
	Reason string
}

// Exemptions are tested to be invisible: everything that SQL can say of the two
// is the same.
var Exemptions = []Exemption{
	{"JSON", MySQL, `'{"a": 1, "b": 2}'`, `'{"b": 2, "a": 1}'`, "the server sorts the keys of an object when it stores it"},
	{"JSON", MySQL, `'{"a": 1, "a": 2}'`, `'{"a": 2}'`, "the server keeps the last of equal keys"},
	{"JSON", MySQL, `'[1,2]'`, `'[ 1, 2 ]'`, "the server keeps no white space"},
	{"JSON", MySQL, `'["a"]'`, `'["\\u0061"]'`, "the server keeps the letter and not how it was written"},
	{"JSON", MySQL, `'[1.0]'`, `'[1.00]'`, "both are the same double"},
	{"JSON", MySQL, `'[123456789012345678901234567890]'`, `'[123456789012345678901234567891]'`, "a number of more than 64 bits is stored as a double, and both are the same one"},
	{"CHAR(5)", Both, "'a'", "'a  '", "CHAR keeps no trailing spaces"},
	{"BINARY(4)", Both, "X'01'", "X'01000000'", "BINARY(n) is filled up with zero bytes"},
	{"DOUBLE", Both, "'1.0'", "'1e0'", "both are the same double"},
	{"DOUBLE", MariaDB, "0e0", "-0e0", "MariaDB stores zero without a sign"},
	{"DOUBLE", Both, "0.1", "0.1000000000000000055511151231257827", "both are the same double"},
	{"FLOAT", Both, "0.1", "0.1000000014901161", "both are the same float"},
	{"FLOAT", MariaDB, "0e0", "-0e0", "MariaDB stores zero without a sign"},
	{"ENUM('b','a')", Both, "'B'", "1", "a member is found by the column's collation, or by its number"},
	{"SET('b','a')", Both, "'a,b'", "'b,a,a'", "members are kept in the order of the definition, each once"},
	{"BIT(5)", Both, "b'1'", "X'01'", "both are the number 1"},
	{"UUID", MariaDB, "'123E4567E89B12D3A456426614174000'", "'123e4567-e89b-12d3-a456-426614174000'", "both are the same bytes"},
	{"DECIMAL(10,2)", Both, "1", "1.00", "the column has the number of digits"},
	{"DECIMAL(10,2)", Both, "0.00", "-0.00", "a decimal zero has no sign"},
	{"BOOL", Both, "TRUE", "1", "BOOL is TINYINT(1)"},
	{"INT(6) UNSIGNED ZEROFILL", Both, "7", "'000007'", "the zeros are the column's"},
	{"YEAR", Both, "99", "1999", "two digits are the year of that century"},
	{"TIME", Both, "'24:00:00'", "'1 00:00:00'", "both are the same time"},
	{"DATE", Both, "'2024-02-09'", "'20240209'", "both are the same date"},
}

// Limit is two values that are told apart by a function of the server alone and
// read as the same: what the verification does not see, said openly.
type Limit struct {
	DDL    string
	Engine Engine
	A, B   string // as SQL
	Tell   string // a function of {v} that tells them apart
	Reason string
}

// Limits are tested to be as they say.
var Limits = []Limit{
	{
		"JSON", MySQL, "JSON_ARRAY(1.5)", `'[1.5]'`, "JSON_TYPE(JSON_EXTRACT({v}, '$[0]'))",
		"a DECIMAL and a DOUBLE inside a document, of equal value and with the same text; only JSON_TYPE names them differently",
	},
	{
		"JSON", MySQL, "JSON_ARRAY(CAST(5 AS UNSIGNED))", `'[5]'`, "JSON_TYPE(JSON_EXTRACT({v}, '$[0]'))",
		"an UNSIGNED INTEGER and an INTEGER inside a document, of equal value and with the same text; only JSON_TYPE names them differently",
	},
}
