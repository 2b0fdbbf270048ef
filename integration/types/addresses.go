package types

// addresses are the types that MariaDB has for what others keep in bytes.
var addresses = []Column{
	{
		Name: "uuid_u", DDL: "UUID", Engine: MariaDB,
		Values: []string{"'123e4567-e89b-12d3-a456-426614174000'", "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'123E4567E89B42D3A456426614174000'"},
		Near: []Near{
			{OneBit, "'123e4567-e89b-12d3-a456-426614174000'", "'123e4567-e89b-12d3-a456-426614174001'"},
			{OneBit, "'123e4567-e89b-12d3-a456-426614174000'", "'123e4567-e89b-42d3-a456-426614174000'"},
			{NullZero, "NULL", "'00000000-0000-0000-0000-000000000000'"},
		},
	},
	{
		Name: "inet4_i", DDL: "INET4", Engine: MariaDB, Values: []string{"'192.0.2.1'", "'0.0.0.0'", "'255.255.255.255'"},
		Near: []Near{{OneBit, "'192.0.2.1'", "'192.0.2.0'"}, {NullZero, "NULL", "'0.0.0.0'"}},
	},
	{
		Name: "inet6_i", DDL: "INET6", Engine: MariaDB, Values: []string{"'2001:db8::1'", "'::'", "'::ffff:192.0.2.1'", "'::192.0.2.1'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'"},
		Near: []Near{{OneBit, "'2001:db8::1'", "'2001:db8::'"}, {Type, "'::ffff:192.0.2.1'", "'::192.0.2.1'"}, {NullZero, "NULL", "'::'"}},
	},
}
