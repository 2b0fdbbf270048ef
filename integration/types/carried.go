package types

// spatial is a column of a spatial type. The pairs are equal to ST_Equals, or
// have the same coordinates.
func spatial(name, ddl string, engine Engine, values []string, near ...Near) Column {
	c := Column{Name: name, DDL: ddl, Engine: engine, Near: near}
	for _, v := range values {
		c.Values = append(c.Values, "ST_GeomFromText('"+v+"')")
	}
	return c
}

var carried = []Column{
	spatial("geometry_g", "GEOMETRY", Both, []string{"POINT(1 2)", "LINESTRING(0 0,1 1)"},
		Near{System, "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 2)', 3857)"},
		Near{OneBit, "ST_GeomFromText('POINT(0.3 2)')", "ST_GeomFromText('POINT(0.30000000000000004 2)')"},
		Near{Type, "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('MULTIPOINT(1 2)')"},
		Near{Shape, "ST_GeomFromText('LINESTRING(0 0,2 2)')", "ST_GeomFromText('LINESTRING(0 0,1 1,2 2)')"}),
	spatial("point_p", "POINT", Both, []string{"POINT(1 2)", "POINT(-1e300 5e-324)"},
		Near{System, "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 2)', 3857)"}, Near{Sign, "ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(1 -2)')"}),
	spatial("linestring_l", "LINESTRING", Both, []string{"LINESTRING(0 0,1 1)"},
		Near{Shape, "ST_GeomFromText('LINESTRING(0 0,1 1)')", "ST_GeomFromText('LINESTRING(1 1,0 0)')"}),
	spatial("polygon_p", "POLYGON", Both, []string{"POLYGON((0 0,4 0,4 4,0 4,0 0))"},
		Near{Shape, "ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0))')", "ST_GeomFromText('POLYGON((4 0,4 4,0 4,0 0,4 0))')"}),
	spatial("multipoint_m", "MULTIPOINT", Both, []string{"MULTIPOINT(0 0,1 1)"},
		Near{Shape, "ST_GeomFromText('MULTIPOINT(0 0,1 1)')", "ST_GeomFromText('MULTIPOINT(1 1,0 0)')"}),
	spatial("multilinestring_m", "MULTILINESTRING", Both, []string{"MULTILINESTRING((0 0,1 1),(2 2,3 3))"},
		Near{Shape, "ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))')", "ST_GeomFromText('MULTILINESTRING((2 2,3 3),(0 0,1 1))')"}),
	spatial("multipolygon_m", "MULTIPOLYGON", Both, []string{"MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)))"},
		Near{OneBit, "ST_GeomFromText('MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)))')", "ST_GeomFromText('MULTIPOLYGON(((0 0,4 0,4 4.000000000000001,0 4,0 0)))')"}),
	spatial("collection_g", "GEOMETRYCOLLECTION", Both, []string{"GEOMETRYCOLLECTION(POINT(1 2))", "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))"},
		Near{System, "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))', 3857)"}),
	{
		Name: "vector_v", DDL: "VECTOR(3)", Engine: MySQL, Shown: "HEX({v})",
		Values: []string{"TO_VECTOR('[1,2,3]')", "TO_VECTOR('[0,0,0]')", "TO_VECTOR('[1.2e-38,-3.4e38,0.1]')"},
		Near: []Near{
			{ZeroSign, "TO_VECTOR('[0,0,0]')", "TO_VECTOR('[0,0,-0.0]')"}, {OneBit, "TO_VECTOR('[1,2,0.1]')", "TO_VECTOR('[1,2,0.10000001]')"},
			{Shape, "TO_VECTOR('[1,2]')", "TO_VECTOR('[1,2,0]')"},
		},
	},
}
