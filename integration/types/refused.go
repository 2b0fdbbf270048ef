package types

// Refusal is a type of which something is refused.
type Refusal struct {
	Name, DDL string
	Engine    Engine
	DataType  string // information_schema's
	Reason    string // for the documentation
}

// Misuse is a mapping of a column of a type that cannot be exact, and is refused
// by name.
type Misuse struct {
	// From and To are the types of the two columns; Value is what the mapping
	// assigns, over column v.
	From, To, Value string
	Engine          Engine
	Says            string // part of the planner's reason
	Reason          string // for the documentation
}

const (
	onlyCarried = "what storing it would leave there is not known, so it is carried between columns of the same type alone"
	otherOrder  = "the server writes the members of a SET in the order of its definition"
)

// Misuses are mappings that the planner refuses.
var Misuses = []Misuse{
	{From: "POINT", To: "GEOMETRY", Value: "v", Says: "columns of the same type", Reason: onlyCarried},
	{From: "POINT", To: "VARCHAR(100)", Value: "CONCAT(v)", Says: "no expression made of it", Reason: onlyCarried},
	{From: "BLOB", To: "POINT", Value: "CONCAT(v)", Says: "can only be carried", Reason: onlyCarried},
	{From: "VECTOR(3)", To: "VECTOR(4)", Value: "v", Engine: MySQL, Says: "columns of the same type", Reason: onlyCarried},
	{From: "SET('a','b')", To: "SET('b','a')", Value: "v", Says: "in another order", Reason: otherOrder},
}
