package types

// Key is a key that rows are named by, with values of it: the columns as DDL,
// and rows as SQL.
type Key struct {
	Name    string
	Columns []string
	Engine  Engine
	Rows    []string
	// Equal, if given, is two ways to write the first row that its collation
	// calls equal and that are different data.
	Equal [2]string
}

const (
	keyCI    = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
	keyBin   = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	keyNoPad = " CHARACTER SET utf8mb4 COLLATE "
)

// Keys are the key types that are mapped. The order of the values is never that
// of their bytes alone.
var Keys = []Key{
	{Name: "tinyint", Columns: []string{"TINYINT"}, Rows: []string{"-128", "-1", "0", "1", "127"}},
	{Name: "smallint", Columns: []string{"SMALLINT UNSIGNED"}, Rows: []string{"0", "1", "65535"}},
	{Name: "mediumint", Columns: []string{"MEDIUMINT"}, Rows: []string{"-8388608", "0", "8388607"}},
	{Name: "int", Columns: []string{"INT"}, Rows: []string{"-2147483648", "-1", "0", "2147483647"}},
	{Name: "zerofill", Columns: []string{"INT(6) UNSIGNED ZEROFILL"}, Rows: []string{"0", "7", "4294967295"}},
	{Name: "bigint", Columns: []string{"BIGINT"}, Rows: []string{"-9223372036854775808", "-9223372036854775807", "-1", "0", "1", "9223372036854775806", "9223372036854775807"}},
	{Name: "bigint_unsigned", Columns: []string{"BIGINT UNSIGNED"}, Rows: []string{
		"0", "1", "9223372036854775807", "9223372036854775808", "9223372036854775809", "18446744073709551614", "18446744073709551615",
	}},
	{Name: "decimal", Columns: []string{"DECIMAL(30,10)"}, Rows: []string{
		"-12345678901234567890.1234567891", "-12345678901234567890.1234567890", "-0.0000000001", "0", "0.0000000001", "12345678901234567890.1234567890", "12345678901234567890.1234567891",
	}},
	{Name: "decimal_65", Columns: []string{"DECIMAL(65,30)"}, Rows: []string{"-1e-30", "1e-30", "99999999999999999999999999999999999.999999999999999999999999999999", "99999999999999999999999999999999999.999999999999999999999999999998"}},
	{Name: "date", Columns: []string{"DATE"}, Rows: []string{"'1000-01-01'", "'2024-02-29'", "'9999-12-31'"}},
	{Name: "datetime_6", Columns: []string{"DATETIME(6)"}, Rows: []string{"'1000-01-01'", "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'9999-12-31 23:59:59.999999'"}},
	{Name: "time_6", Columns: []string{"TIME(6)"}, Rows: []string{"'-838:59:59'", "'-00:00:00.000001'", "'00:00:00'", "'00:00:00.000001'", "'25:00:00'", "'838:59:59'"}},
	{Name: "year", Columns: []string{"YEAR"}, Rows: []string{"0", "1901", "1999", "2155"}},

	{Name: "char_ci", Columns: []string{"CHAR(10)" + keyCI}, Equal: [2]string{"'a'", "'Á'"}, Rows: []string{"'a'", "''", "'a\\tb'", "'B'", "'c'", "'ß'", "'zz'", "'ж'", "'😀'"}},
	{Name: "varchar_ci", Columns: []string{"VARCHAR(10)" + keyCI}, Equal: [2]string{"'a'", "'A '"}, Rows: []string{"'a'", "''", "'a\\t'", "'B'", "'c'", "'ß'", "'zz'", "'ж'"}},
	{Name: "varchar_bin", Columns: []string{"VARCHAR(10)" + keyBin}, Equal: [2]string{"'a'", "'a '"}, Rows: []string{"'a'", "'A'", "'á'", "'a\\t'", "''", "'Z'", "'ß'", "'ss'", "'😀'", "'ｱ'"}},
	{Name: "varchar_0900", Columns: []string{"VARCHAR(10)" + keyNoPad + "utf8mb4_0900_ai_ci"}, Engine: MySQL, Equal: [2]string{"'a'", "'Á'"}, Rows: []string{"'a'", "'a '", "'a  '", "''", "' '", "'B'", "'ß'", "'ж'"}},
	{Name: "varchar_0900_bin", Columns: []string{"VARCHAR(10)" + keyNoPad + "utf8mb4_0900_bin"}, Engine: MySQL, Rows: []string{"'a'", "'a '", "'A'", "''", "' '", "'á'", "'😀'"}},
	{Name: "varchar_nopad", Columns: []string{"VARCHAR(10)" + keyNoPad + "utf8mb4_general_nopad_ci"}, Engine: MariaDB, Equal: [2]string{"'a'", "'Á'"}, Rows: []string{"'a'", "'a '", "'a  '", "''", "' '", "'B'", "'ж'"}},
	{Name: "varchar_uca", Columns: []string{"VARCHAR(10)" + keyNoPad + "uca1400_ai_ci"}, Engine: MariaDB, Equal: [2]string{"'a'", "'Á'"}, Rows: []string{"'a'", "''", "'B'", "'ж'", "'😀'"}},
	{Name: "varchar_latin1", Columns: []string{"VARCHAR(10) CHARACTER SET latin1"}, Equal: [2]string{"'e'", "'E'"}, Rows: []string{"'e'", "'a'", "'ÿ'", "'ß'", "'€'", "'z'", "''"}},
	{Name: "varchar_mb3", Columns: []string{"VARCHAR(10) CHARACTER SET utf8mb3"}, Equal: [2]string{"'e'", "'É'"}, Rows: []string{"'e'", "'ж'", "'日本'", "''"}},
	{Name: "varchar_ucs2", Columns: []string{"VARCHAR(10) CHARACTER SET ucs2"}, Equal: [2]string{"'e'", "'E '"}, Rows: []string{"'e'", "'ж'", "'日本'", "'a\\t'", "''"}},
	{Name: "varchar_gbk", Columns: []string{"VARCHAR(10) CHARACTER SET gbk"}, Equal: [2]string{"'e'", "'E'"}, Rows: []string{"'e'", "'日本'", "'中'", "''"}},

	{Name: "uuid", Columns: []string{"UUID"}, Engine: MariaDB, Rows: []string{
		"'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426614174000'", "'223e4567-e89b-12d2-a456-426614174000'", "'123e4567-e89b-42d3-a456-426614174000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
	}},
	{Name: "inet4", Columns: []string{"INET4"}, Engine: MariaDB, Rows: []string{"'0.0.0.0'", "'9.0.0.1'", "'10.0.0.1'", "'255.255.255.255'"}},
	{Name: "inet6", Columns: []string{"INET6"}, Engine: MariaDB, Rows: []string{"'::'", "'::1'", "'::9.0.0.1'", "'::ffff:10.0.0.1'", "'2001:db8::1'", "'ffff::'"}},

	{Name: "binary", Columns: []string{"BINARY(4)"}, Rows: []string{"X'00'", "X'01'", "X'0100FF'", "'a'", "'A'", "X'FFFFFFFF'", "X'C3'"}},
	{Name: "varbinary", Columns: []string{"VARBINARY(8)"}, Rows: []string{"X''", "X'00'", "X'0000'", "X'01'", "X'0100'", "'0xab'", "X'AB'", "'a'", "'a '", "'A'", "X'FF'"}},
	{Name: "composite", Columns: []string{"INT UNSIGNED", "VARCHAR(10)" + keyCI, "DATETIME(6)", "DECIMAL(30,10)", "VARBINARY(4)"}, Rows: []string{
		"1, 'a', '2024-01-01', 1, X''", "1, 'a', '2024-01-01', 1, X'00'", "1, 'a', '2024-01-01', 12345678901234567890.1234567891, X''",
		"1, 'a', '2024-01-01', 12345678901234567890.1234567890, X''", "1, 'a', '2024-01-01 00:00:00.000001', -1, X''", "1, 'B', '2024-01-01', 1, X''",
		"0, 'z', '1000-01-01', 0, X'FF'", "4294967295, '', '9999-12-31', 0, X'FF'", "1, 'a\\t', '2024-01-01', 1, X''",
	}},
	{Name: "reversed", Columns: []string{"BIGINT UNSIGNED", "BIGINT"}, Rows: []string{"18446744073709551615, -9223372036854775808", "18446744073709551615, 9223372036854775807", "0, 0", "0, -1", "9223372036854775808, 0"}},
}

// KeyRefusals are the types of keys that the planner refuses although some of
// them are mapped as columns.
var KeyRefusals = []Refusal{
	{Name: "float", DDL: "FLOAT", DataType: "float", Reason: "equality is not its to give"},
	{Name: "double", DDL: "DOUBLE", DataType: "double", Reason: "equality is not its to give"},
	{Name: "bit", DDL: "BIT(64)", DataType: "bit", Reason: "it travels as bytes and is compared as a number"},
	{Name: "enum", DDL: "ENUM('b','a')", DataType: "enum", Reason: "sorted by ordinal and compared by text, so a range of it is not what it seems"},
	{Name: "set", DDL: "SET('b','a')", DataType: "set", Reason: "sorted by ordinal and compared by text, so a range of it is not what it seems"},
}
