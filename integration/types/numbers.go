package types

// integer is what the integer types have in common: the bounds, and pairs
// beside them.
func integer(name, ddl, low, high, belowHigh string) Column {
	c := Column{
		Name: name, DDL: ddl,
		Values: []string{"1", "0", low, high, belowHigh, "42", "100"},
		Near:   []Near{{NullZero, "NULL", "0"}, {OneBit, "6", "7"}, {LastDigit, high, belowHigh}, {Other, low, high}},
	}
	if low != "0" {
		c.Values = append(c.Values, "-1")
		c.Near = append(c.Near, Near{Sign, "5", "-5"})
	}
	return c
}

var numbers = []Column{
	integer("tinyint_s", "TINYINT", "-128", "127", "126"),
	integer("tinyint_u", "TINYINT UNSIGNED", "0", "255", "254"),
	integer("smallint_s", "SMALLINT", "-32768", "32767", "32766"),
	integer("smallint_u", "SMALLINT UNSIGNED", "0", "65535", "65534"),
	integer("mediumint_s", "MEDIUMINT", "-8388608", "8388607", "8388606"),
	integer("mediumint_u", "MEDIUMINT UNSIGNED", "0", "16777215", "16777214"),
	integer("int_s", "INT", "-2147483648", "2147483647", "2147483646"),
	integer("int_u", "INT UNSIGNED", "0", "4294967295", "4294967294"),
	integer("bigint_s", "BIGINT", "-9223372036854775808", "9223372036854775807", "9223372036854775806"),
	integer("bigint_u", "BIGINT UNSIGNED", "0", "18446744073709551615", "18446744073709551614"),
	integer("int_zerofill", "INT(6) UNSIGNED ZEROFILL", "0", "4294967295", "4294967294"),
	{
		Name: "bool", DDL: "BOOL", Values: []string{"TRUE", "FALSE", "2", "-1"},
		Near: []Near{{OneBit, "TRUE", "FALSE"}, {NullZero, "NULL", "FALSE"}, {Other, "1", "2"}},
	},
	{
		Name: "decimal_5_0", DDL: "DECIMAL(5)", Values: []string{"99999", "-99999", "0"},
		Near: []Near{{LastDigit, "99999", "99998"}, {Sign, "1", "-1"}, {NullZero, "NULL", "0"}},
	},
	{
		Name: "decimal_10_2u", DDL: "DECIMAL(10,2) UNSIGNED", Values: []string{"99999999.99", "0.01", "0"},
		Near: []Near{{LastDigit, "0.01", "0.02"}, {LastDigit, "99999999.99", "99999999.98"}, {NullZero, "NULL", "0"}},
	},
	{
		Name: "decimal_30_10", DDL: "DECIMAL(30,10)", Values: []string{"12345678901234567890.1234567890", "-0.0000000001", "0"},
		Near: []Near{{LastDigit, "12345678901234567890.1234567890", "12345678901234567890.1234567891"}, {Sign, "0.0000000001", "-0.0000000001"}},
	},
	{
		Name: "decimal_65_30", DDL: "DECIMAL(65,30)",
		Values: []string{"99999999999999999999999999999999999.999999999999999999999999999999", "-99999999999999999999999999999999999.999999999999999999999999999999", "0"},
		Near:   []Near{{LastDigit, "99999999999999999999999999999999999.999999999999999999999999999999", "99999999999999999999999999999999999.999999999999999999999999999998"}, {Sign, "1e-30", "-1e-30"}},
	},
	{
		Name: "double_p", DDL: "DOUBLE",
		Values: []string{"0.1", "0e0", "5e-324", "-5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "-1.7976931348623157e308", "0.30000000000000004", "9007199254740993e0", "1e0/3e0"},
		Near: []Near{
			{OneBit, "0.1", "0.1 + 2e-17"}, {OneBit, "5e-324", "1e-323"}, {OneBit, "1.7976931348623157e308", "1.7976931348623155e308"},
			{OneBit, "0.3", "0.30000000000000004"}, {Sign, "5e-324", "-5e-324"}, {NullZero, "NULL", "0e0"}, {Other, "0e0", "5e-324"},
			{OneBit, "2.2250738585072014e-308", "2.225073858507201e-308"},
		},
	},
	{
		// MariaDB stores 0 for it: see Exemptions.
		Name: "double_zero", DDL: "DOUBLE", Engine: MySQL, Values: []string{"0e0", "-0e0", "1"},
		Near: []Near{{ZeroSign, "0e0", "-0e0"}, {ZeroSign, "'0'", "'-0'"}, {NullZero, "NULL", "-0e0"}},
	},
	{
		Name: "double_10_2", DDL: "DOUBLE(10,2)", Values: []string{"1.25", "-99999999.99", "0"},
		Near: []Near{{LastDigit, "1.25", "1.26"}, {Sign, "1", "-1"}},
	},
	{
		Name: "real_p", DDL: "REAL", Values: []string{"-1e0", "3.14"}, Near: []Near{{OneBit, "0.1", "0.1 + 2e-17"}},
	},
	{
		Name: "float_f", DDL: "FLOAT", Shown: "CAST({v} AS DOUBLE)",
		Values: []string{"0.1", "0e0", "1.4e-45", "-1.4e-45", "1.1754943508222875e-38", "3.4028234e38", "-3.4028234e38", "16777217e0", "1e0/3e0"},
		Near: []Near{
			{OneBit, "0.1", "0.1 + 8e-9"}, {OneBit, "1.4e-45", "2.8e-45"}, {OneBit, "3.4028234e38", "3.4028232e38"}, {OneBit, "16777216e0", "16777218e0"},
			{Sign, "1.4e-45", "-1.4e-45"}, {NullZero, "NULL", "0e0"}, {Other, "0e0", "1.4e-45"}, {LastDigit, "123456.7e0", "123456.8e0"},
		},
	},
	{
		// MariaDB stores 0 for it: see Exemptions.
		Name: "float_zero", DDL: "FLOAT", Engine: MySQL, Shown: "CAST({v} AS DOUBLE)", Values: []string{"0e0", "-0e0", "1"},
		Near: []Near{{ZeroSign, "0e0", "-0e0"}, {NullZero, "NULL", "-0e0"}},
	},
	{
		Name: "float_7_3", DDL: "FLOAT(7,3)", Shown: "CAST({v} AS DOUBLE)", Values: []string{"1234.567", "-0.001", "0"},
		Near: []Near{{LastDigit, "1.234", "1.235"}, {Sign, "1", "-1"}},
	},
	{
		Name: "bit_1", DDL: "BIT", Values: []string{"b'1'", "b'0'"},
		Near: []Near{{OneBit, "0", "1"}, {NullZero, "NULL", "0"}},
	},
	{
		Name: "bit_5", DDL: "BIT(5)", Values: []string{"b'10101'", "b'0'", "b'11111'"},
		Near: []Near{{OneBit, "b'10101'", "b'10100'"}, {NullZero, "NULL", "0"}},
	},
	{
		Name: "bit_64", DDL: "BIT(64)", Values: []string{"18446744073709551615", "0", "9223372036854775808", "X'4142'", "49"},
		Near: []Near{{OneBit, "18446744073709551615", "18446744073709551614"}, {OneBit, "9223372036854775807", "9223372036854775808"}, {Case, "'A'", "'a'"}, {NullZero, "NULL", "0"}},
	},
}
