package types

// Refusal is a type that no mapping takes.
type Refusal struct {
	Name, DDL string
	Engine    Engine
	DataType  string // information_schema's
	Says      string // part of the planner's reason
	Reason    string // for the documentation
}

const spatial = "values of different SRID and of the same shape written differently have to be told apart"

// Refusals are the types that the planner refuses.
var Refusals = []Refusal{
	{"float_f", "FLOAT", Both, "float", "float does not compare exactly", "its text has six digits and its value more, so what is read back is not what is stored; DOUBLE and DECIMAL are mapped"},
	{"bit_1", "BIT", Both, "bit", "bit", notYet},
	{"bit_64", "BIT(64)", Both, "bit", "bit", notYet},
	{"enum_e", "ENUM('b','a')", Both, "enum", "enum", "two columns may give the same ordinal to different members; " + notYet},
	{"set_s", "SET('b','a')", Both, "set", "set", "two columns may give the same bit to different members; " + notYet},
	{"geometry_g", "GEOMETRY", Both, "geometry", "geometry", spatial},
	{"point_p", "POINT", Both, "point", "point", spatial},
	{"linestring_l", "LINESTRING", Both, "linestring", "linestring", spatial},
	{"polygon_p", "POLYGON", Both, "polygon", "polygon", spatial},
	{"multipoint_m", "MULTIPOINT", Both, "multipoint", "multipoint", spatial},
	{"multilinestring_m", "MULTILINESTRING", Both, "multilinestring", "multilinestring", spatial},
	{"multipolygon_m", "MULTIPOLYGON", Both, "multipolygon", "multipolygon", spatial},
	{"collection_m", "GEOMETRYCOLLECTION", MySQL, "geomcollection", "geomcollection", spatial},
	{"collection_d", "GEOMETRYCOLLECTION", MariaDB, "geometrycollection", "geometrycollection", spatial},
	{"vector_v", "VECTOR(3)", MySQL, "vector", "vector", "its elements are floats; " + notYet},
	{"uuid_u", "UUID", MariaDB, "uuid", "uuid", notYet},
	{"inet4_i", "INET4", MariaDB, "inet4", "inet4", notYet},
	{"inet6_i", "INET6", MariaDB, "inet6", "inet6", notYet},
}

const notYet = "no comparison of it is proved yet"
