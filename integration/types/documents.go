package types

var documents = []Column{
	{
		Name: "json_j", DDL: "JSON", Engine: MySQL,
		Values: []string{
			`'{"a": 1}'`, `'{"a": 1.0}'`, `'[]'`, `'{}'`, `'null'`, `'""'`, `'0'`, `'-0.0'`, `'true'`, `'"😀"'`, `'[18446744073709551615]'`, `'[-9223372036854775808]'`,
			`'[1.7976931348623157e308, 5e-324]'`, "CONCAT(REPEAT('[', 99), REPEAT(']', 99))", "JSON_ARRAY(1.50)", "JSON_ARRAY(CAST('2024-01-01' AS DATETIME))",
		},
		Near: []Near{
			{NumberForm, `'{"a": 1}'`, `'{"a": 1.0}'`}, {NumberForm, `'[-0.0]'`, `'[0.0]'`}, {NumberForm, `'[0]'`, `'[0.0]'`}, {NumberForm, "JSON_ARRAY(1.5)", "JSON_ARRAY(1.50)"},
			{OneBit, `'[0.1]'`, `'[0.10000000000000002]'`}, {OneBit, `'[1e308]'`, `'[1.0000000000000002e308]'`}, {LastDigit, `'[18446744073709551615]'`, `'[18446744073709551614]'`},
			{Type, `'{"a": 1}'`, `'{"a": "1"}'`}, {Type, `'[true]'`, `'[1]'`}, {Type, `'["null"]'`, `'[null]'`}, {Type, `'{}'`, `'[]'`},
			{Type, "JSON_ARRAY(CAST('2024-01-01' AS DATETIME))", `'["2024-01-01 00:00:00.000000"]'`},
			{Type, "JSON_ARRAY(CAST('2024-01-01' AS DATE))", `'["2024-01-01"]'`},
			{NullEmpty, "NULL", `'null'`}, {NullEmpty, "NULL", `'""'`}, {Case, `'{"a": 1}'`, `'{"A": 1}'`}, {Space, `'["a"]'`, `'["a "]'`}, {Accent, `'["e"]'`, `'["é"]'`},
			{Other, `'[1, 2]'`, `'[2, 1]'`},
		},
	},
	{
		// Text with a check, so whatever the text shows is data.
		Name: "json_t", DDL: "JSON", Engine: MariaDB,
		Values: []string{`'{"a": 1}'`, `'{"a":1}'`, `'{"a": 1.0}'`, `'[]'`, `'null'`, `'""'`, `'{"a":1,"a":2}'`, `'{"b":1,"a":2}'`, "CONCAT(REPEAT('[', 31), REPEAT(']', 31))"},
		Near: []Near{
			{NumberForm, `'{"a": 1}'`, `'{"a": 1.0}'`}, {NumberForm, `'[-0.0]'`, `'[0.0]'`}, {NumberForm, `'[1e1]'`, `'[10]'`}, {Equivalent, `'["a"]'`, `'["\\u0061"]'`},
			{Other, `'{"a":1,"b":2}'`, `'{"b":2,"a":1}'`}, {Other, `'{"a":1,"a":2}'`, `'{"a":2}'`}, {Space, `'[]'`, `'[] '`}, {Leading, `'[1,2]'`, `'[1, 2]'`},
			{Type, `'{"a": 1}'`, `'{"a": "1"}'`}, {NullEmpty, "NULL", `'null'`}, {Case, `'{"a": 1}'`, `'{"A": 1}'`},
		},
	},
}
