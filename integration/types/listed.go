package types

// Members that a collation takes for equal stand in lists of a collation that
// does not.
const (
	listCI  = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
	listBin = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
)

var listed = []Column{
	{
		Name: "enum_e", DDL: "ENUM('b','a','')" + listCI, Values: []string{"'b'", "'a'", "''"},
		Near: []Near{{Member, "'b'", "'a'"}, {NullEmpty, "NULL", "''"}, {Member, "'a'", "''"}},
	},
	{
		Name: "enum_bin", DDL: "ENUM('new','New','né','ne','it''s','a,b','\\\\')" + listBin,
		Values: []string{"'new'", "'New'", "'né'", "'ne'", "'it''s'", "'a,b'", "X'5c'"},
		Near:   []Near{{Case, "'new'", "'New'"}, {Accent, "'né'", "'ne'"}, {Member, "'it''s'", "'a,b'"}},
	},
	{
		Name: "enum_latin1", DDL: "ENUM('ä','ö') CHARACTER SET latin1", Values: []string{"'ä'", "'ö'"},
		Near: []Near{{Member, "'ä'", "'ö'"}},
	},
	{
		// Members that look like the numbers of others.
		Name: "enum_digits", DDL: "ENUM('2','1','0')" + listCI, Values: []string{"'2'", "'1'", "'0'"},
		Near: []Near{{Member, "'2'", "'1'"}, {NullZero, "NULL", "'0'"}},
	},
	{
		Name: "set_s", DDL: "SET('b','a','it''s')" + listCI, Values: []string{"'b'", "'a'", "''", "'b,a'", "'b,a,it''s'"},
		Near: []Near{{Member, "'b'", "'a'"}, {Member, "'b,a'", "'b'"}, {NullEmpty, "NULL", "''"}, {OneBit, "1", "3"}},
	},
	{
		Name: "set_bin", DDL: "SET('x','X','ü','u')" + listBin, Values: []string{"'x'", "'x,X'", "'ü,u'", "'x,X,ü,u'"},
		Near: []Near{{Case, "'x'", "'X'"}, {Accent, "'ü'", "'u'"}, {Member, "''", "'x'"}},
	},
	{
		Name: "set_64", DDL: "SET(" + sixtyFour + ")" + listCI, Values: []string{"18446744073709551615", "'m64'", "'m1,m64'", "''"},
		Near: []Near{{OneBit, "18446744073709551615", "9223372036854775807"}, {Member, "'m63'", "'m64'"}},
	},
}

// sixtyFour is as many members as a SET can have.
const sixtyFour = "'m1','m2','m3','m4','m5','m6','m7','m8','m9','m10','m11','m12','m13','m14','m15','m16'," +
	"'m17','m18','m19','m20','m21','m22','m23','m24','m25','m26','m27','m28','m29','m30','m31','m32'," +
	"'m33','m34','m35','m36','m37','m38','m39','m40','m41','m42','m43','m44','m45','m46','m47','m48'," +
	"'m49','m50','m51','m52','m53','m54','m55','m56','m57','m58','m59','m60','m61','m62','m63','m64'"
